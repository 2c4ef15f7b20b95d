//! The events of the run as a whole.

use std::{borrow::Cow, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    error::Problem,
    value::{StepRef, Timestamp, Usage, is_zero},
};

/// The body of `run.started`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct RunStarted {
    /// When the run fails, should it still work then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Timestamp>,
}

/// The body of `run.suspended`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct RunSuspended {
    /// Why: `waiting`; `shutdown` when its host stopped.
    pub reason: Cow<'static, str>,
    /// When it goes on by itself; none when only a person can make it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wake_at: Option<Timestamp>,
    /// How many people it waits for; none when only time can end its waits.
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
    /// The workflow's result.
    pub output: Arc<Value>,
    /// Tokens used by all attempts of all steps.
    pub usage: Usage,
    /// From `run.started` to here.
    pub duration_ms: u64,
}

/// The body of `run.failed`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct RunFailed {
    /// Why.
    pub error: Arc<Problem>,
    /// The step that failed, when it was one.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub step: Option<StepRef>,
    /// Tokens used by all attempts of all steps.
    pub usage: Usage,
    /// From `run.started` to here.
    pub duration_ms: u64,
}

/// The body of `run.cancelled`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct RunCancelled {
    /// Why.
    pub reason: Cow<'static, str>,
    /// Tokens used by all attempts of all steps.
    pub usage: Usage,
    /// From `run.started` to here.
    pub duration_ms: u64,
}
