//! What events change in the record of a run.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    RunStatus,
    spans::{self, Span, SpanState},
};
use crate::{
    event::{EventKind, StepEvent},
    value::{Timestamp, Usage, is_zero, millis},
};

/// The part of a run's record that its events change. Written together with them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct RunHead {
    /// How the run is doing.
    pub status: RunStatus,
    /// The number of the last event.
    pub last_seq: u64,
    /// When it began to work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// How long it waited for its turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queued_ms: Option<u64>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// From start to end, once it has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// When it goes on by itself, while it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wake_at: Option<Timestamp>,
    /// How many people it waits for, while it waits; none when only time can end that.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub awaiting_answers: u64,
    /// The time of the last event.
    pub updated_at: Timestamp,
    /// Tokens used so far.
    pub usage: Usage,
    /// What it was at; at most 20 spans.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spans: Vec<Span>,
}

impl RunHead {
    /// The head of a run that was just created.
    pub fn new(created_at: Timestamp) -> Self {
        Self {
            status: RunStatus::Queued,
            last_seq: 0,
            started_at: None,
            queued_ms: None,
            ended_at: None,
            duration_ms: None,
            wake_at: None,
            awaiting_answers: 0,
            updated_at: created_at,
            usage: Usage::default(),
            spans: Vec::new(),
        }
    }

    /// Whether a run that waits goes on by itself now. What was due when it was written stays due, also
    /// when the clock was set back.
    pub(crate) fn is_due(&self, now: Timestamp) -> bool {
        let now = now.max(self.updated_at);
        self.wake_at.is_some_and(|wake_at| wake_at <= now)
    }

    /// Takes in the next event.
    pub fn apply(&mut self, event: &StepEvent) {
        self.last_seq = event.seq;
        self.tell_span(event);
        self.updated_at = event.time;
        match &event.kind {
            EventKind::RunStarted(_) => {
                self.status = RunStatus::Running;
                self.started_at = Some(event.time);
            }
            EventKind::NodeCompleted(_) | EventKind::NodeRetrying(_) | EventKind::NodeFailed(_) => {
                if let Some(report) = event.report() {
                    self.usage += report.usage;
                }
            }
            EventKind::RunCompleted(_) => self.end(RunStatus::Completed, event.time),
            EventKind::RunFailed(_) => self.end(RunStatus::Failed, event.time),
            EventKind::RunCancelled(_) => self.end(RunStatus::Cancelled, event.time),
            EventKind::RunSuspended(suspended) => {
                self.status = RunStatus::Waiting;
                self.wake_at = suspended.wake_at;
                self.awaiting_answers = suspended.awaiting_answers;
            }
            EventKind::RunResumed(_) => {
                self.status = RunStatus::Running;
                self.wake_at = None;
                self.awaiting_answers = 0;
            }
            EventKind::RunCreated(_)
            | EventKind::NodeStarted(_)
            | EventKind::NodeQueued(_)
            | EventKind::NodeAdmitted(_)
            | EventKind::NodeProgress(_)
            | EventKind::NodeWaiting(_)
            | EventKind::NodeResumed(_)
            | EventKind::NodeSkipped(_)
            | EventKind::NodeCancelled(_) => {}
        }
    }

    fn tell_span(&mut self, event: &StepEvent) {
        // Before it was started, only its creation was told.
        let before = self.started_at.unwrap_or(self.updated_at);
        let at_ms = self.queued_ms.unwrap_or_default() + millis(event.time.since(before));
        if let EventKind::RunStarted(_) = &event.kind {
            self.queued_ms = Some(at_ms);
        }
        let retries = self
            .spans
            .last()
            .is_some_and(|last| last.state == SpanState::Retrying);
        let state = match &event.kind {
            EventKind::RunCreated(_) => Some(SpanState::Queued),
            EventKind::RunStarted(_) | EventKind::RunResumed(_) => Some(SpanState::Running),
            EventKind::RunSuspended(_) => Some(SpanState::Waiting),
            EventKind::NodeRetrying(_) => Some(SpanState::Retrying),
            EventKind::NodeStarted(it) if retries && it.attempt > 1 => Some(SpanState::Running),
            _ => None,
        };
        spans::go_on(&mut self.spans, at_ms, state);
    }

    fn end(&mut self, status: RunStatus, time: Timestamp) {
        self.status = status;
        self.wake_at = None;
        self.awaiting_answers = 0;
        self.ended_at = Some(time);
        self.duration_ms = self.started_at.map(|started| millis(time.since(started)));
    }
}
