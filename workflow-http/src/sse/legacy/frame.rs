//! The frames as the prototype's client reads them.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use workflow_core::{
    error::Problem,
    value::{StepPath, StepRef, Timestamp},
};

/// What a step does, or how the run ended.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Frame {
    Step(StepFrame),
    End(EndFrame),
}

/// What a step does.
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

/// How the run ended.
#[derive(Serialize, JsonSchema)]
pub(crate) struct EndFrame {
    #[serde(rename = "type")]
    kind: EndKind,
    status: EndStatus,
    message: String,
}

/// Tells it from the frames of steps.
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

    /// Outputs are strings there; other JSON goes as its text.
    pub(super) fn output(mut self, output: &Value) -> Self {
        let text = output.as_str().map(str::to_owned);
        self.output = Some(text.unwrap_or_else(|| output.to_string()));
        self
    }

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
