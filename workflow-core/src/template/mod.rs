//! Templates: text with `{{ expressions }}` over the values of a run.
//!
//! Everything here is owned: a [`Template`], [`Expr`] or [`Json`] is compiled once, when a
//! workflow is created, and rendered any number of times, from any thread. Rendering is bounded in
//! steps and in size, reaches nothing outside, and never reads its own output again.

mod bounds;
mod condition;
mod expr;
mod from_text;
mod json;
mod language;
mod missing;
mod paths;
mod reference;
mod scope;
mod secret;
mod syntax;
mod text;

pub(crate) use self::scope::{ImplicitInput, STEP_FIELDS, Scope, Variables};

pub use self::{
    bounds::MAX_TEMPLATE_BYTES, expr::Expr, json::Json, secret::TextOrSecret, text::Template,
};
pub(crate) use self::{
    condition::Condition,
    expr::{List, only_path},
    json::{Part, looks_like_template, template_in_name},
    language::{Budget, is_global},
    paths::{Key, Path, Paths},
    reference::Reference,
};

use crate::error::{Fault, FaultCode, Pointer};

/// Why a text is no template.
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

    /// Names the line, unless it is the first.
    fn on_line(mut self, line: usize) -> Self {
        if line > 1 {
            self.detail = format!("{} (line {line})", self.detail);
        }
        self
    }

    pub(crate) fn into_fault(self, at: &Pointer) -> Fault {
        let mut fault = Fault::new(self.code, at, self.detail);
        fault.hint = self.hint;
        fault
    }
}
