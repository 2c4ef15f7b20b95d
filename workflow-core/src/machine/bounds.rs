//! Ends a run that has reached a limit.
//!
//! A limit must leave enough events for the end of the run: each open step gets one, and the run its last.
//!
//! The limits are those of this host. Decisions check them; replay refuses no event because of them, so a log that
//! a host with higher limits wrote can be read.

use super::{Machine, early_end::EarlyEnd};
use crate::error::Problem;

impl Machine {
    /// Whether the run has as many events as allowed, except for those that end it.
    #[inline]
    pub(super) fn is_full(&self) -> bool {
        self.limits.are_full_with(0, self.logged.events_at_end())
    }

    /// Fails a run that has reached a limit. The events that end it are counted, so the limits also hold at its end.
    ///
    /// Called between decisions, not for each event. A decision may therefore exceed the limit of memory by what it
    /// adds. It cannot exceed the limit of events, since [`is_full`](Self::is_full) leaves a reserve for one
    /// decision.
    #[inline]
    pub(super) fn enforce_limits(&mut self) {
        if self.is_full() || self.memory() > self.limits.memory {
            self.fail_at_limit();
        }
    }

    /// Apart from the comparison, which runs several times per step.
    #[cold]
    fn fail_at_limit(&mut self) {
        if self.is_full() {
            let most = self.limits.events;
            let detail = format!("the run would have more than {most} events");
            self.fail_run(Problem::new("too_many_events", detail));
        }
        let most = self.limits.memory;
        if self.memory() > most {
            let detail = format!(
                "the values of the run hold {} bytes of memory, at most {most} are allowed",
                self.memory()
            );
            self.fail_run(Problem::new("too_much_memory", detail));
        }
    }

    /// Fails the run because all runs of the host together hold too much memory. The host chooses the run.
    pub(super) fn out_of_memory(&mut self, budget: usize) {
        let detail = format!(
            "the runs of this engine hold more than {budget} bytes of memory, the limit, and this run, with {} \
             bytes, holds more than its share",
            self.memory()
        );
        self.fail_run(Problem::new("out_of_memory", detail));
    }

    fn fail_run(&mut self, problem: Problem) {
        self.agenda.end_early(EarlyEnd::unable(problem));
    }
}
