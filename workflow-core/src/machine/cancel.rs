//! Cancels steps: the open ones of a frame, and everything inside them.
//!
//! A cancelled step gets a `node.cancelled`, and its frame never settles. The order is from the inside to the
//! outside, since the transition refuses to end a step while a step inside it is open.

use super::{Command, FrameId, Machine, StepId, Turn, step::StepState};
use crate::event::{EventKind, NodeCancelled};

impl Machine {
    /// Cancels every open step of a frame, and what is inside it. Inner steps are cancelled first.
    pub(super) fn cancel_frame(&mut self, frame: FrameId, why: &'static str, turn: &mut Turn) {
        for node in 0..self.logged.frames().at(frame).steps.len() {
            let step = StepId::new(frame, node);
            if self.logged.frames().step(step).is_open() {
                self.cancel_step(step, why, turn);
            }
        }
    }

    /// The attempt may complete before the driver executes `Stop`. Its result is then ignored, because the step is
    /// settled.
    fn cancel_step(&mut self, step: StepId, why: &'static str, turn: &mut Turn) {
        self.cancel_inside(step, why, turn);
        let is_stoppable = matches!(
            self.logged.frames().step(step).state,
            StepState::Running { .. } | StepState::Backoff { .. }
        );
        // At the top level, the run ends, and its driver drops all attempts at once, unless nodes of `on_failure` follow.
        if is_stoppable && (step.frame != FrameId::ROOT || self.has_on_failure()) {
            turn.commands.push(Command::Stop { step });
        }
        self.stop_timer(step, turn);
        let cancelled = EventKind::NodeCancelled(NodeCancelled {
            step: self.step_ref(step),
            reason: why.into(),
        });
        self.emit(Some(step), cancelled, turn);
    }

    /// Stops the timer of a container or wait. It must be called before the event that ends the step, which removes
    /// the wait.
    pub(super) fn stop_timer(&self, step: StepId, turn: &mut Turn) {
        let is_set = match self.logged.frames().step(step).state {
            StepState::Open { deadline, .. } => deadline.is_some(),
            StepState::Waiting { wait, .. } => {
                let wait = self.logged.waits().get(&wait);
                wait.is_some_and(|wait| wait.until.is_some())
            }
            _ => false,
        };
        if is_set {
            turn.commands.push(Command::Stop { step });
        }
    }

    /// Cancels everything in a container, in the order of its places.
    pub(super) fn cancel_inside(&mut self, step: StepId, why: &'static str, turn: &mut Turn) {
        for frame in self.logged.frames().frames_in(step) {
            self.cancel_frame(frame, why, turn);
        }
    }
}
