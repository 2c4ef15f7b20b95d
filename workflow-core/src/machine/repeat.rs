//! Loops: the body again and again.

use std::sync::Arc;

use serde_json::Value;

use super::{FrameId, Machine, StepId, Turn, container::Container, frame::Frame};
use crate::{
    event::{EventKind, NodeProgress, Progress, Report},
    scope::Scope,
    workflow::Work,
};

impl Machine {
    pub(super) fn open_loop(&mut self, step: StepId, turn: &mut Turn) {
        if let Err(error) = self.check_frames() {
            return self.fail(step, error.into_problem(), turn);
        }
        self.emit_round(step, 0, turn);
    }

    fn emit_round(&mut self, step: StepId, round: usize, turn: &mut Turn) {
        let progress = NodeProgress {
            step: self.step_ref(step),
            progress: Progress::Round { round },
        };
        self.emit(Some(step), EventKind::NodeProgress(progress), turn);
    }

    /// Everything in a round is settled: the loop ends, or goes on.
    pub(super) fn round_done(
        &mut self,
        step: StepId,
        round: usize,
        result: Arc<Value>,
        turn: &mut Turn,
    ) {
        let Some(frame) = self.round_frame(step, round) else {
            return;
        };
        let Work::Loop(repeat, _) = &self.frames.planned(step).work else {
            return;
        };
        let (rounds, most) = (round + 1, repeat.max);
        let exhausted = match repeat.until.is_true(&self.frames.at(frame).scope) {
            Ok(true) => false,
            Ok(false) if rounds < most => return self.emit_round(step, rounds, turn),
            Ok(false) => true,
            Err(error) => return self.fail(step, error.into_problem(), turn),
        };
        let report = Report {
            rounds: Some(rounds),
            exhausted,
            ..Report::default()
        };
        self.complete(step, result, Some(Box::new(report)), turn);
    }

    /// The frame of a round, if it is the one that is under way.
    pub(super) fn round_frame(&self, step: StepId, round: usize) -> Option<FrameId> {
        match self.frames.step(step).container.as_deref()? {
            Container::Loop { round: now, frame } if *now == round => Some(*frame),
            _ => None,
        }
    }

    /// Takes in that a round begins. The result of the one before it is `previous` in it.
    pub(super) fn begin_round(&mut self, step: StepId, round: usize) {
        let before = round
            .checked_sub(1)
            .and_then(|before| self.round_frame(step, before));
        let previous = before.and_then(|before| self.result(before).ok());
        let previous = previous.unwrap_or_default();
        let planned = self.frames.planned(step);
        let Work::Loop(_, body) = &planned.work else {
            return;
        };
        let outer = self.frames.at(step.frame);
        let scope = Scope::of_round(
            &outer.scope,
            &body.variables,
            body.steps.len(),
            planned.input,
            round,
            Arc::clone(&previous),
        );
        let place = outer.names[step.node()].path().within(round);
        let names = body.steps_within(&place);
        let frame = Frame::new(body, scope, names, Some((step, round)));
        if let Some(before) = before {
            self.frames.remove(before);
        }
        let frame = self.open_frame(frame);
        self.hold(frame, &previous);
        let container = Container::Loop { round, frame };
        self.frames.step_mut(step).container = Some(Box::new(container));
    }
}
