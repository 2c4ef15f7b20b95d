//! `Expr`: one bare expression.

use std::{borrow::Cow, fmt, sync::Arc};

use minijinja::value::ValueKind;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de::Error as _};

use super::{
    Paths, References, TemplateError, bounds,
    environment::ENVIRONMENT,
    names, node_error, sorted,
    value::{self, Budget},
};
use crate::{error::NodeError, scope::Scope};

/// A bare expression, compiled: `classify.output.kind == 'refund'`.
#[derive(Clone)]
pub struct Expr(Arc<Compiled>);

struct Compiled {
    expression: minijinja::Expression<'static, 'static>,
    source: Box<str>,
    references: References,
}

impl Expr {
    /// Compiles an expression.
    ///
    /// # Errors
    /// When it does not parse, or is over one of the bounds of its size.
    pub fn new(source: &str) -> Result<Self, TemplateError> {
        bounds::check_expression(source)?;
        names::check_expression(source)?;
        let compiled = ENVIRONMENT.compile_expression_owned(source.to_owned());
        let expression = compiled.map_err(|error| TemplateError::syntax(&error))?;
        let references = sorted(expression.undeclared_variables(true));
        Ok(Self(Arc::new(Compiled {
            expression,
            source: source.into(),
            references,
        })))
    }

    /// The text it was compiled from.
    pub fn source(&self) -> &str {
        &self.0.source
    }

    pub(crate) fn references(&self) -> &References {
        &self.0.references
    }

    /// The paths that it reads.
    pub(crate) fn paths(&self) -> Paths {
        Paths::of_expression(&self.0.source)
    }

    /// Whether its value counts as true.
    pub(crate) fn is_true(&self, scope: &Arc<Scope>) -> Result<bool, NodeError> {
        self.read(scope, |value| {
            value::defined(value).map(|value| value.is_true())
        })
    }

    /// Its value as JSON, paid for from a budget.
    pub(crate) fn evaluate(
        &self,
        scope: &Arc<Scope>,
        budget: &mut Budget,
    ) -> Result<serde_json::Value, NodeError> {
        self.read(scope, |value| value::to_json(&value, budget))
    }

    /// Its value as a list. One that is too long is not even converted.
    pub(crate) fn evaluate_list(
        &self,
        scope: &Arc<Scope>,
        most: usize,
        budget: &mut Budget,
    ) -> Result<List, NodeError> {
        self.read(scope, |value| {
            let value = value::defined(value)?;
            let is_list = matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable);
            match value.len().filter(|length| is_list && *length > most) {
                Some(length) => Ok(List::TooLong(length)),
                None => value::to_json(&value, budget).map(List::of),
            }
        })
    }

    fn read<T>(
        &self,
        scope: &Arc<Scope>,
        convert: impl FnOnce(minijinja::Value) -> Result<T, minijinja::Error>,
    ) -> Result<T, NodeError> {
        let context = minijinja::Value::from_dyn_object(Arc::clone(scope));
        let read = self.0.expression.eval(context).and_then(convert);
        read.map_err(|error| node_error(&error, &self.0.references, scope))
    }
}

/// What an expression that should give a list gave.
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

impl<'de> Deserialize<'de> for Expr {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let source = String::deserialize(deserializer)?;
        Self::new(&source).map_err(D::Error::custom)
    }
}

impl JsonSchema for Expr {
    fn schema_name() -> Cow<'static, str> {
        "Expr".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "x-workflow": "expression" })
    }
}
