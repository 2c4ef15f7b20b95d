//! Waits for a person or a time.

use std::sync::Arc;

use serde_json::Value;

use super::{Command, Machine, StepId, Turn, control, step::StepState};
use crate::{
    error::Problem,
    event::{EventKind, NodeResumed, NodeWaiting},
    value::WaitId,
};

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

    /// Handles an answer. An answer to a wait that is not open has no effect.
    ///
    /// The payload has been checked against the schema by the sender (`WaitLog::check`). A run that is suspended
    /// resumes first, even if the answer then turns out to be too late.
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
        // Resuming the run may have found that the wait has expired.
        if matches!(self.frames().state(step), Some(StepState::Waiting { wait: still, .. }) if still == wait)
        {
            self.end_wait(step, wait, Some(payload), turn);
        }
    }

    /// Handles the time of a wait: a delay ends, or a wait for a person expires.
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

    /// The timer is stopped before the event, since it is found by the wait, which the event removes.
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
            if control::of(&self.frames().planned(step).kind).is_none() {
                // A leaf: its attempt is decided with the answer.
                self.agenda.ready.push_back((step, None));
            } else {
                // What the step does now may have a time of its own.
                if let Some(StepState::Open {
                    deadline: Some(deadline),
                    ..
                }) = self.frames().state(step)
                {
                    let wait = deadline.since(turn.now);
                    turn.commands.push(Command::Wait { step, wait });
                }
                self.advance(step, turn);
            }
        }
    }
}
