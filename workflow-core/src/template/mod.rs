//! Templates: text with `{{ expressions }}` over the values of a run.
//!
//! Everything here is owned: a [`Template`], [`Expr`] or [`Json`] is compiled once, when a
//! workflow is created, and rendered any number of times, from any thread. Rendering is bounded in
//! steps and in size, reaches nothing outside, and never reads its own output again.

mod blocks;
mod bounds;
mod environment;
mod expr;
mod json;
mod missing;
mod names;
mod paths;
mod secret;
mod text;
mod value;

pub use self::{
    bounds::MAX_TEMPLATE_BYTES, expr::Expr, json::Json, secret::TextOrSecret, text::Template,
};
pub(crate) use self::{environment::is_global, expr::List, value::Budget};
pub(crate) use self::{
    json::Part,
    paths::{Key, Path, Paths, only_path},
};

use std::sync::Arc;

use crate::{
    error::NodeError,
    fault::{Fault, FaultCode},
    pointer::Pointer,
    scope::Scope,
};

/// Why a text is no template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct TemplateError {
    code: FaultCode,
    detail: String,
}

impl TemplateError {
    fn too_large(detail: impl Into<String>) -> Self {
        Self {
            code: FaultCode::TemplateTooLarge,
            detail: detail.into(),
        }
    }

    fn unknown(detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self {
            code: FaultCode::TemplateSyntax,
            detail,
        }
    }

    fn syntax(error: &minijinja::Error) -> Self {
        let detail = error
            .detail()
            .map_or_else(|| error.kind().to_string(), str::to_owned);
        let line = error.line().filter(|line| *line > 1);
        let at = line.map_or_else(String::new, |line| format!(" (line {line})"));
        Self {
            code: FaultCode::TemplateSyntax,
            detail: format!("{detail}{at}"),
        }
    }

    pub(crate) fn into_fault(self, at: &Pointer) -> Fault {
        Fault::new(self.code, at, self.detail)
    }
}

/// The names a template reads, as dotted paths: `input.text`, `draft.output`.
pub(crate) type References = Arc<[String]>;

fn sorted(names: std::collections::HashSet<String>) -> References {
    let mut names: Vec<String> = names.into_iter().collect();
    names.sort_unstable();
    names.into()
}

/// Tells a failed rendering to the author of the workflow.
fn node_error(error: &minijinja::Error, references: &References, scope: &Arc<Scope>) -> NodeError {
    use minijinja::ErrorKind;
    let detail = match error.kind() {
        ErrorKind::UndefinedError => missing::explain(references, scope)
            .unwrap_or_else(|| "a value that the template names is missing".to_owned()),
        ErrorKind::OutOfFuel => {
            "the template takes too many steps or makes too much text".to_owned()
        }
        kind => error
            .detail()
            .map_or_else(|| kind.to_string(), |detail| format!("{kind}: {detail}")),
    };
    NodeError::new("template_error", detail)
}
