//! Outages of the host, derived from the log of a run.
//!
//! No event says that a host was down, since it could not write one. A shutdown leaves `run.suspended`. A crash is
//! seen afterwards, by an attempt that starts as recovered: the time without a host lies between two events.

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    event::{EventKind, StartReason, StepEvent},
    machine::SHUTDOWN,
    value::Timestamp,
};

/// A period in which a run could not continue because its host was down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct Outage {
    /// The time of the last event before it: of `run.suspended` if the host was shut down, of any event if it crashed.
    pub since: Timestamp,
    /// The time of the first event after it.
    pub until: Timestamp,
}

/// Derives the outages from a log.
///
/// `before` is needed because the events of one turn have the same time: the event before a recovered start may be
/// of the same turn, after the outage.
#[derive(Clone, Debug, Default)]
pub(crate) struct OutageLog {
    outages: Vec<Outage>,
    /// When the host was shut down, until the run is resumed.
    stopped: Option<Timestamp>,
    /// The time of the last event.
    last: Option<Timestamp>,
    /// The time of the last event with an earlier time than `last`: all events of one turn have the same time.
    before: Option<Timestamp>,
}

impl OutageLog {
    /// The most outages of a run. Later ones are dropped.
    const MAX: usize = 100;

    /// Applies the next event. `lost` is the start of the latest attempt of the event's step: if the event starts a
    /// recovered attempt, that is the attempt that was lost.
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
                // It may start long after the host did, if it waited for a slot. An outage that began after the lost
                // attempt had started is the one that lost it.
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

    /// The outages, at most [`MAX`](Self::MAX).
    pub(crate) fn into_outages(self) -> Vec<Outage> {
        self.outages
    }
}
