//! A run as lists show it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{RunHead, WorkflowRef};
use crate::{
    event::{EventKind, StepEvent},
    value::{RunId, Timestamp},
};

/// A run as lists show it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct RunRecord {
    /// Its id.
    pub id: RunId,
    /// What it runs.
    pub workflow: WorkflowRef,
    /// When it was created.
    pub created_at: Timestamp,
    /// The beginning of its input.
    pub input_excerpt: String,
    /// The run that this one does again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_of: Option<RunId>,
    /// What its events change.
    #[serde(flatten)]
    pub head: RunHead,
}

impl RunRecord {
    /// The record of a run whose first event is this `run.created`.
    pub fn new(workflow: WorkflowRef, created: &StepEvent) -> Self {
        let (input_excerpt, retry_of) = match &created.kind {
            EventKind::RunCreated(body) => (excerpt(&body.input), body.retry_of),
            _ => (String::new(), None),
        };
        let mut head = RunHead::new(created.time);
        head.apply(created);
        Self {
            id: created.run_id,
            workflow,
            created_at: created.time,
            input_excerpt,
            retry_of,
            head,
        }
    }
}

/// The most characters of an excerpt.
const EXCERPT_CHARS: usize = 120;

fn excerpt(input: &Value) -> String {
    match input {
        Value::String(text) => text.chars().take(EXCERPT_CHARS).collect(),
        other => other.to_string().chars().take(EXCERPT_CHARS).collect(),
    }
}
