//! `Expr`: one bare expression, without `{{ }}`.

use std::{fmt, sync::Arc};

use minijinja::{ErrorKind, value::ValueKind};

use super::scope::Scope;
use super::{
    Path, Paths, TemplateError, bounds,
    from_text::from_text,
    language::{self, Budget, ENVIRONMENT},
    missing::{self, node_error},
    reference::References,
    syntax,
};
use crate::error::NodeError;

/// A compiled expression: `classify.output.kind == 'refund'`. Use it as the type of a field of a node's `data` that holds
/// an expression without braces. Cloning it copies one `Arc`.
///
/// ```
/// use workflow_core::template::Expr;
///
/// assert!(Expr::parse("input.items | length > 3").is_ok());
/// assert!(Expr::parse("{{ input.items }}").is_err());
/// ```
///
/// Its value can be any JSON. What it reads is checked when a workflow is created: a field of this type is marked
/// in the JSON Schema of the node (`x-workflow`).
#[derive(Clone)]
pub struct Expr(Arc<Compiled>);

/// `expression` is compiled from printed text. `source` is the author's text, for messages and for shapes.
struct Compiled {
    expression: minijinja::Expression<'static, 'static>,
    source: Box<str>,
    references: References,
    paths: Paths,
}

impl Expr {
    /// Compiles an expression.
    ///
    /// # Errors
    /// [`TemplateError`] if it does not parse or exceeds a size limit.
    pub fn parse(source: &str) -> Result<Self, TemplateError> {
        Self::printed(source, syntax::value)
    }

    /// Compiles the text that `print` writes for the expression.
    ///
    /// The steps: refuse braces, measure, parse, collect what it reads, print, compile. The text is measured before
    /// it is parsed, since parsing recurses.
    pub(super) fn printed(
        source: &str,
        print: fn(&syntax::Expr) -> String,
    ) -> Result<Self, TemplateError> {
        if let Some(error) = syntax::braces(source) {
            return Err(error);
        }
        bounds::check_expression(source)?;
        let expr = syntax::expression(source)?;
        let (references, paths) = syntax::read(&expr, source)?;
        let compiled = ENVIRONMENT.compile_expression_owned(print(&expr));
        let expression = compiled.map_err(|error| TemplateError::of_engine(&error))?;
        Ok(Self(Arc::new(Compiled {
            expression,
            source: source.into(),
            references,
            paths,
        })))
    }

    /// The text that it was compiled from.
    pub fn source(&self) -> &str {
        &self.0.source
    }

    pub(crate) fn references(&self) -> &References {
        &self.0.references
    }

    /// The paths that it reads.
    pub(crate) fn paths(&self) -> &Paths {
        &self.0.paths
    }

    /// Its value as JSON. `budget` limits the size.
    pub(crate) fn evaluate(
        &self,
        scope: &Arc<Scope>,
        budget: &mut Budget,
    ) -> Result<serde_json::Value, NodeError> {
        self.read(scope, |value| language::to_json(&value, budget))
    }

    /// Its value as a list. A list of more than `most` items is not converted.
    ///
    /// The length is checked before the conversion, so that a huge list costs nothing. A list whose length the
    /// engine does not know is bounded by `budget`.
    pub(crate) fn evaluate_list(
        &self,
        scope: &Arc<Scope>,
        most: usize,
        budget: &mut Budget,
    ) -> Result<List, NodeError> {
        self.read(scope, |value| {
            let is_list = matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable);
            match value.len().filter(|length| is_list && *length > most) {
                Some(length) => Ok(List::TooLong(length)),
                None => language::to_json(&value, budget).map(List::of),
            }
        })
    }

    /// Refuses an undefined value, and names the expression.
    ///
    /// The strict mode of the engine refuses undefined values where they are used, but not as the result of an
    /// expression.
    fn defined(&self, value: minijinja::Value) -> Result<minijinja::Value, minijinja::Error> {
        if value.is_undefined() {
            let detail = missing::of_engine(self.0.source.trim());
            return Err(minijinja::Error::new(ErrorKind::UndefinedError, detail));
        }
        Ok(value)
    }

    /// Evaluates the expression, and converts the value while the engine's state exists. Conversion can call back
    /// into the engine, for values that are computed lazily.
    pub(super) fn read<T>(
        &self,
        scope: &Arc<Scope>,
        convert: impl FnOnce(minijinja::Value) -> Result<T, minijinja::Error>,
    ) -> Result<T, NodeError> {
        let context = minijinja::Value::from_dyn_object(Arc::clone(scope));
        let value = self.0.expression.eval(context);
        let value = value.and_then(|value| self.defined(value));
        let read = value.and_then(convert);
        read.map_err(|error| node_error(&error, &self.0.references, scope))
    }
}

/// The path of an expression that consists of a path only.
pub(crate) fn only_path(source: &str) -> Option<Path> {
    syntax::only_path(&syntax::expression(source).ok()?)
}

/// The value of an expression that should be a list.
pub(crate) enum List {
    Items(Vec<serde_json::Value>),
    TooLong(usize),
    Other(serde_json::Value),
}

impl List {
    fn of(value: serde_json::Value) -> Self {
        match value {
            serde_json::Value::Array(items) => Self::Items(items),
            other => Self::Other(other),
        }
    }
}

impl fmt::Debug for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expr").field(&self.source()).finish()
    }
}

from_text!(Expr, { "type": "string", "x-workflow": "expression" });
