//! Walks an expression: which values it reads, and whether its filters and tests exist.

use std::collections::HashSet;

use super::{
    ast::{Argument, Expr},
    token::{is_name_start, name_length},
};
use crate::template::{
    TemplateError,
    language::{is_global, known},
    reference::{Collected, Read},
};

/// The names that blocks of a template have given values to, from the outside in.
#[derive(Default)]
pub(in crate::template) struct Names(Vec<HashSet<String>>);

impl Names {
    pub(super) fn open(&mut self) {
        self.0.push(HashSet::new());
    }

    pub(super) fn close(&mut self) {
        self.0.pop();
    }

    pub(super) fn clear(&mut self) {
        if let Some(inner) = self.0.last_mut() {
            inner.clear();
        }
    }

    pub(super) fn assign(&mut self, name: &str) {
        if self.0.is_empty() {
            self.open();
        }
        if let Some(inner) = self.0.last_mut() {
            inner.insert(name.to_owned());
        }
    }

    /// Whether a name has its value from outside of the innermost block.
    pub(super) fn is_outer(&self, name: &str) -> bool {
        let Some((inner, outer)) = self.0.split_last() else {
            return false;
        };
        !inner.contains(name) && outer.iter().any(|names| names.contains(name))
    }

    fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|names| names.contains(name))
    }
}

/// Reads the expressions of one source.
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

    /// Walks an expression in the order in which it is evaluated. `source` is what it was read from.
    pub(in crate::template) fn walk(
        &mut self,
        expr: &Expr,
        source: &str,
    ) -> Result<(), TemplateError> {
        self.walk_as(expr, Read::Whole, source)
    }

    fn walk_as(&mut self, expr: &Expr, read: Read, source: &str) -> Result<(), TemplateError> {
        match expr {
            Expr::Literal(_) => Ok(()),
            Expr::Name(..) | Expr::Attribute(..) | Expr::Item(..) => self.path(expr, read, source),
            Expr::Slice(of, bounds) => {
                self.walk_as(of, Read::Whole, source)?;
                let mut bounds = bounds.iter().flatten();
                bounds.try_for_each(|bound| self.walk(bound, source))
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
                let read = match name.as_str() {
                    "default" | "d" => Read::Optional,
                    "attr" => Read::Part,
                    _ => Read::Whole,
                };
                self.walk_as(of, read, source)?;
                self.arguments(arguments, source)
            }
            Expr::Test(of, name, arguments) => {
                known::test(name)?;
                let read = match name.as_str() {
                    "defined" | "undefined" => Read::Optional,
                    _ => Read::Part,
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

    /// A name with what follows it by dots and fixed keys.
    fn path(&mut self, expr: &Expr, read: Read, source: &str) -> Result<(), TemplateError> {
        let mut keys = Vec::new();
        let mut read = read;
        let mut here = expr;
        let (root, at) = loop {
            here = match here {
                Expr::Name(name, at) => break (name, *at),
                Expr::Attribute(of, key) => {
                    keys.push(key.as_str());
                    of
                }
                Expr::Item(of, index) => {
                    if let Some(key) = index.plain_text().filter(|key| is_name(key)) {
                        keys.push(key);
                    } else {
                        // What follows is a part of something that is not known here.
                        keys.clear();
                        read = Read::Part;
                        self.walk(index, source)?;
                    }
                    of
                }
                other => return self.walk(other, source),
            };
        };
        if self.names.contains(root) || is_global(root) {
            return Ok(());
        }
        keys.push(root);
        keys.reverse();
        self.found
            .add(keys.join("."), read, dashed(source, at, root.len()));
        Ok(())
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(is_name_start) && name_length(text) == text.len()
}

/// The name at a place together with what `-` ties to it, without white space.
fn dashed(source: &str, at: usize, length: usize) -> Option<&str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let before = source.get(..at)?;
    let after = source.get(at + length..)?;
    let begin = before.trim_end_matches(is_part).len();
    let end = at + length + after.find(|c| !is_part(c)).unwrap_or(after.len());
    let word = source[begin..end].trim_matches('-');
    word.contains('-').then_some(word)
}
