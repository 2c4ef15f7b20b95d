//! Walks an expression: collects what it reads, and refuses unknown filters and tests.
//!
//! Names that a template defines itself (`set`, `for`, `with`) are followed to the path of their value, so that a
//! field of an item in a loop is checked, too.

use std::{collections::HashMap, iter};

use super::ast::{Argument, Comparison, Expr};
use crate::template::{
    Key, Path, Paths, TemplateError,
    language::{is_global, known},
    reference::{Collected, Read, References},
};

/// The names that blocks of a template define, outermost block first, each with the path of its value if the value is a path.
///
/// The innermost block is last. `if` opens none: a `set` in a branch is visible after it.
#[derive(Default)]
pub(in crate::template) struct Names(Vec<HashMap<String, Option<Path>>>);

impl Names {
    pub(super) fn open(&mut self) {
        self.0.push(HashMap::new());
    }

    pub(super) fn close(&mut self) {
        self.0.pop();
    }

    pub(super) fn clear(&mut self) {
        if let Some(inner) = self.0.last_mut() {
            inner.clear();
        }
    }

    /// Defines a name. A second assignment makes the path unknown: whether its branch runs is decided when the template renders.
    pub(super) fn assign(&mut self, name: &str, path: Option<Path>) {
        if self.0.is_empty() {
            self.open();
        }
        if let Some(inner) = self.0.last_mut() {
            let path = path.filter(|_| !inner.contains_key(name));
            inner.insert(name.to_owned(), path.map(|path| path.named(name)));
        }
    }

    /// Whether a name is defined outside the innermost block only.
    pub(super) fn is_outer(&self, name: &str) -> bool {
        let Some((inner, outer)) = self.0.split_last() else {
            return false;
        };
        !inner.contains_key(name) && outer.iter().any(|names| names.contains_key(name))
    }

    fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|names| names.contains_key(name))
    }

    /// The path of a defined name.
    fn path(&self, name: &str) -> Option<&Path> {
        let mut found = self.0.iter().rev().filter_map(|names| names.get(name));
        found.next()?.as_ref()
    }
}

/// What an expression reads. `source` is the text that it was parsed from.
pub(in crate::template) fn read(
    expr: &Expr,
    source: &str,
) -> Result<(References, Paths), TemplateError> {
    let mut found = Collected::default();
    Reader::new(&mut found).walk(expr, source)?;
    Ok(found.finish())
}

/// The path of an expression that consists of a path only.
pub(in crate::template) fn only_path(expr: &Expr) -> Option<Path> {
    Reader::new(&mut Collected::default()).path_of(expr)
}

/// Filters whose result contains only items of their list.
const SAME_ITEMS: [&str; 8] = [
    "list",
    "reverse",
    "reject",
    "rejectattr",
    "select",
    "selectattr",
    "sort",
    "unique",
];

/// Collects what the expressions of one template read.
pub(in crate::template) struct Reader<'a> {
    pub(super) names: Names,
    pub(super) found: &'a mut Collected,
}

impl<'a> Reader<'a> {
    pub(in crate::template) fn new(found: &'a mut Collected) -> Self {
        let mut names = Names::default();
        names.open();
        Self { names, found }
    }

    /// Walks an expression in evaluation order. `source` is the text that it was parsed from.
    pub(in crate::template) fn walk(
        &mut self,
        expr: &Expr,
        source: &str,
    ) -> Result<(), TemplateError> {
        self.walk_as(expr, Read::Whole, source)
    }

    /// `read` is how the value is used by what surrounds it: a `default` around a path makes it optional, and so
    /// on.
    fn walk_as(&mut self, expr: &Expr, read: Read, source: &str) -> Result<(), TemplateError> {
        match expr {
            Expr::Literal(_) => Ok(()),
            Expr::Name(..) | Expr::Attribute(..) | Expr::Item(..) => self.path(expr, read, source),
            Expr::Slice(of, bounds) => {
                self.walk_as(of, Read::Whole, source)?;
                let mut bounds = bounds.iter().flatten();
                bounds.try_for_each(|bound| self.walk(bound, source))
            }
            Expr::Call(called, arguments) if called.is_coalesce() => {
                let mut values = arguments.iter().map(Argument::value);
                values.try_for_each(|value| self.walk_as(value, Read::Lenient, source))
            }
            Expr::Call(called, arguments) => {
                if let Expr::Attribute(of, _) = &**called {
                    self.walk_as(of, Read::Part, source)?;
                }
                self.arguments(arguments, source)
            }
            Expr::Filter(of, name, arguments) => {
                known::filter(name)?;
                known::named_in_arguments(name, arguments)?;
                self.mapped(of, name, arguments);
                let read = match name.as_str() {
                    "default" | "d" => Read::Optional,
                    "attr" => Read::Part,
                    "get" => Read::LenientPart,
                    _ => Read::Whole,
                };
                match got(of, name, arguments) {
                    Some(path) => self.path(&path, read, source)?,
                    None => self.walk_as(of, read, source)?,
                }
                self.arguments(arguments, source)
            }
            Expr::Test(of, name, arguments) => {
                known::test(name)?;
                let read = match name.as_str() {
                    "defined" | "undefined" => Read::Optional,
                    _ => Read::Tested,
                };
                self.walk_as(of, read, source)?;
                self.arguments(arguments, source)
            }
            Expr::Not(value) | Expr::Negative(value) => self.walk(value, source),
            Expr::Binary(_, left, right) => {
                self.walk(left, source)?;
                self.walk(right, source)
            }
            Expr::Compare(first, rest) => {
                if let (Some(field), [(Comparison::In | Comparison::NotIn, _)]) =
                    (first.plain_text(), rest.as_slice())
                {
                    self.found.paths.look_for(field);
                }
                self.walk(first, source)?;
                rest.iter()
                    .try_for_each(|(_, other)| self.walk(other, source))
            }
            Expr::If {
                then,
                test,
                otherwise,
            } => {
                self.walk(test, source)?;
                self.walk(then, source)?;
                otherwise
                    .iter()
                    .try_for_each(|otherwise| self.walk(otherwise, source))
            }
            Expr::List(items) | Expr::Tuple(items) | Expr::Concat(items) => {
                items.iter().try_for_each(|item| self.walk(item, source))
            }
            Expr::Map(members) => members.iter().try_for_each(|(key, value)| {
                self.walk(key, source)?;
                self.walk(value, source)
            }),
        }
    }

    fn arguments(&mut self, arguments: &[Argument], source: &str) -> Result<(), TemplateError> {
        let mut values = arguments.iter().map(Argument::value);
        values.try_for_each(|value| self.walk(value, source))
    }

    /// A name, and the attributes and literal keys after it.
    ///
    /// A path counts as optional only as a whole: in `a.b[x] | default(0)`, `a.b` must exist.
    fn path(&mut self, expr: &Expr, read: Read, source: &str) -> Result<(), TemplateError> {
        let prefix = self.prefix_of(expr);
        if let Some(Prefix { path, is_all }) = &prefix {
            let may_be_missing = *is_all && read.may_be_missing();
            self.found.paths.add(path.clone(), may_be_missing);
        }
        let root = self.indices(expr, source)?;
        let Expr::Name(name, at) = root else {
            return self.walk(root, source);
        };
        let Some(Prefix { path, is_all }) = prefix.filter(|_| !self.names.contains(name)) else {
            return Ok(());
        };
        let names = path.keys.iter().map_while(Key::as_name);
        let dotted: Vec<&str> = iter::once(name.as_str()).chain(names).collect();
        // What follows a key that is no name is a part of something that is not known here.
        let is_dotted = is_all && dotted.len() == path.keys.len() + 1;
        let read = if is_dotted { read } else { Read::Part };
        self.found
            .add(dotted.join("."), read, dashed(source, *at, name.len()));
        Ok(())
    }

    /// Walks the computed indices of a path, from its end.
    fn indices<'e>(&mut self, expr: &'e Expr, source: &str) -> Result<&'e Expr, TemplateError> {
        let mut here = expr;
        loop {
            here = match here {
                Expr::Attribute(of, _) => of,
                Expr::Item(of, index) => {
                    self.walk(index, source)?;
                    of
                }
                root => return Ok(root),
            };
        }
    }

    /// The path of an expression that consists of a path only.
    pub(super) fn path_of(&self, expr: &Expr) -> Option<Path> {
        let prefix = self.prefix_of(expr).filter(|prefix| prefix.is_all);
        prefix.map(|prefix| prefix.path)
    }

    /// The path of an expression up to its first computed key.
    fn prefix_of(&self, expr: &Expr) -> Option<Prefix> {
        match expr {
            Expr::Name(name, _) if self.names.contains(name) => {
                self.names.path(name).cloned().map(Prefix::all)
            }
            Expr::Name(name, _) => (!is_global(name)).then(|| Prefix::all(Path::of(name))),
            Expr::Attribute(of, field) => {
                Some(self.prefix_of(of)?.then(Some(Key::Field(field.clone()))))
            }
            Expr::Item(of, index) => Some(self.prefix_of(of)?.then(key_of(index))),
            Expr::Slice(of, _) => self.path_of(of).map(Prefix::all),
            Expr::Filter(of, name, _) => match name.as_str() {
                "first" | "last" => Some(Prefix::all(self.path_of(of)?.then(Key::Element))),
                name if SAME_ITEMS.contains(&name) => self.path_of(of).map(Prefix::all),
                _ => None,
            },
            _ => None,
        }
    }

    /// Collects what `map(attribute='a.b')` reads of each item.
    fn mapped(&mut self, of: &Expr, filter: &str, arguments: &[Argument]) {
        if filter != "map" {
            return;
        }
        let named = |wanted: &str| {
            arguments.iter().find_map(|argument| match argument {
                Argument::Named(name, value) if name == wanted => Some(value),
                _ => None,
            })
        };
        let fields = named("attribute").and_then(Expr::plain_text);
        if let (Some(fields), Some(list)) = (fields, self.path_of(of)) {
            let path = fields
                .split('.')
                .fold(list.then(Key::Element), |path, field| {
                    let is_index = field.bytes().all(|byte| byte.is_ascii_digit());
                    path.then(if is_index {
                        Key::Index
                    } else {
                        Key::Field(field.to_owned())
                    })
                });
            let may_be_missing = named("default").is_some();
            self.found.paths.add(path, may_be_missing);
        }
    }
}

/// The path that `a.b | get('c.d')` reads, as if it were written `a.b.c.d`. `None` if the left side is no path, or the path
/// is computed.
fn got(of: &Expr, filter: &str, arguments: &[Argument]) -> Option<Expr> {
    let is_path = matches!(of, Expr::Name(..) | Expr::Attribute(..) | Expr::Item(..));
    let (Some(Argument::Positional(path)), true) = (arguments.first(), filter == "get" && is_path)
    else {
        return None;
    };
    // A number is an item of a list, or a name: nothing is known of what follows.
    let names = path.plain_text()?.split('.');
    let names = names.take_while(|name| name.parse::<usize>().is_err());
    Some(names.fold(of.clone(), |of, name| {
        Expr::Attribute(Box::new(of), name.to_owned())
    }))
}

/// The path of an expression, up to its first computed key.
struct Prefix {
    path: Path,
    /// Whether no key is computed: the path is that of the whole expression.
    is_all: bool,
}

impl Prefix {
    fn all(path: Path) -> Self {
        let is_all = true;
        Self { path, is_all }
    }

    /// Adds the next key; `None` is a computed one.
    fn then(self, key: Option<Key>) -> Self {
        match key.filter(|_| self.is_all) {
            Some(key) => Self::all(self.path.then(key)),
            None => Self {
                is_all: false,
                ..self
            },
        }
    }
}

/// The key of a literal index.
fn key_of(index: &Expr) -> Option<Key> {
    match index.plain_text() {
        Some(name) => Some(Key::Field(name.to_owned())),
        None => index.is_number().then_some(Key::Index),
    }
}

/// The name at a position together with the names that `-` joins to it without white space.
///
/// Used for a better message only: `node-1.output` is a subtraction, and most likely meant as an id.
fn dashed(source: &str, at: usize, length: usize) -> Option<&str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let before = source.get(..at)?;
    let after = source.get(at + length..)?;
    let begin = before.trim_end_matches(is_part).len();
    let end = at + length + after.find(|c| !is_part(c)).unwrap_or(after.len());
    let word = source[begin..end].trim_matches('-');
    word.contains('-').then_some(word)
}
