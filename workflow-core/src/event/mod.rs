//! The log of a run, and what is streamed beside it.
//!
//! A [`StepEvent`] has a number, a time and an [`EventKind`]: one variant for each event name on the wire, such as
//! `node.started`, with a struct for its fields. Events are numbered from 1 without gaps and are stored. A
//! [`Delta`] is a piece of text that a running attempt produces; it is streamed and not stored. A reader of a run
//! gets both as [`Update`]s. [`LOG_FORMAT`] is the version of what is stored.
//!
//! The log is the only stored state of a run: reports are folded from it, and a run is resumed from it. So the JSON of
//! these types is a storage format and a wire format at once. A field with a serde default must stay readable when it is
//! absent, and a field is renamed only with a new format. Only the state machine creates events.

mod created;
mod delta;
mod kind;
mod memory;
mod node;
mod report;
mod resume;
mod run;

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) use self::created::{AGENT_TURN, UnknownFormat};
pub use self::{
    created::{
        Continued, LOG_FORMAT, NodeOutline, PinnedWorkflow, ReusedStep, RunCreated, TOOL_CALL,
        TableEntry, TakenOutput, TakenResult, TakenStep,
    },
    delta::{Delta, TextKind, Update},
    kind::EventKind,
    node::{
        NodeAdmitted, NodeCancelled, NodeCompleted, NodeFailed, NodeProgress, NodeQueued,
        NodeResumed, NodeRetrying, NodeSkipped, NodeStarted, NodeWaiting, Progress, SkipReason,
        StartReason, StartedPlan, WaitKind, WaitingCall,
    },
    report::{Report, ReusedFrom},
    resume::ResumeError,
    run::{
        RunCancelled, RunCompleted, RunFailed, RunFailing, RunResumed, RunStarted, RunSuspended,
    },
};
use crate::value::{RunId, StepRef, Timestamp};

/// One entry in the log of a run. Cheap to clone: large values are shared.
///
/// ```
/// use workflow_core::{EventKind, StepEvent};
///
/// let event: StepEvent = serde_json::from_str(r#"{
///     "seq": 2,
///     "run_id": "0197f9d2-6f3e-7000-8000-000000000001",
///     "time": "2026-01-31T12:00:00Z",
///     "type": "run.started"
/// }"#)?;
/// assert!(matches!(event.kind, EventKind::RunStarted(_)));
/// assert!(!event.is_terminal());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct StepEvent {
    /// The number of the event in its run: 1, 2, 3, without gaps. Readers resume a stream from it.
    pub seq: u64,
    /// The run.
    pub run_id: RunId,
    /// When it happened, by the clock of the run. It never goes back within a run.
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

    /// The step of the event; `None` for events of the run as a whole. (`run.failing` and `run.failed` name their step in their body.)
    pub fn step(&self) -> Option<&StepRef> {
        match &self.kind {
            EventKind::NodeStarted(it) => Some(&it.step),
            EventKind::NodeQueued(it) => Some(&it.step),
            EventKind::NodeAdmitted(it) => Some(&it.step),
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
            | EventKind::RunFailing(_)
            | EventKind::RunFailed(_)
            | EventKind::RunCancelled(_) => None,
        }
    }

    /// The report of the attempt that this event ends; `None` if it ends none, or its node reported nothing.
    pub fn report(&self) -> Option<&Report> {
        self.kind.report()
    }

    /// The event without its log-only fields: the debug record of a node ([`Report::debug`]), its request, and the results that a run
    /// reuses ([`RunCreated::reused`]). Of the state of a turn ([`Report::state`]) its hash and size remain. Streams and pages of events show this; borrowed if there is nothing to remove.
    pub fn shown(&self) -> Cow<'_, Self> {
        let reuses = matches!(
            &self.kind,
            EventKind::RunCreated(created) if created.carries_results()
        );
        let has_more = self.report().is_some_and(Report::has_log_only_fields);
        if !reuses && !has_more {
            return Cow::Borrowed(self);
        }
        let mut shown = self.clone();
        shown.kind.remove_log_only_fields();
        Cow::Owned(shown)
    }

    /// Whether it is the last event of its run: completed, failed or cancelled.
    pub fn is_terminal(&self) -> bool {
        matches!(
            self.kind,
            EventKind::RunCompleted(_) | EventKind::RunFailed(_) | EventKind::RunCancelled(_)
        )
    }
}
