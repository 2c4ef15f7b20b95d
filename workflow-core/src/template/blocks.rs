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
            "for" => names_in(rest.split(" in ").next().unwrap_or_default()),
            "with" => rest
                .split(',')
                .filter_map(|part| part.split_once('='))
                .map(|(name, _)| name.trim())
                .collect(),
            _ => Vec::new(),
        }
    }
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
    whole.then(|| first.inside.trim_matches('-').trim())
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
            let (at, open) = first_of(self.rest, &["{{", "{%", "{#"])?;
            let after = &self.rest[at + 2..];
            let length = match open {
                "{#" => after.find("#}"),
                "{%" => end_of_block(after, "%}"),
                _ => end_of_block(after, "}}"),
            };
            let inside = &after[..length.unwrap_or(after.len())];
            self.rest = length.map_or("", |length| &after[length + 2..]);
            if open != "{#" {
                return Some(Block {
                    open,
                    inside,
                    closed: length.is_some(),
                });
            }
        }
    }
}

fn first_of(text: &str, patterns: &[&'static str]) -> Option<(usize, &'static str)> {
    patterns
        .iter()
        .filter_map(|p| text.find(p).map(|at| (at, *p)))
        .min()
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
    fn assigned_names_are_found() {
        let assigned = |source| {
            Blocks::of(source)
                .flat_map(|block| block.assigned())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            assigned("{% set a = 1 %}{%- for k, v in m|items %}{% with b=1, c = 2 %}{{ d }}"),
            ["a", "k", "v", "b", "c"]
        );
        assert_eq!(
            assigned("{% set (a, b) = x %}{% set c %}{% if d == 1 %}"),
            ["a", "b", "c"]
        );
    }
}
