//! Templates: text with `{{ expressions }}` over the values of a run.
//!
//! - [`Template`] renders to text, [`Json`] to JSON, and [`Expr`] is one expression. [`TextOrSecret`] may name a secret,
//!   and [`Templated`] is a number or another value that may be written as a template.
//! - They are compiled once, when a workflow is created, own everything they need, and can be rendered from any thread.
//! - Rendering is limited in steps and size, has no side effects, and never renders its own output.
//!
//! `syntax` parses a template and prints it for the engine (`minijinja`), `language` defines filters and tests, `scope`
//! holds the values, and `reference` and `paths` are what checks use. The engine runs only text that `syntax` printed.

mod bounds;
mod condition;
mod expr;
mod from_text;
mod json;
mod language;
mod missing;
mod paths;
mod reference;
mod run;
mod scope;
mod secret;
mod shared;
mod syntax;
mod templated;
mod text;

pub(crate) use self::run::{RUN, RUN_ERROR, RUN_FIELDS, RunValues};
pub(crate) use self::scope::{
    ARGS, EXHAUSTED, HISTORY, ImplicitInput, STEP_FIELDS, Scope, Variables, step_fields,
};

pub use self::{
    bounds::MAX_TEMPLATE_BYTES, expr::Expr, json::Json, secret::TextOrSecret, templated::Templated,
    text::Template,
};
pub(crate) use self::{
    condition::Condition,
    expr::{List, only_path},
    json::{Part, looks_like_template, template_in_name},
    language::{Budget, FILTERS, FUNCTIONS, STATEMENTS, TESTS, is_global},
    paths::{Key, Path, Paths},
    reference::Reference,
    templated::or_template,
};

use crate::error::{Fault, FaultCode, Pointer};

/// Why a text is not a valid template. `Display` names the line if it is not the first.
///
/// In a workflow, the error becomes a [`Fault`] with the place of the field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct TemplateError {
    code: FaultCode,
    detail: String,
    hint: Option<String>,
}

impl TemplateError {
    fn too_large(detail: impl Into<String>) -> Self {
        Self::new(FaultCode::TemplateTooLarge, detail)
    }

    fn syntax(detail: impl Into<String>) -> Self {
        Self::new(FaultCode::TemplateSyntax, detail)
    }

    fn new(code: FaultCode, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            hint: None,
        }
    }

    fn of_engine(error: &minijinja::Error) -> Self {
        let detail = error
            .detail()
            .map_or_else(|| error.kind().to_string(), str::to_owned);
        Self::syntax(detail).on_line(error.line().unwrap_or(1))
    }

    fn with_hint(self, hint: impl Into<String>) -> Self {
        self.maybe_hint(Some(hint.into()))
    }

    fn maybe_hint(self, hint: Option<String>) -> Self {
        Self { hint, ..self }
    }

    /// Adds the line to the message, unless it is the first.
    fn on_line(mut self, line: usize) -> Self {
        if line > 1 {
            self.detail = format!("{} (line {line})", self.detail);
        }
        self
    }

    /// The error as a fault at a place.
    pub(crate) fn into_fault(self, at: &Pointer) -> Fault {
        let mut fault = Fault::new(self.code, at, self.detail);
        fault.hint = self.hint;
        fault
    }
}
