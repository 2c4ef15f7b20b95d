//! The bodies of the events of steps.

use std::{borrow::Cow, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::report::{Report, report_if_any};
use crate::{
    error::Problem,
    value::{Amount, StepKey, StepPath, StepRef, Timestamp, WaitId, some_even_if_null},
};

/// The body of `node.started`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct NodeStarted {
    /// The step.
    #[serde(flatten)]
    pub step: StepRef,
    /// The attempt, counted from 1.
    pub attempt: u32,
    /// The most attempts of this step, by its retry policy.
    pub max_attempts: u32,
    /// Why the attempt starts, if it is neither the first nor a retry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<StartReason>,
    /// When a map, loop or called workflow times out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Timestamp>,
    /// What its node planned; absent if it planned nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Box<StartedPlan>>,
}

/// What is logged of the plan of an attempt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct StartedPlan {
    /// The key of what the attempt does. A run that continues this one reuses the result of a step with the same key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<StepKey>,
    /// What is reserved for the attempt in the budgets of the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserved: Option<Amount>,
}

/// Why an attempt starts that is neither the first nor a retry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StartReason {
    /// The host stopped while an earlier attempt was running.
    Recovered,
}

/// The body of `node.queued`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct NodeQueued {
    /// The step.
    #[serde(flatten)]
    pub step: StepRef,
    /// The attempt that waits.
    pub attempt: u32,
    /// The name of the limit, for example that of a model.
    pub queue: Cow<'static, str>,
    /// Its position in the queue; 1 is next. A further event follows when the position has halved.
    pub position: usize,
}

/// The body of `node.admitted`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct NodeAdmitted {
    /// The step.
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
    /// The step.
    #[serde(flatten)]
    pub step: StepRef,
    /// The progress.
    #[serde(flatten)]
    pub progress: Progress,
}

/// The progress of a map, loop or agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Progress {
    /// The progress of a map.
    Items {
        /// Number of completed items.
        items_done: usize,
        /// Number of all items.
        items: usize,
        /// The item that was just completed, counted from 0; absent when the map starts.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        item: Option<usize>,
    },
    /// The progress of a loop.
    Round {
        /// The round that starts, counted from 0.
        round: usize,
    },
    /// The progress of an agent.
    Turn {
        /// The turn that starts, counted from 0.
        turn: usize,
        /// The most turns of the agent.
        max_turns: usize,
    },
}

/// The body of `node.waiting`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct NodeWaiting {
    /// The step.
    #[serde(flatten)]
    pub step: StepRef,
    /// Identifies the wait in an answer.
    pub wait_id: WaitId,
    /// What kind of wait it is; absent for the question of a node to a person, and for a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<WaitKind>,
    /// What the step would send, if it is held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Arc<Value>>,
    /// The agent whose budget is used up, or the step that calls the workflow whose budget is; absent for the budget of the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget_of: Option<StepPath>,
    /// The call that waits for approval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<Box<WaitingCall>>,
    /// The key of what the step would do. The answer is about this and nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<StepKey>,
    /// The question to the person; absent if the step waits for a time only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Arc<str>>,
    /// JSON Schema of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Arc<Value>>,
    /// When the wait times out and the step fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// When the step continues without an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumes_at: Option<Timestamp>,
}

/// A kind of wait that the engine itself asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WaitKind {
    /// The step may act outside of the run, and the run is a what-if run: a person decides whether it does.
    Effect,
    /// The next attempt does not fit into a budget: a person decides whether the budget is raised.
    Budget,
    /// An agent calls a tool that needs approval: a person decides whether the call is made, and with which arguments.
    Approval,
}

/// The call that a person decides on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct WaitingCall {
    /// The name of the tool.
    pub tool: Arc<str>,
    /// The arguments that the model asks for.
    pub args: Arc<Value>,
    /// The JSON Schema of the arguments. Other arguments in an answer are checked against it.
    pub input: Arc<Value>,
}

/// The body of `node.resumed`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct NodeResumed {
    /// The step.
    #[serde(flatten)]
    pub step: StepRef,
    /// The wait that is over.
    pub wait_id: WaitId,
    /// The answer; absent if time ended the wait. An answer may be `null`.
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
    /// The step.
    #[serde(flatten)]
    pub step: StepRef,
    /// The attempt that failed.
    pub attempt: u32,
    /// The most attempts of this step, by its retry policy.
    pub max_attempts: u32,
    /// Milliseconds from the time of the event to the next attempt.
    pub next_in_ms: u64,
    /// Why the attempt failed.
    pub error: Arc<Problem>,
    /// What the next attempt waits for besides time, such as `retry_budget`. It may be queued after it has started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<Cow<'static, str>>,
    /// The report of the failed attempt.
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
    /// The step.
    #[serde(flatten)]
    pub step: StepRef,
    /// The attempt that succeeded; 0 if the output was reused from another run.
    pub attempt: u32,
    /// The output.
    pub output: Arc<Value>,
    /// How long the attempt took in milliseconds, including the wait for admission.
    pub duration_ms: u64,
    /// The report of the attempt.
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
    /// The step.
    #[serde(flatten)]
    pub step: StepRef,
    /// The attempt that failed; 0 if the `when` of the node could not be evaluated.
    pub attempt: u32,
    /// Why it failed.
    pub error: Arc<Problem>,
    /// Whether `on_error` handles the failure, so that the run continues.
    pub handled: bool,
    /// The substitute output that its dependents read, if `on_error` has one.
    #[serde(
        default,
        deserialize_with = "some_even_if_null",
        skip_serializing_if = "Option::is_none"
    )]
    pub output: Option<Arc<Value>>,
    /// How long the attempt took in milliseconds, including the wait for admission.
    pub duration_ms: u64,
    /// The report of the failed attempt.
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
    /// The step.
    #[serde(flatten)]
    pub step: StepRef,
    /// Why it is skipped.
    pub reason: SkipReason,
}

/// Why a step is skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SkipReason {
    /// All nodes that it needs were skipped.
    NeedsSkipped,
    /// Its `when` evaluated to false.
    WhenFalse,
    /// The run is limited to another step.
    NotSelected,
    /// The switch of its `case` chose another case, or none.
    CaseNotChosen,
}

impl SkipReason {
    /// The reason as events write it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::NeedsSkipped => "needs_skipped",
            Self::WhenFalse => "when_false",
            Self::NotSelected => "not_selected",
            Self::CaseNotChosen => "case_not_chosen",
        }
    }
}

/// The body of `node.cancelled`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct NodeCancelled {
    /// The step.
    #[serde(flatten)]
    pub step: StepRef,
    /// Why it was cancelled.
    pub reason: Cow<'static, str>,
}
