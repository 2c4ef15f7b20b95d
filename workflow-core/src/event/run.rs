//! The bodies of the events of a run as a whole.

use std::{borrow::Cow, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    error::Problem,
    value::{Cost, StepRef, Timestamp, Usage, is_zero},
};

/// The body of `run.started`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct RunStarted {
    /// When the run times out, by the `timeout` of its workflow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Timestamp>,
}

/// The body of `run.suspended`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct RunSuspended {
    /// Why: `waiting`, or `shutdown` if its host stopped.
    pub reason: Cow<'static, str>,
    /// When the run continues without an answer; absent if it waits for persons only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wake_at: Option<Timestamp>,
    /// The number of answers that it waits for; absent if it waits for times only.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub awaiting_answers: u64,
}

/// The body of `run.resumed`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct RunResumed {
    /// Why: `signal`, `timer`, or `restart` of a host that had stopped.
    pub reason: Cow<'static, str>,
}

/// The body of `run.completed`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct RunCompleted {
    /// The result of the workflow.
    pub output: Arc<Value>,
    /// The tokens used by all attempts of all steps.
    pub usage: Usage,
    /// What they cost, in total; absent if nothing is known of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    /// Milliseconds since `run.started`.
    pub duration_ms: u64,
}

/// The body of `run.failing`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct RunFailing {
    /// Why it fails. `run.failed` has the same error.
    pub error: Arc<Problem>,
    /// The step that failed; absent if the run failed as a whole, for example at its deadline.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub step: Option<StepRef>,
    /// When its `on_failure` times out.
    pub deadline: Timestamp,
}

/// The body of `run.failed`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct RunFailed {
    /// Why it failed.
    pub error: Arc<Problem>,
    /// The step that failed; absent if the run failed as a whole, for example at its deadline.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub step: Option<StepRef>,
    /// The tokens used by all attempts of all steps.
    pub usage: Usage,
    /// What they cost, in total; absent if nothing is known of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    /// Milliseconds since `run.started`.
    pub duration_ms: u64,
    /// Why its `on_failure` did not complete; absent if it completed, or did not run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_failure_error: Option<Arc<Problem>>,
}

/// The body of `run.cancelled`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct RunCancelled {
    /// Why it was cancelled.
    pub reason: Cow<'static, str>,
    /// The tokens used by all attempts of all steps.
    pub usage: Usage,
    /// What they cost, in total; absent if nothing is known of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    /// Milliseconds since `run.started`.
    pub duration_ms: u64,
}
