//! When the host of a run was down, as far as its log shows it.

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    event::{EventKind, StartReason, StepEvent},
    machine::SHUTDOWN,
    value::Timestamp,
};

/// A time in which nothing happened in a run, since its host was down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct Outage {
    /// The time of the last event before: of `run.suspended` when the host was stopped, of any event when it
    /// was lost.
    pub since: Timestamp,
    /// The time of the first event after.
    pub until: Timestamp,
}

/// The outages that a log shows.
#[derive(Clone, Debug, Default)]
pub(crate) struct OutageLog {
    outages: Vec<Outage>,
    stopped: Option<Timestamp>,
    /// The time of the last event, and of the last event before that time.
    last: Option<Timestamp>,
    before: Option<Timestamp>,
}

impl OutageLog {
    /// How many are kept.
    const MAX: usize = 100;

    /// Takes in the next event. `lost` is when the attempt started that was at work before an event starts
    /// another one.
    pub(crate) fn apply(&mut self, event: &StepEvent, lost: Option<Timestamp>) {
        if self.last != Some(event.time) {
            self.before = self.last.replace(event.time);
        }
        let since = match &event.kind {
            EventKind::RunSuspended(it) if it.reason == SHUTDOWN => {
                self.stopped = Some(event.time);
                None
            }
            EventKind::RunResumed(_) => self.stopped.take(),
            EventKind::NodeStarted(it) if it.reason == Some(StartReason::Recovered) => {
                // It may start long after the host did, when it waited for a slot.
                let is_known = |lost| self.outages.last().is_some_and(|it| lost <= it.since);
                self.before
                    .filter(|_| lost.is_some_and(|lost| !is_known(lost)))
            }
            _ => None,
        };
        if let Some(since) = since
            && self.outages.len() < Self::MAX
        {
            self.outages.push(Outage {
                since,
                until: event.time,
            });
        }
    }

    /// The first 100.
    pub(crate) fn into_outages(self) -> Vec<Outage> {
        self.outages
    }
}
