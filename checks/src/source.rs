//! The imports of one file.

use std::collections::BTreeMap;

use crate::tree;

/// The imports and re-exports of a file.
#[derive(Debug, Default)]
pub(crate) struct Source {
    /// Every path that may lead to another module.
    pub(crate) paths: Vec<Vec<String>>,
    /// The names that a `use` re-exports, each with its path.
    pub(crate) reexports: BTreeMap<String, Vec<String>>,
}

impl Source {
    pub(crate) fn parse(text: &str) -> Self {
        let tokens = without_test_items(&tokens(text));
        let mut source = Self::default();
        let mut index = 0;
        while index < tokens.len() {
            let (leaves, end) = if tokens[index] == "use" {
                tree::leaves(&tokens, index + 1)
            } else if starts_path(&tokens, index) {
                tree::path(&tokens, index)
            } else {
                index += 1;
                continue;
            };
            let is_reexport = is_exported(&tokens[..index]);
            for leaf in leaves {
                if is_reexport {
                    source.reexports.insert(leaf.name, leaf.path);
                } else {
                    source.paths.push(leaf.path);
                }
            }
            index = end.max(index + 1);
        }
        source
    }
}

/// Whether a `use` that follows these tokens begins with `pub` or `pub(…)`.
fn is_exported(before: &[String]) -> bool {
    let is = |back: usize, token: &str| {
        let index = before.len().checked_sub(back);
        index.is_some_and(|index| before[index] == token)
    };
    is(1, "pub") || (is(1, ")") && (is(4, "pub") || is(5, "pub")))
}

/// Whether a path outside a `use` begins here: `crate::…`, `self::…` or `super::…`. The path of a visibility,
/// `pub(in crate::…)`, is no import.
fn starts_path(tokens: &[String], index: usize) -> bool {
    let is_visibility = index >= 2 && tokens[index - 2] == "(" && tokens[index - 1] == "in";
    ["crate", "self", "super"].contains(&tokens[index].as_str())
        && tokens.get(index + 1).is_some_and(|next| next == "::")
        && !is_visibility
}

/// Removes items with `#[cfg(test)]`.
fn without_test_items(tokens: &[String]) -> Vec<String> {
    const TEST: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut kept = Vec::new();
    let mut index = 0;
    while index < tokens.len() {
        if tokens[index..].iter().take(TEST.len()).eq(TEST.iter()) {
            index = end_of_item(tokens, index + TEST.len());
        } else {
            kept.push(tokens[index].clone());
            index += 1;
        }
    }
    kept
}

/// The index after an item: its `;`, or the `}` that closes its body.
fn end_of_item(tokens: &[String], mut index: usize) -> usize {
    let mut depth = 0_usize;
    while let Some(token) = tokens.get(index) {
        index += 1;
        match token.as_str() {
            "{" | "(" | "[" => depth += 1,
            ")" | "]" => depth = depth.saturating_sub(1),
            "}" => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    break;
                }
            }
            ";" if depth == 0 => break,
            _ => {}
        }
    }
    index
}

/// Words and punctuation, without comments and literals.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(length) = literal(rest) {
            length
        } else if first.is_alphanumeric() || first == '_' {
            let is_word = |c: char| c.is_alphanumeric() || c == '_';
            let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            tokens.push(rest[..length].to_owned());
            length
        } else if rest.starts_with("::") {
            tokens.push("::".to_owned());
            2
        } else {
            if !first.is_whitespace() {
                tokens.push(first.to_string());
            }
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    tokens
}

/// The length in bytes of a string or character literal that begins here.
fn literal(text: &str) -> Option<usize> {
    let after_r = text.strip_prefix('r').unwrap_or_default();
    let hashes = after_r.bytes().take_while(|byte| *byte == b'#').count();
    if after_r[hashes..].starts_with('"') {
        let end = format!("\"{}", "#".repeat(hashes));
        let body = 2 + hashes;
        return Some(
            text[body..]
                .find(&end)
                .map_or(text.len(), |at| body + at + end.len()),
        );
    }
    if let Some(body) = text.strip_prefix('"') {
        return Some(1 + closing(body, '"')?);
    }
    // A character, not a lifetime: 'a' or an escape.
    let body = text.strip_prefix('\'')?;
    let mut chars = body.chars();
    let first = chars.next()?;
    if first == '\\' || chars.next() == Some('\'') {
        return Some(1 + closing(body, '\'')?);
    }
    None
}

/// The length in bytes up to and including the closing quote.
fn closing(body: &str, quote: char) -> Option<usize> {
    let mut is_escaped = false;
    for (index, c) in body.char_indices() {
        if is_escaped {
            is_escaped = false;
        } else if c == '\\' {
            is_escaped = true;
        } else if c == quote {
            return Some(index + 1);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(text: &str) -> Vec<String> {
        let source = Source::parse(text);
        source.paths.iter().map(|path| path.join("::")).collect()
    }

    #[test]
    fn paths_are_found_in_imports_and_in_code() {
        let text = "use crate::{a::B, c::{self, d as e}};\nfn f() -> super::G { crate::h::i() }";
        let expected = [
            "crate::a::B",
            "crate::c",
            "crate::c::d",
            "super::G",
            "crate::h::i",
        ];
        assert_eq!(paths(text), expected);
    }

    #[test]
    fn the_path_of_a_visibility_is_no_import() {
        assert!(paths("pub(in crate::a) fn f() {} pub(super) fn g() {}").is_empty());
        assert_eq!(paths("fn f() { for _ in crate::a::B {} }"), ["crate::a::B"]);
    }

    #[test]
    fn comments_literals_and_tests_are_ignored() {
        let text = r##"
            // crate::a
            /* crate::b */
            const C: &str = "crate::d \" crate::e"; const Q: char = '"';
            const R: &str = r#"crate::f"#;
            fn g<'a>(it: &'a str) {}
            #[cfg(test)]
            mod tests { use crate::h; fn i() { crate::j() } }
            #[cfg(test)]
            use crate::k;
            use crate::l;
        "##;
        assert_eq!(paths(text), ["crate::l"]);
    }

    #[test]
    fn re_exports_have_their_new_names() {
        let source = Source::parse("pub(crate) use self::a::{B, C as D};\npub use e::F;");
        let known: Vec<_> = source.reexports.into_iter().collect();
        let path = |text: &str| text.split("::").map(str::to_owned).collect::<Vec<_>>();
        let expected = [("B", "self::a::B"), ("D", "self::a::C"), ("F", "e::F")];
        assert_eq!(
            known,
            expected.map(|(name, to)| (name.to_owned(), path(to)))
        );
        assert!(source.paths.is_empty());
    }
}
