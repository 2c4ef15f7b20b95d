//! The paths that a template reads, key by key: `a.output.items[0].name`.
//!
//! Checks compare them with the shapes of values. A computed key ends a path. A name that `for`, `set` or `with` defines is
//! replaced by the path of its value, if the value is a path.

use std::collections::HashSet;

/// A path that a template reads.
///
/// `{% for doc in input.docs %}{{ doc.title }}` reads the path `input.docs[…].title`, which the template writes
/// `doc.title`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Path {
    /// The first name.
    pub(crate) root: String,
    pub(crate) keys: Vec<Key>,
    /// The name that the template uses for the first keys, and the number of those keys.
    alias: Option<(String, usize)>,
}

/// One step into a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    Field(String),
    Index,
    /// Any item of a list. Objects have such items, too: their keys.
    Element,
}

impl Key {
    /// The field, if a template can write it after a dot.
    pub(super) fn as_name(&self) -> Option<&str> {
        match self {
            Self::Field(name) if is_name(name) => Some(name),
            _ => None,
        }
    }
}

impl Path {
    pub(super) fn of(root: impl Into<String>) -> Self {
        Self {
            root: root.into(),
            keys: Vec::new(),
            alias: None,
        }
    }

    pub(super) fn then(mut self, key: Key) -> Self {
        self.keys.push(key);
        self
    }

    /// The same path, which the template writes with this name.
    pub(super) fn named(mut self, name: &str) -> Self {
        self.alias = Some((name.to_owned(), self.keys.len()));
        self
    }

    fn starts_as(&self, other: &Self, keys: usize) -> bool {
        self.root == other.root && self.keys == other.keys[..keys]
    }

    /// The first `keys` keys of the path, as the template writes them.
    pub(crate) fn written(&self, keys: usize) -> String {
        let alias = self.alias.as_ref().filter(|(_, length)| *length <= keys);
        let (mut written, from) = match alias {
            Some((name, length)) => (name.clone(), *length),
            None => (self.root.clone(), 0),
        };
        for key in &self.keys[from..keys] {
            match key {
                Key::Field(name) if is_name(name) => written.extend([".", name]),
                Key::Field(name) => written.extend(["['", name, "']"]),
                Key::Index | Key::Element => written.push_str("[…]"),
            }
        }
        written
    }
}

fn is_name(field: &str) -> bool {
    field.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && field.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The paths of one template, and which of them may be missing.
///
/// "May be missing" holds for the whole template, not only for the place where it is tested: `{% if a.b is defined
/// %}` may guard a later `{{ a.b }}`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Paths {
    all: Vec<Path>,
    /// Covered by `default`, or tested with `is`.
    optional: Vec<Path>,
    /// Fields that the template tests with `in`: `'kind' in input`.
    looked_for: HashSet<String>,
}

impl Paths {
    pub(super) fn add(&mut self, path: Path, may_be_missing: bool) {
        if may_be_missing {
            self.optional.push(path.clone());
        }
        self.all.push(path);
    }

    pub(super) fn look_for(&mut self, field: &str) {
        self.looked_for.insert(field.to_owned());
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Path> {
        self.all.iter()
    }

    /// Whether the author expects that the first `keys` keys of a path may be missing.
    fn is_optional(&self, path: &Path, keys: usize) -> bool {
        let looked_for = match path.keys[..keys].last() {
            Some(Key::Field(name)) => self.looked_for.contains(name),
            _ => false,
        };
        looked_for || (self.optional.iter()).any(|optional| optional.starts_as(path, keys))
    }

    /// The path up to the first key that the author expects to be missing. The rest need not exist.
    ///
    /// `a.b.c` is cut after `a` if `a.b` may be missing.
    pub(crate) fn covered(&self, path: &Path) -> Path {
        let optional = (1..=path.keys.len()).find(|keys| self.is_optional(path, *keys));
        let mut covered = path.clone();
        if let Some(keys) = optional {
            covered.keys.truncate(keys - 1);
        }
        covered
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Template, only_path},
        *,
    };

    fn found(source: &str) -> Vec<String> {
        let template = Template::parse(source).expect(source);
        let paths = template.paths();
        let written = paths.iter().map(|path| {
            let written = path.written(path.keys.len());
            let optional = paths.is_optional(path, path.keys.len());
            written + if optional { "?" } else { "" }
        });
        written.collect()
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
            ("{{ a.b | join(c.d) | upper }}", &["a.b", "c.d"]),
            ("{{ range(a.b) }}", &["a.b"]),
            ("{{ (a.b | first).c }}", &["a.b[…].c", "a.b"]),
            ("{{ a.b[:2][0].c }}", &["a.b[…].c", "a.b"]),
            ("{% for x in a.b if x.c %}{% endfor %}", &["a.b", "x.c"]),
            (
                "{{ 'a.b' ~ \"c.d\" }}{# e.f #}{% raw %}{{ g.h }}{% endraw %}",
                &[],
            ),
            ("{{ a['b c'] }}", &["a['b c']"]),
            ("{{ a['b\\'c'] }}", &["a"]),
            ("{{ a.b == c.d }}", &["a.b", "c.d"]),
            (
                "{{ a.b | map(attribute='c.d') | join }}",
                &["a.b[…].c.d", "a.b"],
            ),
        ] {
            assert_eq!(found(source), paths, "{source}");
        }
    }

    #[test]
    fn a_name_stands_for_the_path_of_its_value() {
        for (source, path) in [
            ("{% for x in a.b %}{{ x.c }}{% endfor %}", "a b […] c"),
            (
                "{% for x in a.b | sort(attribute='n') | reverse %}{{ x.c }}{% endfor %}",
                "a b […] c",
            ),
            (
                "{% for x in a.b %}{% for y in x.c %}{{ y }}{% endfor %}{% endfor %}",
                "a b […] c […]",
            ),
            ("{% set x = a.b %}{{ x.c }}", "a b c"),
            ("{% with x = a.b[0] %}{{ x.c }}{% endwith %}", "a b […] c"),
            // Unknown: one of two values, a pair, a filter that makes new items.
            ("{% set x = a.b %}{% set x = c.d %}{{ x.e }}", "c d"),
            ("{% for k, v in a.b | items %}{{ v.c }}{% endfor %}", "a b"),
            (
                "{% for x in a.b | map('upper') %}{{ x.c }}{% endfor %}",
                "a b",
            ),
        ] {
            let template = Template::parse(source).expect(source);
            let paths = template.paths();
            let last = paths.iter().last().expect("a path");
            let keys = last.keys.iter().map(|key| match key {
                Key::Field(name) => name,
                Key::Index | Key::Element => "[…]",
            });
            let whole: Vec<&str> = std::iter::once(last.root.as_str()).chain(keys).collect();
            assert_eq!(whole.join(" "), path, "{source}");
        }
    }

    #[test]
    fn what_may_be_missing_is_marked() {
        for (source, paths) in [
            ("{{ a.b | default('') }}", &["a.b?"] as &[&str]),
            ("{{ (a.b) | d }}{{ a.b.c }}", &["a.b?", "a.b.c"]),
            ("{{ a.b | upper | default('') }}", &["a.b"]),
            ("{{ a.b if a.b is defined }}", &["a.b?", "a.b?"]),
            ("{{ a.b is not none }}", &["a.b?"]),
            ("{{ a.b if 'b' in a }}", &["a", "a.b?"]),
            (
                "{{ a | map(attribute='b', default='') }}",
                &["a[…].b?", "a"],
            ),
        ] {
            assert_eq!(found(source), paths, "{source}");
        }
    }

    #[test]
    fn an_expression_may_be_one_path() {
        for path in [" a.output['b'][0] ", "(a)", "a | first", "a | sort"] {
            assert!(only_path(path).is_some(), "{path}");
        }
        for other in [
            "",
            "a | length",
            "a + 1",
            "1",
            "a()",
            "a.b()",
            "a[b]",
            "not a",
        ] {
            assert_eq!(only_path(other), None, "{other}");
        }
    }
}
