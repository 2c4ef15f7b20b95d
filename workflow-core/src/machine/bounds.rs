//! Ends a run that has reached a limit.

use super::{Machine, early_end::EarlyEnd};
use crate::error::Problem;

impl Machine {
    /// Whether the run has as many events as it may, except for those that end it.
    #[inline]
    pub(super) fn is_full(&self) -> bool {
        self.limits.are_full_with(0, self.logged.events_at_end())
    }

    /// Fails a run that has reached a limit. The events that end it are counted: the limits hold at its end.
    #[inline]
    pub(super) fn bound(&mut self) {
        if self.is_full() || self.memory() > self.limits.memory {
            self.fail_at_bound();
        }
    }

    /// Apart from the comparison, which is made several times for each step.
    #[cold]
    fn fail_at_bound(&mut self) {
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
