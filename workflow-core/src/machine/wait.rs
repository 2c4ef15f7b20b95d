//! Waits for a person or a time.

use std::{sync::Arc, time::Duration};

use serde_json::Value;

use super::{Command, Machine, StepId, Turn, container::Container, step::StepState};
use crate::{
    error::Problem,
    event::{EventKind, NodeResumed, NodeWaiting},
    id::WaitId,
    time::Timestamp,
    workflow::Work,
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
    /// Asks a person.
    pub(super) fn ask(&mut self, step: StepId, turn: &mut Turn) {
        let Work::Human(human) = &self.frames.planned(step).work else {
            return;
        };
        let expires = human.expires.map(|expires| expires.0);
        let schema = human.schema.clone();
        let message = match human.message.render(&self.frames.at(step.frame).scope) {
            Ok(message) => message.into(),
            Err(error) => return self.fail(step, error.into_problem(), turn),
        };
        let waiting = NodeWaiting {
            step: self.step_ref(step),
            wait_id: WaitId::of_event(self.seq + 1),
            message: Some(message),
            schema,
            expires_at: expires.map(|expires| turn.now.after(expires)),
            resumes_at: None,
        };
        self.wait(step, waiting, expires, turn);
    }

    pub(super) fn delay(&mut self, step: StepId, turn: &mut Turn) {
        let Work::Delay(delay) = &self.frames.planned(step).work else {
            return;
        };
        let duration = delay.duration.0;
        let waiting = NodeWaiting {
            step: self.step_ref(step),
            wait_id: WaitId::of_event(self.seq + 1),
            message: None,
            schema: None,
            expires_at: None,
            resumes_at: Some(turn.now.after(duration)),
        };
        self.wait(step, waiting, Some(duration), turn);
    }

    fn wait(
        &mut self,
        step: StepId,
        waiting: NodeWaiting,
        time: Option<Duration>,
        turn: &mut Turn,
    ) {
        if let Some(wait) = time {
            turn.commands.push(Command::Wait { step, wait });
        }
        let waiting = EventKind::NodeWaiting(Box::new(waiting));
        self.emit(Some(step), waiting, turn);
    }

    /// A person answers. An answer that nobody waits for changes nothing.
    pub(super) fn signal(&mut self, wait: WaitId, payload: Arc<Value>, turn: &mut Turn) {
        let Some(waiting) = self.waits.get(&wait).filter(|waiting| waiting.of_person) else {
            return;
        };
        let step = waiting.step;
        if self.is_at_rest() {
            self.wake("signal", turn);
        }
        // Waking may have found that its time was over.
        if matches!(self.frames.state(step), Some(StepState::Waiting { wait: still, .. }) if still == wait)
        {
            self.end_wait(step, wait, Some(payload), turn);
        }
    }

    /// The time of a wait has come: a delay is done, and for a person it is too late.
    pub(super) fn wait_over(&mut self, step: StepId, wait: WaitId, turn: &mut Turn) {
        if self.waits.get(&wait).is_some_and(|wait| wait.of_person) {
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
            payload: payload.clone(),
        };
        self.emit(Some(step), EventKind::NodeResumed(resumed), turn);
        self.answer(step, payload, turn);
    }

    /// Completes a step whose wait is over. A delay gives on what it was given.
    pub(super) fn answer(&mut self, step: StepId, payload: Option<Arc<Value>>, turn: &mut Turn) {
        let scope = &self.frames.at(step.frame).scope;
        let implicit = || {
            scope
                .implicit_input(self.frames.planned(step).input)
                .cloned()
        };
        let output = payload.or_else(implicit).unwrap_or_default();
        self.complete(step, output, None, turn);
    }

    /// Takes in that a wait is over.
    pub(super) fn take_answer(&mut self, step: StepId, payload: Option<Arc<Value>>) {
        let state = self.frames.step_mut(step);
        state.container = Some(Box::new(Container::Answered(payload)));
        if let StepState::Waiting { since, wait } = state.state {
            state.state = StepState::Open {
                since,
                deadline: None,
            };
            self.waits.remove(&wait);
        }
    }
}
