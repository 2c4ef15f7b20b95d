//! Finds the blocks of a template, `{{ }}` and `{% %}`, without parsing them.
//!
//! The same rules as the lexer of the engine: a delimiter within a string or within nested braces does not end a
//! block, and `raw` hides everything up to `endraw`. If both disagreed, the engine would see blocks that were not
//! checked here.

/// One `{{ … }}` or `{% … %}`, or an unclosed comment.
pub(in crate::template) struct Block<'a> {
    pub(super) open: &'static str,
    /// The text between the delimiters.
    pub(in crate::template) inside: &'a str,
    pub(super) closed: bool,
    /// The position in the source, delimiters included.
    pub(super) begin: usize,
    pub(super) end: usize,
}

impl<'a> Block<'a> {
    /// The first word of a statement and the rest; both empty for an expression.
    pub(in crate::template) fn statement(&self) -> (&'a str, &'a str) {
        if self.open != "{%" {
            return ("", "");
        }
        let inside = self.inside.trim_start_matches(['-', '+']).trim_start();
        let end = inside
            .find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(inside.len());
        inside.split_at(end)
    }
}

/// Whether a text contains no block.
pub(in crate::template) fn is_literal(source: &str) -> bool {
    !["{{", "{%", "{#"].iter().any(|open| source.contains(open))
}

/// The expression of a text that consists of one `{{ expression }}`.
///
/// Only such a text keeps the type of its value. A space outside of the braces makes it a text.
pub(in crate::template) fn whole_expression(source: &str) -> Option<&str> {
    let mut blocks = Blocks::of(source);
    let first = blocks.next()?;
    let whole = first.open == "{{" && first.begin == 0 && first.end == source.len() && first.closed;
    let inside = first.inside;
    let inside = inside.strip_prefix(['-', '+']).unwrap_or(inside);
    let inside = inside.strip_suffix(['-', '+']).unwrap_or(inside);
    whole.then(|| inside.trim())
}

/// Walks over the blocks of a template.
pub(in crate::template) struct Blocks<'a> {
    source: &'a str,
    at: usize,
}

impl<'a> Blocks<'a> {
    pub(in crate::template) fn of(source: &'a str) -> Self {
        Self { source, at: 0 }
    }
}

impl<'a> Iterator for Blocks<'a> {
    type Item = Block<'a>;

    fn next(&mut self) -> Option<Block<'a>> {
        loop {
            let (offset, open) = first_opening(&self.source[self.at..])?;
            let begin = self.at + offset;
            let after = &self.source[begin + 2..];
            let length = match open {
                "{#" => after.find("#}"),
                "{%" => end_of_block(after, *b"%}"),
                _ => end_of_block(after, *b"}}"),
            };
            let inside = &after[..length.unwrap_or(after.len())];
            let end = length.map_or(self.source.len(), |length| begin + 2 + length + 2);
            self.at = end;
            let block = Block {
                open,
                inside,
                closed: length.is_some(),
                begin,
                end,
            };
            if block.statement().0 == "raw" {
                self.at = end + raw_length(&self.source[end..]);
            }
            // An unclosed comment is returned, too: it hides the rest of the template.
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

/// The length of the text up to the end of `{% endraw %}`. It contains no blocks.
fn raw_length(text: &str) -> usize {
    for (at, _) in text.match_indices("{%") {
        let inside = text[at + 2..].trim_start_matches(['-', '+']).trim_start();
        let Some(rest) = inside.strip_prefix("endraw") else {
            continue;
        };
        let rest = rest.trim_start();
        let rest = rest.strip_prefix(['-', '+']).unwrap_or(rest);
        if let Some(rest) = rest.strip_prefix("%}") {
            return text.len() - rest.len();
        }
    }
    text.len()
}

/// The position of the closing delimiter, outside strings and nested braces. Comparing bytes is safe: in UTF-8, an ASCII byte
/// is never a part of another character.
fn end_of_block(text: &str, close: [u8; 2]) -> Option<usize> {
    let mut quote = None;
    let mut depth = 0_usize;
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        if let Some(open) = quote {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                _ if byte == open => quote = None,
                _ => {}
            }
            continue;
        }
        if byte == close[0] && depth == 0 && text.as_bytes().get(at + 1) == Some(&close[1]) {
            return Some(at);
        }
        match byte {
            b'"' | b'\'' => quote = Some(byte),
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
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
    fn blocks_after_raw_text_are_found() {
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
}
