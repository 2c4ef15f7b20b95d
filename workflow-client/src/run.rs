//! The state of a run.

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use workflow_core::{
    RunRecord,
    error::Problem,
    value::{StepRef, Timestamp, WaitId},
};

/// The state of a run: its record, its result, and the questions that are open.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct RunState {
    /// The record of the run.
    #[serde(flatten)]
    pub record: RunRecord,
    /// The result, if it completed.
    #[serde(default, deserialize_with = "some_even_if_null")]
    pub output: Option<Value>,
    /// Why it failed.
    #[serde(default)]
    pub error: Option<Problem>,
    /// The steps that wait for a person.
    #[serde(default)]
    pub waits: Vec<Wait>,
}

/// A step that waits for a person.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Wait {
    /// Identifies the wait in an answer.
    pub wait_id: WaitId,
    /// The step.
    #[serde(flatten)]
    pub step: StepRef,
    /// The question; the server truncates a message of more than 2 KiB here.
    pub message: String,
    /// JSON Schema of the answer.
    #[serde(default)]
    pub schema: Option<Value>,
    /// When the wait times out and the step fails.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
}

/// `null` is a result, and a missing field is none.
fn some_even_if_null<'de, D: Deserializer<'de>>(json: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(json).map(Some)
}
