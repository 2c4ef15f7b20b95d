//! The record of a run.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{RunHead, WorkflowRef};
use crate::{
    event::{EventKind, StepEvent},
    value::{RunId, Timestamp},
};

/// The record of a run, as shown in lists.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct RunRecord {
    /// The id of the run.
    pub id: RunId,
    /// The workflow and its pinned version.
    pub workflow: WorkflowRef,
    /// When it was created.
    pub created_at: Timestamp,
    /// The first 120 characters of the input: of a text, or else of its JSON.
    pub input_excerpt: String,
    /// The earlier run that this one re-runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_of: Option<RunId>,
    /// The part that events change.
    #[serde(flatten)]
    pub head: RunHead,
}

impl RunRecord {
    /// The record of a new run. `created` is its first event, a `run.created`.
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
