//! The limits of a run: events, open frames, memory.

use super::{Limits, Machine, end::EarlyEnd, logged::Logged};
use crate::error::{NodeError, Problem};

/// How many events one decision makes at most, without those that later end what it begins.
const PER_DECISION: u64 = 4;

/// Whether so many events more would be too many.
pub(super) fn is_full_with(events: u64, logged: &Logged, limits: &Limits) -> bool {
    let events = events.saturating_add(PER_DECISION);
    logged.events_at_end().saturating_add(events) > limits.events
}

/// Refuses a container that would open one frame more than a run may have. `open` of them are open.
pub(super) fn check_frames(open: usize, limits: &Limits) -> Result<(), NodeError> {
    if open < limits.frames {
        return Ok(());
    }
    let detail = format!(
        "maps, loops and called workflows have {open} lists of nodes open at the same time, as many as a \
         run may"
    );
    let error = NodeError::new("too_many_frames", detail);
    Err(error.hint("lower `concurrency`, or call fewer workflows at the same time"))
}

impl Machine {
    /// Whether the run has as many events as it may, except for those that end it.
    pub(super) fn is_full(&self) -> bool {
        is_full_with(0, &self.logged, &self.limits)
    }

    /// Fails a run that has reached a limit. The events that end it are counted: the limits hold at its end.
    pub(super) fn bound(&mut self) {
        if self.is_full() {
            let most = self.limits.events;
            let detail = format!("the run makes more events than it may have, {most}");
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

    pub(super) fn out_of_memory(&mut self, budget: usize) {
        let detail = format!(
            "the runs of this engine hold more than {budget} bytes of memory, which is all they may, and this \
             run, with {} bytes, more than its share",
            self.memory()
        );
        self.fail_run(Problem::new("out_of_memory", detail));
    }

    fn fail_run(&mut self, problem: Problem) {
        self.agenda.end_early(EarlyEnd::failed(problem));
    }
}
