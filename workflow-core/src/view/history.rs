//! The history of one step of a run.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::wait::WaitReport;
use super::{outline::RunOutline, report::StepReport};
use crate::{
    error::Problem,
    event::{EventKind, Report, RunCreated, StepEvent},
    value::{StepPath, StepRef, Timestamp},
};

/// One step of a run with all its attempts, and with the debug records that streams omit
/// ([`Report::debug`](crate::event::Report::debug)).
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct StepHistory {
    /// The state of the step.
    #[serde(flatten)]
    pub step: StepReport,
    /// The wait for a person with its whole message, while the step waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait: Option<WaitReport>,
    /// The attempts, in order.
    pub attempts: Vec<AttemptReport>,
}

/// One attempt of a step.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct AttemptReport {
    /// The number of the attempt, counted from 1.
    pub attempt: u32,
    /// When it started.
    pub started_at: Timestamp,
    /// When it ended; absent while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Arc<Problem>>,
    /// Tokens, model, and the debug record, such as the prompt as sent.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub report: Option<Box<Report>>,
}

impl StepHistory {
    /// The history of the step with this path. `None` if there is no such node, or if the step is within a map, loop or
    /// called workflow and has not started.
    ///
    /// `log` needs to have only `run.created` and the events of the step.
    pub(crate) fn of(log: &[StepEvent], path: &StepPath) -> Option<Self> {
        let created = log.iter().find_map(|event| match &event.kind {
            EventKind::RunCreated(created) => Some(&**created),
            _ => None,
        })?;
        let outline = RunOutline::of(created);
        let events = log
            .iter()
            .filter(|event| event.step().is_some_and(|step| step.path() == path));
        let mut events = events.peekable();
        let step = match events.peek().and_then(|event| event.step()) {
            Some(step) => step.clone(),
            None => not_begun(created, &outline, path)?,
        };
        let kind = outline.kind_of(path).cloned()?;
        let mut history = Self {
            step: StepReport::new(step, kind),
            wait: None,
            attempts: Vec::new(),
        };
        for event in events {
            history.apply(event);
        }
        Some(history)
    }

    /// An attempt without an end has no `ended_at`: it runs, or was lost with its host and not recovered yet.
    /// An attempt that failed keeps its end and its error when its step is cancelled during the back-off.
    fn apply(&mut self, event: &StepEvent) {
        self.step.apply(event);
        self.wait = match &event.kind {
            EventKind::NodeWaiting(waiting) => WaitReport::of(waiting, event.time),
            _ => None,
        };
        if let EventKind::NodeStarted(started) = &event.kind {
            self.attempts.push(AttemptReport {
                attempt: started.attempt,
                started_at: event.time,
                ended_at: None,
                error: None,
                report: None,
            });
            return;
        }
        let error = match &event.kind {
            EventKind::NodeRetrying(it) => Some(&it.error),
            EventKind::NodeFailed(it) => Some(&it.error),
            EventKind::NodeCompleted(_) | EventKind::NodeCancelled(_) => None,
            _ => return,
        };
        if let Some(attempt) = self.attempts.last_mut() {
            let is_cancelled = matches!(event.kind, EventKind::NodeCancelled(_));
            if is_cancelled && attempt.ended_at.is_some() {
                return;
            }
            attempt.ended_at = Some(event.time);
            attempt.error = error.cloned();
            attempt.report = event.report().cloned().map(Box::new);
            if let Some(report) = &mut attempt.report {
                report.summarize_state();
            }
        }
    }
}

/// A top-level step that has not started still has a history: its node, without attempts. So has one of `on_failure`.
fn not_begun(created: &RunCreated, outline: &RunOutline, path: &StepPath) -> Option<StepRef> {
    let mut nodes = created.nodes.iter();
    if let Some(node) = nodes.find(|node| node.id.as_str() == path.as_str()) {
        return Some(StepRef::top_level(node.id.clone()));
    }
    let mut steps = outline.on_failure().map(|(step, _)| step);
    steps.find(|step| step.path() == path)
}
