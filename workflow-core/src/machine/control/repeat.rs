//! Loops: the body, round after round. Only one round is open at a time.
//!
//! The log of a loop: `node.started`, a `node.progress` when each round begins, and `node.completed`. The result of
//! a round is in no event: it is derived from the outputs of its steps. So are the results before it (`history`).

use std::sync::Arc;

use serde_json::Value;

use super::{Changes, Control, DoesNotFit, Frame, Next, Segments, State, View};
use crate::{
    error::Problem,
    event::{Progress, Report},
    machine::ids::Place,
    node::OnMax,
    template::{Json, Scope},
    value::size,
    workflow::PlannedLoop,
};

/// The most bytes of `history` as JSON: 1 MiB, as of an output. Older results are left out.
const MAX_HISTORY_BYTES: usize = size::MAX_OUTPUT_BYTES;

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
        let (previous, history) = match before {
            None if round == 0 => (Arc::default(), self.reads_history.then(empty)),
            Some((place, frame)) if place + 1 == round && frame.unsettled == 0 => {
                let result = frame.result(self.output(place)).unwrap_or_default();
                let history = self.reads_history.then(|| history(frame, &result));
                (result, history)
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
            history.clone(),
        );
        let names = self
            .body
            .steps_within(&outer.names.path(node).within(round));
        match round.checked_sub(1) {
            Some(before) => step.close(before),
            None => step.hold(State::Frames),
        }
        let frame = step.open(round, &self.body, names, scope);
        step.frames.hold(frame, &previous);
        if let Some(history) = &history {
            step.frames.hold(frame, history);
        }
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
    /// `max` completes, with `exhausted` in its report, or fails, by its `on_max`.
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
            Ok(false) if self.node.on_max == OnMax::Fail => return Next::fail(max_rounds(rounds)),
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

fn max_rounds(rounds: usize) -> Problem {
    let noun = if rounds == 1 { "round" } else { "rounds" };
    let detail = format!("`until` is still false after {rounds} {noun}, the `max` of the loop");
    let mut problem = Problem::new("max_rounds", detail);
    problem.hint = Some("raise `max`, or handle the failure with `on_error`".to_owned());
    problem
}

fn empty() -> Arc<Value> {
    Arc::new(Value::Array(Vec::new()))
}

/// The results up to that of a round that is settled: the newest that fit into [`MAX_HISTORY_BYTES`].
///
/// The results are copied for each round, at most a hundred times and within the limit, so that templates read one
/// JSON list. A result that is too large by itself leaves none.
fn history(frame: &Frame, result: &Arc<Value>) -> Arc<Value> {
    let before = frame.scope.history().and_then(|it| it.as_array());
    let newest_first = std::iter::once(&**result).chain(before.into_iter().flatten().rev());
    // The brackets, and a comma for each result but the last.
    let mut left = MAX_HISTORY_BYTES - 1;
    let fitting = newest_first.take_while(|result| {
        let fits = left.checked_sub(size::bytes(result) + 1);
        left = fits.unwrap_or(0);
        fits.is_some()
    });
    let mut history: Vec<Value> = fitting.cloned().collect();
    history.reverse();
    Arc::new(Value::Array(history))
}
