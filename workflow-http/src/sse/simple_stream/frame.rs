//! The JSON of the simple stream's frames. Names and casing are fixed by existing clients.
//!
//! A field without a value is `null`, not absent.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use workflow_core::{
    error::Problem,
    value::{StepPath, StepRef, Timestamp},
};

/// A frame of the simple stream: a step's status, or the end of the run.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Frame {
    Step(StepFrame),
    End(EndFrame),
}

/// The status of a step.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StepFrame {
    timestamp: Timestamp,
    /// The id of a top-level node; the path of a step within a map, loop or called workflow.
    node_id: StepPath,
    status: StepStatus,
    message: String,
    output: Option<String>,
    error: Option<String>,
}

#[derive(Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "FrameStatus")]
pub(super) enum StepStatus {
    Running,
    Success,
    Retrying,
    Failure,
    Info,
}

/// The end of the run.
#[derive(Serialize, JsonSchema)]
pub(crate) struct EndFrame {
    #[serde(rename = "type")]
    kind: EndKind,
    status: EndStatus,
    message: String,
}

/// Distinguishes the last frame from frames of steps.
#[derive(Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
enum EndKind {
    WorkflowStatus,
}

#[derive(Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) enum EndStatus {
    Completed,
    Failed,
}

impl StepFrame {
    pub(super) fn new(
        timestamp: Timestamp,
        step: &StepRef,
        status: StepStatus,
        message: String,
    ) -> Self {
        Self {
            timestamp,
            node_id: step.path().clone(),
            status,
            message,
            output: None,
            error: None,
        }
    }

    /// Sets the output. It is a string in this format; other JSON becomes its text.
    pub(super) fn output(mut self, output: &Value) -> Self {
        let text = output.as_str().map(str::to_owned);
        self.output = Some(text.unwrap_or_else(|| output.to_string()));
        self
    }

    /// Sets the error, with its hint in parentheses.
    pub(super) fn error(mut self, error: &Problem) -> Self {
        let hint = error.hint.as_ref().map(|hint| format!(" ({hint})"));
        self.error = Some(error.detail.clone() + &hint.unwrap_or_default());
        self
    }
}

impl EndFrame {
    pub(super) fn new(status: EndStatus, message: impl Into<String>) -> Self {
        Self {
            kind: EndKind::WorkflowStatus,
            status,
            message: message.into(),
        }
    }
}
