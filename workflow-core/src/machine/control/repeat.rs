//! Loops: the body, round after round. Only one round is open at a time.
//!
//! The log of a loop: `node.started`, a `node.progress` when each round begins, and `node.completed`. The result of
//! a round is in no event: it is derived from the outputs of its steps.

use std::sync::Arc;

use serde_json::Value;

use super::{Changes, Control, DoesNotFit, Next, Segments, State, View};
use crate::{
    event::{Progress, Report},
    machine::ids::Place,
    template::{Json, Scope},
    workflow::PlannedLoop,
};

impl Control for PlannedLoop {
    /// A round begins, and the round before it is closed. Its result is `previous` in the new one.
    ///
    /// A round can begin only if the one before it is settled, so at most one frame is open. The result of a round
    /// that cannot be rendered becomes `null` here; live, the decision has failed the step before.
    fn progress(&self, step: &mut Changes<'_>, progress: Progress) -> Result<(), DoesNotFit> {
        let Progress::Round { round } = progress else {
            return Err(DoesNotFit);
        };
        let before = step.container().and_then(|it| it.frames.first_key_value());
        let before = before.map(|(place, frame)| (*place, step.frames.at(*frame)));
        let previous = match before {
            None if round == 0 => Arc::default(),
            Some((place, frame)) if place + 1 == round && frame.unsettled == 0 => {
                frame.result(self.output(place)).unwrap_or_default()
            }
            _ => return Err(DoesNotFit),
        };
        let (outer, node) = (step.outer(), step.step.node());
        let scope = Scope::of_round(
            &outer.scope,
            &self.body.variables,
            self.body.steps.len(),
            outer.body.steps[node].input,
            round,
            Arc::clone(&previous),
        );
        let names = self
            .body
            .steps_within(&outer.names[node].path().within(round));
        match round.checked_sub(1) {
            Some(before) => step.close(before),
            None => step.hold(State::Frames),
        }
        let frame = step.open(round, &self.body, names, scope);
        step.frames.hold(frame, &previous);
        Ok(())
    }

    fn descend(&self, path: &mut Segments<'_>) -> Option<Place> {
        path.next()?.parse().ok()
    }

    fn output(&self, _place: Place) -> Option<&Json> {
        self.node.output.as_ref()
    }

    fn next(&self, step: &View<'_>) -> Next {
        if step.container().is_some() {
            return Next::Rest;
        }
        match step.limits.check_frames(step.frames.open()) {
            Ok(()) => step.progress(Progress::Round { round: 0 }),
            Err(error) => Next::fail(error.into_problem()),
        }
    }

    /// `until` is evaluated in the scope of the round, so that it reads the steps of the body. A loop that reaches
    /// `max` completes, with `exhausted` in its report.
    fn frame_settled(&self, step: &View<'_>, round: Place, result: &Arc<Value>) -> Next {
        let Some(frame) = step.frame(round) else {
            return Next::Rest;
        };
        let rounds = round + 1;
        let exhausted = match self.node.until.is_true(&frame.scope) {
            Ok(true) => false,
            Ok(false) if rounds < self.node.max => {
                return step.progress(Progress::Round { round: rounds });
            }
            Ok(false) => true,
            Err(error) => return Next::fail(error.into_problem()),
        };
        let report = Report {
            rounds: Some(rounds),
            exhausted,
            ..Report::default()
        };
        Next::Complete(Arc::clone(result), Some(Box::new(report)))
    }
}
