//! Finds the blocks of a template, `{{ }}` and `{% %}`, without compiling it.

/// One `{{ … }}` or `{% … %}`.
pub(super) struct Block<'a> {
    open: &'static str,
    /// What stands between the marks.
    pub(super) inside: &'a str,
    closed: bool,
}

impl<'a> Block<'a> {
    /// The first word of a statement and what follows it; empty for an expression.
    pub(super) fn statement(&self) -> (&'a str, &'a str) {
        if self.open != "{%" {
            return ("", "");
        }
        let inside = self.inside.trim_start_matches(['-', '+']).trim_start();
        let end = inside
            .find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(inside.len());
        inside.split_at(end)
    }

    /// The names that a `set`, `for` or `with` gives values to.
    pub(super) fn assigned(&self) -> Vec<&'a str> {
        let (word, rest) = self.statement();
        match word {
            "set" => names_in(rest.split('=').next().unwrap_or_default()),
            "for" => rest
                .split([',', '(', ')', ' ', '\n', '\t', '\r'])
                .filter(|word| !word.is_empty())
                .take_while(|word| *word != "in")
                .collect(),
            "with" => assigned_by_with(rest),
            _ => Vec::new(),
        }
    }

    /// Whether it is a loop that may call itself.
    pub(super) fn is_recursive_loop(&self) -> bool {
        let (word, rest) = self.statement();
        let rest = rest.trim_end_matches(['-', '+']).trim_end();
        word == "for" && rest.ends_with("recursive")
    }
}

/// The names before a `=` that stands in no brackets, which would be an argument's.
fn assigned_by_with(rest: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut depth = 0_usize;
    let mut begin = 0;
    for (at, c) in rest.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => begin = at + 1,
            '=' if depth == 0 => names.push(rest[begin..at].trim()),
            _ => {}
        }
    }
    names
}

fn names_in(targets: &str) -> Vec<&str> {
    targets
        .split([',', '(', ')'])
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .collect()
}

/// Whether there is nothing but literal text in it.
pub(super) fn is_literal(source: &str) -> bool {
    !["{{", "{%", "{#"].iter().any(|open| source.contains(open))
}

/// The expression of a text that is exactly one `{{ expression }}`.
pub(super) fn whole_expression(source: &str) -> Option<&str> {
    let mut blocks = Blocks::of(source);
    let first = blocks.next()?;
    let whole =
        first.open == "{{" && source.starts_with("{{") && blocks.rest.is_empty() && first.closed;
    let inside = first.inside;
    let inside = inside.strip_prefix(['-', '+']).unwrap_or(inside);
    let inside = inside.strip_suffix(['-', '+']).unwrap_or(inside);
    whole.then(|| inside.trim())
}

/// Walks over the blocks of a template.
pub(super) struct Blocks<'a> {
    rest: &'a str,
}

impl<'a> Blocks<'a> {
    pub(super) fn of(source: &'a str) -> Self {
        Self { rest: source }
    }
}

impl<'a> Iterator for Blocks<'a> {
    type Item = Block<'a>;

    fn next(&mut self) -> Option<Block<'a>> {
        loop {
            let (at, open) = first_opening(self.rest)?;
            let after = &self.rest[at + 2..];
            let length = match open {
                "{#" => after.find("#}"),
                "{%" => end_of_block(after, "%}"),
                _ => end_of_block(after, "}}"),
            };
            let inside = &after[..length.unwrap_or(after.len())];
            self.rest = length.map_or("", |length| &after[length + 2..]);
            let block = Block {
                open,
                inside,
                closed: length.is_some(),
            };
            if block.statement().0 == "raw" {
                self.rest = after_raw(self.rest);
            }
            // A comment that is not closed is given, too, since what follows it was not looked at.
            if open != "{#" || length.is_none() {
                return Some(block);
            }
        }
    }
}

/// The first `{{`, `{%` or `{#`.
fn first_opening(text: &str) -> Option<(usize, &'static str)> {
    let braces = text.match_indices('{');
    let mut openings = braces.filter_map(|(at, _)| match text.as_bytes().get(at + 1) {
        Some(b'{') => Some((at, "{{")),
        Some(b'%') => Some((at, "{%")),
        Some(b'#') => Some((at, "{#")),
        _ => None,
    });
    openings.next()
}

/// What follows the `{% endraw %}`: nothing before it is a block.
fn after_raw(text: &str) -> &str {
    for (at, _) in text.match_indices("{%") {
        let inside = text[at + 2..].trim_start_matches(['-', '+']).trim_start();
        if inside.starts_with("endraw") {
            let closed = inside.find("%}");
            return closed.map_or("", |end| &inside[end + 2..]);
        }
    }
    ""
}

/// Where a block ends: at its closing mark, outside strings and nested braces.
fn end_of_block(text: &str, close: &str) -> Option<usize> {
    let mut quote = None;
    let mut depth = 0_usize;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        if let Some(open) = quote {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                _ if c == open => quote = None,
                _ => {}
            }
            continue;
        }
        if depth == 0 && text[at..].starts_with(close) {
            return Some(at);
        }
        match c {
            '"' | '\'' => quote = Some(c),
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_expression_is_one_block_and_nothing_else() {
        assert_eq!(whole_expression("{{ a.b }}"), Some("a.b"));
        assert_eq!(
            whole_expression("{{ {'a': {'b': 1}} }}"),
            Some("{'a': {'b': 1}}")
        );
        assert_eq!(whole_expression("{{ '}}' }}"), Some("'}}'"));
        for no in [
            "",
            "a",
            " {{ a }}",
            "{{ a }} ",
            "{{ a }}{{ b }}",
            "{{ a",
            "{% if a %}{% endif %}",
        ] {
            assert_eq!(whole_expression(no), None, "{no:?}");
        }
    }

    #[test]
    fn raw_text_hides_nothing_that_follows_it() {
        let inside = |source| {
            Blocks::of(source)
                .map(|block| block.inside.trim())
                .collect::<Vec<_>>()
        };
        assert_eq!(inside("{% raw %}{#{% endraw %}{{ a }}"), ["raw", "a"]);
        assert_eq!(
            inside("{%- raw -%}{{ '{%- endraw %}{{ b }}"),
            ["- raw -", "b"]
        );
        assert_eq!(inside("{# {{ a }} #}{{ b }}"), ["b"]);
        assert_eq!(inside("{# open {{ a }}"), ["open {{ a }}"]);
    }

    #[test]
    fn assigned_names_are_found() {
        let assigned = |source| {
            Blocks::of(source)
                .flat_map(|block| block.assigned())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            assigned(
                "{% set a = 1 %}{%- for k, v\nin m|items %}{% with b=f(x, y=1), c = 2 %}{{ d }}"
            ),
            ["a", "k", "v", "b", "c"]
        );
        assert_eq!(
            assigned("{% set (a, b) = x %}{% set c %}{% if d == 1 %}"),
            ["a", "b", "c"]
        );
    }
}
