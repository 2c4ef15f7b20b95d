//! The paths that a template reads, key by key: `a.output.items[0].name`.
//!
//! The compiler reports names and their attributes, but neither indices nor whether `default` covers a
//! path. Both are found here in the text, word by word. Each path that is found is read, but not each
//! path that is read is found: a key that is computed ends a path.

use std::collections::HashSet;

use super::syntax::Blocks;

/// A path that a template reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Path {
    /// The name that it begins with.
    pub(crate) root: String,
    pub(crate) keys: Vec<Key>,
}

/// A step into a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    Field(String),
    Index,
}

/// The paths of one template, and which of them may be missing.
#[derive(Default)]
pub(crate) struct Paths {
    all: Vec<Path>,
    /// Covered by `default`, or tested with `is`.
    optional: Vec<Path>,
    /// Names that are looked for with `in`: `'kind' in input`.
    looked_for: HashSet<String>,
}

impl Paths {
    pub(crate) fn of_template(source: &str) -> Self {
        let mut paths = Self::default();
        for block in Blocks::of(source) {
            paths.read(block.inside);
        }
        paths
    }

    pub(crate) fn of_expression(source: &str) -> Self {
        let mut paths = Self::default();
        paths.read(source);
        paths
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Path> {
        self.all.iter()
    }

    /// Whether the author expects that the path, up to this number of keys, may be missing.
    fn is_optional(&self, path: &Path, keys: usize) -> bool {
        let keys = &path.keys[..keys];
        let covered = |optional: &Path| optional.root == path.root && optional.keys == keys;
        let looked_for = match keys.last() {
            Some(Key::Field(name)) => self.looked_for.contains(name),
            _ => false,
        };
        looked_for || self.optional.iter().any(covered)
    }

    /// The path up to the first key that the author expects to be missing.
    pub(crate) fn covered(&self, path: &Path) -> Path {
        let optional = (1..=path.keys.len()).find(|keys| self.is_optional(path, *keys));
        let keys = optional.map_or(path.keys.len(), |keys| keys - 1);
        Path {
            root: path.root.clone(),
            keys: path.keys[..keys].to_vec(),
        }
    }

    fn read(&mut self, source: &str) {
        let words = words(source);
        let mut at = 0;
        while at < words.len() {
            if let Some(name) = quoted(words[at]) {
                let after = &words[at + 1..];
                if matches!(after, ["in", ..] | ["not", "in", ..]) {
                    self.looked_for.insert(name.to_owned());
                }
            }
            at = if begins_path(&words, at) {
                self.read_path(&words, at)
            } else {
                at + 1
            };
        }
    }

    /// Reads the path that begins at a word; where the words after it begin.
    fn read_path(&mut self, words: &[&str], at: usize) -> usize {
        let mut keys = Vec::new();
        let mut end = at + 1;
        while let Some((key, length)) = key(&words[end..]) {
            keys.push(key);
            end += length;
        }
        if words.get(end) == Some(&"(") {
            // A method, and no field.
            keys.pop();
        }
        let root = words[at].to_owned();
        let path = Path { root, keys };
        let mut after = words[end..].iter().skip_while(|word| **word == ")");
        let optional = match (after.next(), after.next()) {
            (Some(&"|"), Some(filter)) => ["default", "d"].contains(filter),
            (Some(&"is"), _) => true,
            _ => false,
        };
        if optional {
            self.optional.push(path.clone());
        }
        self.all.push(path);
        end
    }
}

/// The path that an expression consists of, if it is only that.
pub(crate) fn only_path(source: &str) -> Option<Path> {
    let words = words(source);
    if words.is_empty() || !begins_path(&words, 0) {
        return None;
    }
    let mut paths = Paths::default();
    let end = paths.read_path(&words, 0);
    paths.all.pop().filter(|_| end == words.len())
}

/// Whether a word is the first of a path, and no filter, test, argument or function.
fn begins_path(words: &[&str], at: usize) -> bool {
    let before = &words[..at];
    let after = &words[at + 1..];
    let is_part = matches!(before, [.., "." | "|" | "is"] | [.., "is", "not"]);
    let is_argument =
        matches!(before, [.., "(" | ","]) && matches!(after, ["=", next, ..] if *next != "=");
    is_name(words[at]) && !is_part && !is_argument && after.first() != Some(&"(")
}

/// The key that these words begin with, and how many of them it is.
fn key(words: &[&str]) -> Option<(Key, usize)> {
    match words {
        [".", name, ..] if is_name(name) => Some((Key::Field((*name).to_owned()), 2)),
        ["[", index, "]", ..] if is_number(index) => Some((Key::Index, 3)),
        ["[", "-", index, "]", ..] if is_number(index) => Some((Key::Index, 4)),
        ["[", name, "]", ..] => Some((Key::Field(quoted(name)?.to_owned()), 3)),
        _ => None,
    }
}

fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}

/// Whether a field can be written after a dot.
fn is_plain(field: &str) -> bool {
    is_name(field) && field.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn is_number(word: &str) -> bool {
    word.chars().all(|c| c.is_ascii_digit())
}

/// What is in the quotes of a string without escapes.
fn quoted(word: &str) -> Option<&str> {
    let quote = word.chars().next().filter(|c| ['"', '\''].contains(c))?;
    let inside = word.strip_prefix(quote)?.strip_suffix(quote)?;
    (!inside.contains('\\')).then_some(inside)
}

impl Path {
    /// The path up to this number of keys, as a template writes it.
    pub(crate) fn written(&self, keys: usize) -> String {
        let mut written = self.root.clone();
        for key in &self.keys[..keys] {
            match key {
                Key::Field(name) if is_plain(name) => written.extend([".", name]),
                Key::Field(name) => written.extend(["['", name, "']"]),
                Key::Index => written.push_str("[…]"),
            }
        }
        written
    }
}

/// Names and single marks, without strings and white space.
fn words(source: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' | '\'' => string_length(rest, first),
            _ if first.is_ascii_alphanumeric() || first == '_' => rest
                .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .unwrap_or(rest.len()),
            _ => first.len_utf8(),
        };
        let (word, after) = rest.split_at(length);
        if !first.is_whitespace() {
            words.push(word);
        }
        rest = after;
    }
    words
}

/// How long a quoted string is, its quotes included.
fn string_length(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(source: &str) -> Vec<String> {
        let paths = Paths::of_template(source);
        paths
            .iter()
            .map(|path| {
                let written = path.written(path.keys.len());
                let optional = paths.is_optional(path, path.keys.len());
                written + if optional { "?" } else { "" }
            })
            .collect()
    }

    #[test]
    fn paths_are_found_in_expressions_and_statements() {
        for (source, paths) in [
            ("{{ a }}", &["a"] as &[&str]),
            (
                "{{ a.output.b }} {{- a['output'][\"b\"] -}}",
                &["a.output.b", "a.output.b"],
            ),
            ("{{ a.output[0].b[-1] }}", &["a.output[…].b[…]"]),
            ("{{ a.output[i].b }}", &["a.output", "i"]),
            ("{{ a.output[1:2].b }}", &["a.output"]),
            (
                "{{ a.b | join(c.d, sep=e.f) | upper }}",
                &["a.b", "c.d", "e.f"],
            ),
            ("{{ range(a.b) }}{{ a.b.upper() }}", &["a.b", "a.b"]),
            ("{{ (a.b | first).c }}", &["a.b"]),
            (
                "{% for x in a.b if x.c %}{% endfor %}",
                &["for", "x", "in", "a.b", "if", "x.c", "endfor"],
            ),
            (
                "{{ 'a.b' ~ \"c.d\" }}{# e.f #}{% raw %}{{ g.h }}{% endraw %}",
                &["raw"],
            ),
            ("{{ a['b c'] }}", &["a['b c']"]),
            ("{{ a['b\\'c'] }}", &["a"]),
            ("{{ a.b == c.d }}", &["a.b", "c.d"]),
        ] {
            assert_eq!(found(source), paths, "{source}");
        }
    }

    #[test]
    fn what_may_be_missing_is_marked() {
        for (source, paths) in [
            ("{{ a.b | default('') }}", &["a.b?"] as &[&str]),
            ("{{ (a.b) | d }}{{ a.b.c }}", &["a.b?", "a.b.c"]),
            ("{{ a.b | upper | default('') }}", &["a.b"]),
            ("{{ a.b if a.b is defined }}", &["a.b?", "if", "a.b?", "is"]),
            ("{{ a.b is not none }}", &["a.b?", "is"]),
            ("{{ a.b if 'b' in a }}", &["a.b?", "if", "in", "a"]),
        ] {
            assert_eq!(found(source), paths, "{source}");
        }
    }

    #[test]
    fn an_expression_may_be_one_path() {
        assert!(only_path(" a.output['b'][0] ").is_some());
        for other in [
            "",
            "a | first",
            "a + 1",
            "1",
            "(a)",
            "a()",
            "a.b()",
            "a[b]",
            "not a",
        ] {
            assert_eq!(only_path(other), None, "{other}");
        }
    }
}
