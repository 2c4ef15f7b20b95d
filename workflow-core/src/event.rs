//! Everything a run can say: numbered step events, kept in its log, and deltas, which are live only.

use std::{borrow::Cow, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::{
    data::given,
    error::Problem,
    id::{NodeId, RunId, StepRef, WaitId, WorkflowId},
    time::Timestamp,
    usage::Usage,
    workflow::Workflow,
};

/// One entry in the log of a run. Cheap to clone: what is large is shared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StepEvent {
    /// Its number in the run: 1, 2, 3, without gaps.
    pub seq: u64,
    /// The run it belongs to.
    pub run_id: RunId,
    /// When it happened.
    pub time: Timestamp,
    /// What happened; its name is the JSON's `type`.
    #[serde(flatten)]
    pub kind: EventKind,
}

impl StepEvent {
    pub(crate) fn new(seq: u64, run_id: RunId, time: Timestamp, kind: EventKind) -> Self {
        Self {
            seq,
            run_id,
            time,
            kind,
        }
    }

    /// The step it is about; none for the events of the run as a whole.
    pub fn step(&self) -> Option<&StepRef> {
        match &self.kind {
            EventKind::NodeStarted(it) => Some(&it.step),
            EventKind::NodeProgress(it) => Some(&it.step),
            EventKind::NodeRetrying(it) => Some(&it.step),
            EventKind::NodeWaiting(it) => Some(&it.step),
            EventKind::NodeResumed(it) => Some(&it.step),
            EventKind::NodeCompleted(it) => Some(&it.step),
            EventKind::NodeFailed(it) => Some(&it.step),
            EventKind::NodeSkipped(it) => Some(&it.step),
            EventKind::NodeCancelled(it) => Some(&it.step),
            EventKind::RunCreated(_)
            | EventKind::RunStarted(_)
            | EventKind::RunSuspended(_)
            | EventKind::RunResumed(_)
            | EventKind::RunCompleted(_)
            | EventKind::RunFailed(_)
            | EventKind::RunCancelled(_) => None,
        }
    }

    /// What the node said about the attempt that this event ends.
    pub fn report(&self) -> Option<&Report> {
        match &self.kind {
            EventKind::NodeCompleted(it) => it.report.as_deref(),
            EventKind::NodeRetrying(it) => it.report.as_deref(),
            EventKind::NodeFailed(it) => it.report.as_deref(),
            _ => None,
        }
    }

    /// What the attempt that this event ends has used.
    pub(crate) fn usage(&self) -> Usage {
        self.report().map(|report| report.usage).unwrap_or_default()
    }

    /// The event as readers are shown it: without what only the log [keeps](Report::kept).
    pub fn shown(&self) -> Cow<'_, Self> {
        if self.report().is_none_or(|report| report.kept.is_none()) {
            return Cow::Borrowed(self);
        }
        let mut shown = self.clone();
        let report = match &mut shown.kind {
            EventKind::NodeCompleted(it) => it.report.as_deref_mut(),
            EventKind::NodeRetrying(it) => it.report.as_deref_mut(),
            EventKind::NodeFailed(it) => it.report.as_deref_mut(),
            _ => None,
        };
        if let Some(report) = report {
            report.kept = None;
        }
        Cow::Owned(shown)
    }

    /// Whether it is the run's last.
    pub fn is_terminal(&self) -> bool {
        matches!(
            self.kind,
            EventKind::RunCompleted(_) | EventKind::RunFailed(_) | EventKind::RunCancelled(_)
        )
    }
}

macro_rules! event_kinds {
    ($($(#[$doc:meta])+ $name:ident($body:ty) = $tag:literal,)+) => {
        /// What happened. The bodies of rare events are boxed, so that the frequent ones are small.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "type")]
        #[non_exhaustive]
        pub enum EventKind {
            $($(#[$doc])+ #[serde(rename = $tag)] $name($body),)+
        }

        impl EventKind {
            /// The name of the event, `node.started`: the JSON's `type`.
            pub fn name(&self) -> &'static str {
                match self { $(EventKind::$name(_) => $tag,)+ }
            }
        }
    };
}

event_kinds! {
    /// The run exists. Always the first event.
    RunCreated(Box<RunCreated>) = "run.created",
    /// The run has begun to work.
    RunStarted(RunStarted) = "run.started",
    /// An attempt at a step starts now.
    NodeStarted(NodeStarted) = "node.started",
    /// A map or loop has come further.
    NodeProgress(NodeProgress) = "node.progress",
    /// An attempt failed, and another one follows.
    NodeRetrying(Box<NodeRetrying>) = "node.retrying",
    /// A step waits for a person or a time.
    NodeWaiting(Box<NodeWaiting>) = "node.waiting",
    /// A step's wait is over.
    NodeResumed(NodeResumed) = "node.resumed",
    /// A step is done.
    NodeCompleted(NodeCompleted) = "node.completed",
    /// A step failed for good.
    NodeFailed(Box<NodeFailed>) = "node.failed",
    /// A step is not taken.
    NodeSkipped(NodeSkipped) = "node.skipped",
    /// A step was stopped before it was done.
    NodeCancelled(NodeCancelled) = "node.cancelled",
    /// Nothing works, and the run waits for a person or a time. It costs nothing meanwhile.
    RunSuspended(RunSuspended) = "run.suspended",
    /// The run works again.
    RunResumed(RunResumed) = "run.resumed",
    /// The run is done. The last event.
    RunCompleted(Box<RunCompleted>) = "run.completed",
    /// The run failed. The last event.
    RunFailed(Box<RunFailed>) = "run.failed",
    /// The run was cancelled. The last event.
    RunCancelled(Box<RunCancelled>) = "run.cancelled",
}

/// The body of `run.created`: what the run works on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RunCreated {
    /// The stored workflow; none when a program runs a workflow of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow_id: Option<WorkflowId>,
    /// The version of the stored workflow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    /// SHA-256 of the specification, its keys sorted.
    pub spec_hash: Arc<str>,
    /// What the run was started with.
    pub input: Arc<Value>,
    /// What the caller wanted kept with the run.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    pub metadata: Option<Arc<Value>>,
    /// The nodes, in the order they are written.
    pub nodes: Arc<[NodeOutline]>,
    /// The workflows that are called, as they are while this run goes on.
    #[serde(default, skip_serializing_if = "no_pins")]
    pub workflows: Arc<[PinnedWorkflow]>,
}

fn no_pins(pins: &Arc<[PinnedWorkflow]>) -> bool {
    pins.is_empty()
}

/// A called workflow, pinned for a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PinnedWorkflow {
    /// What it is called by: its name or id, as the calling node has it.
    pub workflow: Arc<str>,
    /// The stored workflow; none when a program brought it along.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow_id: Option<WorkflowId>,
    /// The version of the stored workflow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    /// SHA-256 of its specification, its keys sorted.
    pub spec_hash: Arc<str>,
    /// Its nodes.
    pub nodes: Arc<[NodeOutline]>,
}

impl RunCreated {
    /// A run of this workflow.
    pub(crate) fn of(workflow: &Workflow, input: Arc<Value>) -> Self {
        let (workflow_id, version) = workflow.origin().unzip();
        Self {
            workflow_id,
            version,
            spec_hash: Arc::clone(workflow.hash()),
            input,
            metadata: None,
            nodes: Arc::clone(workflow.nodes()),
            workflows: Arc::clone(workflow.pins()),
        }
    }
}

/// A node as `run.created` and graphs tell it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct NodeOutline {
    /// Its id.
    pub id: NodeId,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: Arc<str>,
    /// Its display name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Arc<str>>,
    /// What must be settled before it starts.
    pub needs: Vec<NodeId>,
    /// The workflow it calls, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow: Option<Arc<str>>,
    /// The body of a map or loop.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<NodeOutline>,
}

/// The body of `run.started`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RunStarted {
    /// When the run fails, should it still work then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Timestamp>,
}

/// The body of `node.started`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StartReason {
    /// The step was in flight when its host stopped.
    Recovered,
}

/// The body of `node.progress`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
#[expect(clippy::exhaustive_enums, reason = "there are maps and loops")]
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    pub payload: Option<Arc<Value>>,
}

/// The body of `node.retrying`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
    /// What the node said about the failed attempt.
    #[serde(
        flatten,
        deserialize_with = "report_if_any",
        skip_serializing_if = "Option::is_none"
    )]
    pub report: Option<Box<Report>>,
}

/// The body of `node.completed`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct NodeCompleted {
    /// Which step.
    #[serde(flatten)]
    pub step: StepRef,
    /// The attempt that succeeded.
    pub attempt: u32,
    /// The whole output.
    pub output: Arc<Value>,
    /// How long the attempt took.
    pub duration_ms: u64,
    /// What the node said about how it got there.
    #[serde(
        flatten,
        deserialize_with = "report_if_any",
        skip_serializing_if = "Option::is_none"
    )]
    pub report: Option<Box<Report>>,
}

/// What a node may say about an attempt, beside its output, whether or not it succeeds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Report {
    /// Tokens used.
    #[serde(default, skip_serializing_if = "Usage::is_empty")]
    pub usage: Usage,
    /// The model that answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Cow<'static, str>>,
    /// Why the model stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finish_reason: Option<Cow<'static, str>>,
    /// What else there is to say of the answer, such as its sources.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Arc<Value>>,
    /// What the log keeps, but streams and pages of events leave out
    /// ([`StepEvent::shown`]): the prompt as it was sent, the raw parts of an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<Arc<Value>>,
    /// How many rounds a loop made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rounds: Option<usize>,
    /// Whether a loop ended because it may make no more rounds.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub exhausted: bool,
}

fn report_if_any<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Box<Report>>, D::Error> {
    let report = Report::deserialize(deserializer)?;
    Ok((report != Report::default()).then(|| Box::new(report)))
}

/// The body of `node.failed`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    pub output: Option<Arc<Value>>,
    /// How long the attempt took.
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct NodeSkipped {
    /// Which step.
    #[serde(flatten)]
    pub step: StepRef,
    /// Why.
    pub reason: SkipReason,
}

/// Why a step is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SkipReason {
    /// Everything it needs was skipped.
    NeedsSkipped,
    /// Its `when` is false.
    WhenFalse,
}

/// The body of `node.cancelled`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct NodeCancelled {
    /// Which step.
    #[serde(flatten)]
    pub step: StepRef,
    /// Why.
    pub reason: Cow<'static, str>,
}

/// The body of `run.suspended`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RunSuspended {
    /// Why: `waiting`.
    pub reason: Cow<'static, str>,
    /// When it goes on by itself; none when only a person can make it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wake_at: Option<Timestamp>,
}

/// The body of `run.resumed`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RunResumed {
    /// Why: `signal` or `timer`.
    pub reason: Cow<'static, str>,
}

/// The body of `run.completed`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RunCancelled {
    /// Why.
    pub reason: Cow<'static, str>,
    /// Tokens used by all attempts of all steps.
    pub usage: Usage,
    /// From `run.started` to here.
    pub duration_ms: u64,
}

/// A piece of text of a running step. Live only: it is in no log, and the step's
/// `node.completed` carries the whole output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename = "node.delta")]
#[non_exhaustive]
pub struct Delta {
    /// The run it belongs to.
    pub run_id: RunId,
    /// Which step.
    #[serde(flatten)]
    pub step: StepRef,
    /// Which attempt; each starts its text anew.
    pub attempt: u32,
    /// Answer or thought.
    pub kind: TextKind,
    /// The piece.
    #[serde(rename = "delta")]
    pub text: String,
    /// UTF-16 units of text that came before, in this attempt and kind.
    pub offset: u64,
}

impl Delta {
    pub(crate) fn new(
        run_id: RunId,
        step: StepRef,
        attempt: u32,
        kind: TextKind,
        text: String,
        offset: u64,
    ) -> Self {
        Self {
            run_id,
            step,
            attempt,
            kind,
            text,
            offset,
        }
    }
}

/// What a piece of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TextKind {
    /// Part of the answer.
    Text,
    /// Part of the model's thoughts, which are not part of the output.
    Thought,
}

/// What a run's stream yields.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Update {
    /// Something happened; it is in the log.
    Event(StepEvent),
    /// A running step has more text.
    Delta(Delta),
}
