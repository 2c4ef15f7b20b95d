//! How much a run may have: events, open frames, memory.

use std::sync::Arc;

use serde_json::Value;

use super::{FrameId, Machine, end::EarlyEnd};
use crate::{
    error::{NodeError, Problem},
    heap,
};

/// How many events one decision makes at most, those that later end what it begins not counted.
const PER_DECISION: u64 = 4;

impl Machine {
    /// How much memory the run holds, about.
    pub(crate) fn memory(&self) -> usize {
        self.frames.memory()
    }

    /// Counts a value that a frame holds from now on: as JSON, and once more as templates read it.
    pub(super) fn hold(&mut self, frame: FrameId, value: &Arc<Value>) {
        self.frames.charge(frame, 2 * heap::of_shared(value));
    }

    /// How many events the run comes to if it ends now: those it has, one for each step that has begun,
    /// and its last.
    fn events_at_end(&self) -> u64 {
        self.seq + self.open as u64 + 1
    }

    /// Whether so many events more would be too many.
    pub(super) fn is_full_with(&self, events: u64) -> bool {
        let events = events.saturating_add(PER_DECISION);
        self.events_at_end().saturating_add(events) > self.limits.events
    }

    /// Whether nothing may happen any more but the end.
    pub(super) fn is_full(&self) -> bool {
        self.is_full_with(0)
    }

    /// Lets a run end that has as much as it may. What ends it is counted: the limits hold at its end.
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
        self.early_end.get_or_insert(EarlyEnd::failed(problem));
    }

    /// Whether another frame may be opened.
    pub(super) fn may_open_frame(&self) -> bool {
        self.frames.open() < self.limits.frames
    }

    /// Refuses a container that would open one frame too many.
    pub(super) fn check_frames(&self) -> Result<(), NodeError> {
        if self.may_open_frame() {
            return Ok(());
        }
        let detail = format!(
            "maps, loops and called workflows have {} lists of nodes open at the same time, as many as a \
             run may",
            self.frames.open()
        );
        let error = NodeError::new("too_many_frames", detail);
        Err(error.hint("lower `concurrency`, or call fewer workflows at the same time"))
    }
}
