//! `on_error` and `on_ambiguous`: what a failure means for the workflow.

use std::sync::Arc;

use serde_json::Value;

use super::fields::Fields;

/// What follows when a node fails for good.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum OnError {
    /// Its workflow fails.
    #[default]
    Fail,
    /// The workflow goes on, and the node has no output.
    Continue,
    /// The workflow goes on with this output.
    Output(Arc<Value>),
}

/// What follows when a node was in flight as its host stopped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum OnAmbiguous {
    /// It runs again.
    #[default]
    Retry,
    /// It fails: it must not happen twice.
    Fail,
}

pub(super) fn read(fields: &mut Fields) -> OnError {
    let Some(value) = fields.value("on_error") else {
        return OnError::default();
    };
    match value.as_str() {
        Some("fail") => OnError::Fail,
        Some("continue") => OnError::Continue,
        None if value.is_object() => fields.nested("on_error", value, |fields| {
            let output = fields.required("output").cloned();
            output.map_or(OnError::Fail, |output| OnError::Output(Arc::new(output)))
        }),
        _ => {
            let what = "\"fail\", \"continue\" or {\"output\": …}";
            fields.expected("on_error", what, value).unwrap_or_default()
        }
    }
}

pub(super) fn read_ambiguous(fields: &mut Fields) -> OnAmbiguous {
    let Some(value) = fields.value("on_ambiguous") else {
        return OnAmbiguous::default();
    };
    match value.as_str() {
        Some("retry") => OnAmbiguous::Retry,
        Some("fail") => OnAmbiguous::Fail,
        _ => {
            let what = "\"retry\" or \"fail\"";
            fields
                .expected("on_ambiguous", what, value)
                .unwrap_or_default()
        }
    }
}
