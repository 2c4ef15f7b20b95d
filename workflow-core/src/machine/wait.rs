//! Waits for a person or a time.

use std::{sync::Arc, time::Duration};

use serde_json::Value;

use super::{Command, Machine, StepId, Turn, step::StepState};
use crate::{
    error::Problem,
    event::{EventKind, NodeResumed, NodeWaiting},
    id::WaitId,
    time::Timestamp,
};

/// A longer delay lets the run rest; a shorter one is not worth it.
const SHORT: Duration = Duration::from_secs(60);

/// A wait that is not over.
pub(super) struct Wait {
    pub(super) step: StepId,
    pub(super) until: Option<Timestamp>,
    /// Whether a person is to end it.
    pub(super) of_person: bool,
    /// Whether the run stays awake for it.
    pub(super) short: bool,
}

impl Wait {
    pub(super) fn new(step: StepId, waiting: &NodeWaiting, now: Timestamp) -> Self {
        let resumes = waiting.resumes_at;
        Self {
            step,
            until: waiting.expires_at.or(resumes),
            of_person: resumes.is_none(),
            short: resumes.is_some_and(|resumes| resumes.since(now) <= SHORT),
        }
    }
}

impl Machine {
    /// Lets a step wait, and sets its timer.
    pub(super) fn wait(&mut self, step: StepId, waiting: Box<NodeWaiting>, turn: &mut Turn) {
        let until = waiting.expires_at.or(waiting.resumes_at);
        if self.emit(Some(step), EventKind::NodeWaiting(waiting), turn)
            && let Some(until) = until
        {
            let wait = until.since(turn.now);
            turn.commands.push(Command::Wait { step, wait });
        }
    }

    /// A person answers. An answer that nobody waits for changes nothing.
    pub(super) fn signal(&mut self, wait: WaitId, payload: Arc<Value>, turn: &mut Turn) {
        let Some(waiting) = self
            .logged
            .waits()
            .get(&wait)
            .filter(|waiting| waiting.of_person)
        else {
            return;
        };
        let step = waiting.step;
        if self.is_at_rest() {
            self.wake("signal", turn);
        }
        // Waking may have found that its time was over.
        if matches!(self.frames().state(step), Some(StepState::Waiting { wait: still, .. }) if still == wait)
        {
            self.end_wait(step, wait, Some(payload), turn);
        }
    }

    /// The time of a wait has come: a delay is done, and for a person it is too late.
    pub(super) fn wait_over(&mut self, step: StepId, wait: WaitId, turn: &mut Turn) {
        if self
            .logged
            .waits()
            .get(&wait)
            .is_some_and(|wait| wait.of_person)
        {
            let problem = Problem::new("expired", "nobody answered in time");
            self.fail(step, problem, turn);
        } else {
            self.end_wait(step, wait, None, turn);
        }
    }

    fn end_wait(
        &mut self,
        step: StepId,
        wait_id: WaitId,
        payload: Option<Arc<Value>>,
        turn: &mut Turn,
    ) {
        self.stop_timer(step, turn);
        let resumed = NodeResumed {
            step: self.step_ref(step),
            wait_id,
            payload,
        };
        if self.emit(Some(step), EventKind::NodeResumed(resumed), turn) {
            self.advance(step, turn);
        }
    }
}
