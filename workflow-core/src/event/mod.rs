//! The log of a run, and what is streamed beside it.
//!
//! A [`StepEvent`] has a number, a time and an [`EventKind`]: one variant for each event name on the wire, such as
//! `node.started`, with a struct for its fields. Events are numbered from 1 without gaps and are stored. A
//! [`Delta`] is a piece of text that a running attempt produces; it is streamed and not stored. A reader of a run
//! gets both as [`Update`]s. [`LOG_FORMAT`] is the version of what is stored.

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

pub(crate) use self::created::UnknownFormat;
pub use self::{
    created::{LOG_FORMAT, NodeOutline, PinnedWorkflow, ReusedStep, RunCreated},
    delta::{Delta, TextKind, Update},
    kind::EventKind,
    node::{
        NodeAdmitted, NodeCancelled, NodeCompleted, NodeFailed, NodeProgress, NodeQueued,
        NodeResumed, NodeRetrying, NodeSkipped, NodeStarted, NodeWaiting, Progress, SkipReason,
        StartReason,
    },
    report::Report,
    resume::ResumeError,
    run::{RunCancelled, RunCompleted, RunFailed, RunResumed, RunStarted, RunSuspended},
};
use crate::value::{RunId, StepRef, Timestamp};

/// One entry in the log of a run. Cheap to clone: what is large is shared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
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
            | EventKind::RunFailed(_)
            | EventKind::RunCancelled(_) => None,
        }
    }

    /// What the node said about the attempt that this event ends.
    pub fn report(&self) -> Option<&Report> {
        self.kind.report()
    }

    /// The event as readers are shown it: without what only the log keeps, which is the debug record of a node
    /// ([`Report::debug`]) and the steps that a run reuses ([`RunCreated::reused`]).
    pub fn shown(&self) -> Cow<'_, Self> {
        let takes_over =
            matches!(&self.kind, EventKind::RunCreated(created) if !created.reused.is_empty());
        let has_debug = self.report().is_some_and(|report| report.debug.is_some());
        if !takes_over && !has_debug {
            return Cow::Borrowed(self);
        }
        let mut shown = self.clone();
        shown.kind.hide_what_is_log_only();
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
