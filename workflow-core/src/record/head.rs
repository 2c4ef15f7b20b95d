//! The part of a run's record that its events change.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    RunStatus,
    spans::{self, Span, SpanState},
};
use crate::{
    event::{EventKind, StepEvent},
    value::{Cost, CostSum, Timestamp, Usage, is_zero, millis},
};

/// The part of a run's record that its events change: a fold of the log. A store writes it together with the events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct RunHead {
    /// The status of the run.
    pub status: RunStatus,
    /// The number of the last event.
    pub last_seq: u64,
    /// When it started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// Milliseconds from creation to start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queued_ms: Option<u64>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Milliseconds from start to end; absent until it has ended, or if it ended before it started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// When it continues without an answer, while its status is `waiting`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wake_at: Option<Timestamp>,
    /// The number of answers that it waits for, while its status is `waiting`; absent if it waits for times only.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub awaiting_answers: u64,
    /// The time of the last event.
    pub updated_at: Timestamp,
    /// The tokens used so far.
    pub usage: Usage,
    /// What they cost so far; absent if nothing is known of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    /// Its states over time, as a coarse timeline of at most 20 spans.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spans: Vec<Span>,
}

impl RunHead {
    /// The head of a run without events.
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
            cost: None,
            spans: Vec::new(),
        }
    }

    /// Becomes another head, in the memory of this one: it is replaced with each turn of a run.
    pub(crate) fn replace(&mut self, head: &Self) {
        let mut spans = std::mem::take(&mut self.spans);
        spans.clone_from(&head.spans);
        *self = Self { spans, ..*head };
    }

    /// Whether the `wake_at` of a suspended run has come. `now` is taken as at least the time of the last event, so that
    /// the result does not change back if the wall clock is set back.
    pub(crate) fn is_due(&self, now: Timestamp) -> bool {
        let now = now.max(self.updated_at);
        self.wake_at.is_some_and(|wake_at| wake_at <= now)
    }

    /// Applies the next event. Events must be applied in order and each once: a head has no record of gaps.
    pub fn apply(&mut self, event: &StepEvent) {
        self.last_seq = event.seq;
        // Before `updated_at` changes: a run that has not started has no other base for its times.
        self.update_spans(event);
        self.updated_at = event.time;
        match &event.kind {
            EventKind::RunStarted(_) => {
                self.status = RunStatus::Running;
                self.started_at = Some(event.time);
            }
            EventKind::NodeCompleted(_) | EventKind::NodeRetrying(_) | EventKind::NodeFailed(_) => {
                if let Some(report) = event.report() {
                    let mut cost = CostSum::of(self.usage, self.cost);
                    cost.add(report.usage, report.cost);
                    self.usage += report.usage;
                    self.cost = cost.cost();
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
            | EventKind::NodeCancelled(_)
            | EventKind::RunFailing(_) => {}
        }
    }

    /// Times are relative to the creation. Before the start they are measured from the creation; after it, from the
    /// start plus the time in the queue, so that a head need not store the time of creation.
    fn update_spans(&mut self, event: &StepEvent) {
        // Until the run starts, `updated_at` is its creation: no other event precedes `run.started`.
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
        spans::extend(&mut self.spans, at_ms, state);
    }

    /// A run that is cancelled in the queue has no duration: it never started.
    fn end(&mut self, status: RunStatus, time: Timestamp) {
        self.status = status;
        self.wake_at = None;
        self.awaiting_answers = 0;
        self.ended_at = Some(time);
        self.duration_ms = self.started_at.map(|started| millis(time.since(started)));
    }
}
