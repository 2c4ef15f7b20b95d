//! The events of steps.

use std::{borrow::Cow, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::report::{Report, report_if_any};
use crate::{
    error::Problem,
    value::{StepRef, Timestamp, WaitId, some_even_if_null},
};

/// The body of `node.started`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct NodeStarted {
    /// Which step.
    #[serde(flatten)]
    pub step: StepRef,
    /// Counted from 1.
    pub attempt: u32,
    /// Attempts in all, should each fail and be worth another.
    pub max_attempts: u32,
    /// Why there is another attempt, when it is not a retry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<StartReason>,
    /// When a map, loop or called workflow fails, should it still work then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Timestamp>,
}

/// Why an attempt starts that is neither the first nor a retry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StartReason {
    /// The step was in flight when its host stopped.
    Recovered,
}

/// The body of `node.queued`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct NodeQueued {
    /// Which step.
    #[serde(flatten)]
    pub step: StepRef,
    /// The attempt that waits.
    pub attempt: u32,
    /// The limit that it waits at, for example the name of a model.
    pub queue: Cow<'static, str>,
    /// Its place in line; 1 is next. A further event follows once it has halved.
    pub position: usize,
}

/// The body of `node.admitted`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct NodeAdmitted {
    /// Which step.
    #[serde(flatten)]
    pub step: StepRef,
    /// The attempt that waited.
    pub attempt: u32,
    /// How long it waited, in milliseconds.
    pub queued_ms: u64,
}

/// The body of `node.progress`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct NodeProgress {
    /// Which step.
    #[serde(flatten)]
    pub step: StepRef,
    /// How far it is.
    #[serde(flatten)]
    pub progress: Progress,
}

/// How far a map or loop is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Progress {
    /// Of a map.
    Items {
        /// How many items are done.
        items_done: usize,
        /// How many there are.
        items: usize,
        /// The item that is done now, counted from 0; none when the map begins.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        item: Option<usize>,
    },
    /// Of a loop.
    Round {
        /// The round that begins now, counted from 0.
        round: usize,
    },
}

/// The body of `node.waiting`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct NodeWaiting {
    /// Which step.
    #[serde(flatten)]
    pub step: StepRef,
    /// Names the wait, for whoever ends it.
    pub wait_id: WaitId,
    /// What a person is asked; none where only time ends the wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Arc<str>>,
    /// JSON Schema of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Arc<Value>>,
    /// When the step fails, should nobody have answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// When the step goes on by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumes_at: Option<Timestamp>,
}

/// The body of `node.resumed`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct NodeResumed {
    /// Which step.
    #[serde(flatten)]
    pub step: StepRef,
    /// The wait that is over.
    pub wait_id: WaitId,
    /// The answer; none where time ended the wait.
    #[serde(
        default,
        deserialize_with = "some_even_if_null",
        skip_serializing_if = "Option::is_none"
    )]
    pub payload: Option<Arc<Value>>,
}

/// The body of `node.retrying`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct NodeRetrying {
    /// Which step.
    #[serde(flatten)]
    pub step: StepRef,
    /// The attempt that failed.
    pub attempt: u32,
    /// Attempts in all.
    pub max_attempts: u32,
    /// Milliseconds from the event's time to the next attempt.
    pub next_in_ms: u64,
    /// Why it failed.
    pub error: Arc<Problem>,
    /// What the next attempt has to wait for besides time, such as `retry_budget`: it may be queued
    /// once it has started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<Cow<'static, str>>,
    /// What the node said about the failed attempt.
    #[serde(
        flatten,
        deserialize_with = "report_if_any",
        skip_serializing_if = "Option::is_none"
    )]
    pub report: Option<Box<Report>>,
}

/// The body of `node.completed`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct NodeCompleted {
    /// Which step.
    #[serde(flatten)]
    pub step: StepRef,
    /// The attempt that succeeded; 0 when the output was taken over from another run.
    pub attempt: u32,
    /// The whole output.
    pub output: Arc<Value>,
    /// How long the attempt took, waiting for admission included.
    pub duration_ms: u64,
    /// What the node said about how it got there.
    #[serde(
        flatten,
        deserialize_with = "report_if_any",
        skip_serializing_if = "Option::is_none"
    )]
    pub report: Option<Box<Report>>,
}

/// The body of `node.failed`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct NodeFailed {
    /// Which step.
    #[serde(flatten)]
    pub step: StepRef,
    /// The attempt that failed; 0 when its `when` could not be evaluated.
    pub attempt: u32,
    /// Why.
    pub error: Arc<Problem>,
    /// Whether the workflow goes on all the same.
    pub handled: bool,
    /// What its dependents read instead, where `on_error` says so.
    #[serde(
        default,
        deserialize_with = "some_even_if_null",
        skip_serializing_if = "Option::is_none"
    )]
    pub output: Option<Arc<Value>>,
    /// How long the attempt took, waiting for admission included.
    pub duration_ms: u64,
    /// What the node said about the failed attempt.
    #[serde(
        flatten,
        deserialize_with = "report_if_any",
        skip_serializing_if = "Option::is_none"
    )]
    pub report: Option<Box<Report>>,
}

/// The body of `node.skipped`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct NodeSkipped {
    /// Which step.
    #[serde(flatten)]
    pub step: StepRef,
    /// Why.
    pub reason: SkipReason,
}

/// Why a step is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SkipReason {
    /// Everything it needs was skipped.
    NeedsSkipped,
    /// Its `when` is false.
    WhenFalse,
}

/// The body of `node.cancelled`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct NodeCancelled {
    /// Which step.
    #[serde(flatten)]
    pub step: StepRef,
    /// Why.
    pub reason: Cow<'static, str>,
}
