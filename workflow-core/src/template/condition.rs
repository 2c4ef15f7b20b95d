//! `Condition`: an expression that is true or false.

use std::sync::Arc;

use super::scope::Scope;
use super::{
    Expr, Paths, TemplateError,
    from_text::from_text,
    language::condition_value,
    reference::References,
    syntax::{self, Literal},
};
use crate::error::NodeError;

/// A compiled condition: `classify.output.kind == 'refund'`.
///
/// Its value is a boolean, or a number, null, list or object, of which zero, null and empty ones are false. Text
/// is an error: `"no"` would be true.
#[derive(Clone, Debug)]
pub(crate) struct Condition(Expr);

impl Condition {
    /// Compiles a condition.
    ///
    /// # Errors
    /// As [`Expr::parse`].
    pub(crate) fn parse(source: &str) -> Result<Self, TemplateError> {
        Expr::printed(source, syntax::condition).map(Self)
    }

    /// The expression alone; its value may be of any kind.
    ///
    /// Used by checks, which look at what it reads only.
    pub(crate) fn into_expr(self) -> Expr {
        self.0
    }

    pub(crate) fn references(&self) -> &References {
        self.0.references()
    }

    pub(crate) fn paths(&self) -> &Paths {
        self.0.paths()
    }

    /// Whether it reads nothing and is not written as plain `true` or `false`. Such a condition is probably a
    /// mistake. `true` and `false` are exempt: they switch a node on or off on purpose.
    pub(crate) fn is_constant(&self) -> bool {
        let plain = matches!(
            syntax::expression(self.0.source()),
            Ok(syntax::Expr::Literal(Literal::Word("true" | "false")))
        );
        self.references().is_empty() && !plain
    }

    /// Evaluates the condition.
    pub(crate) fn is_true(&self, scope: &Arc<Scope>) -> Result<bool, NodeError> {
        self.0.read(scope, |value| {
            condition_value(value).map(|value| value.is_true())
        })
    }
}

from_text!(Condition, {
    "type": "string",
    "x-workflow": "expression",
    "x-workflow-condition": true,
});
