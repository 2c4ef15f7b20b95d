//! Ends a workflow at a node whose `stop_when` is true: the run, or the call that it is part of.
//!
//! Nothing is logged for the decision itself. It follows from the output of the node, so a resumed run evaluates it again
//! from the same values and decides the same, whichever of the events that follow are stored.
//!
//! Failures and stops are handled in the order of their events. Otherwise a log that was cut between two of them could
//! end in another way than the whole log.

use std::sync::Arc;

use super::{FrameId, Machine, StepId, Turn, agenda::Stop, early_end::EarlyEnd};

/// The reason of `node.cancelled` when a node ended the workflow.
const STOPPED: &str = "stopped";

impl Machine {
    /// Handles unhandled failures and steps that may end the workflow, in the order of the log.
    ///
    /// A failure of the run as a whole makes the others meaningless, and a full run has no events for them.
    pub(super) fn settle_ends(&mut self, turn: &mut Turn) {
        while self.agenda.early_end.is_none() && !self.is_full() && !self.has_ended() {
            let failed = self.agenda.failed.front().copied();
            let stop = self.agenda.stops.front().copied();
            match (failed, stop) {
                (Some(frame), stop) if stop.is_none_or(|stop| self.failed_before(frame, stop)) => {
                    self.agenda.failed.pop_front();
                    self.frame_failed(frame, turn);
                }
                (_, Some(stop)) => {
                    self.agenda.stops.pop_front();
                    self.consider_stop(stop.step, turn);
                }
                (Some(_) | None, None) => return,
            }
        }
    }

    /// Whether a frame failed before a step may end the workflow. A closed frame is handled at once, which has no effect.
    fn failed_before(&self, frame: FrameId, stop: Stop) -> bool {
        let frame = self.frames().get(frame);
        let failure = frame.and_then(|frame| frame.failure.as_ref());
        failure.is_none_or(|failure| failure.seq < stop.seq)
    }

    /// Evaluates the `stop_when` of a completed step. The frame may have been closed since.
    ///
    /// A condition that cannot be evaluated fails the workflow: its author meant it to decide.
    fn consider_stop(&mut self, step: StepId, turn: &mut Turn) {
        let Some(frame) = self.frames().get(step.frame) else {
            return;
        };
        let Some(stop_when) = &frame.body.steps[step.node()].stop_when else {
            return;
        };
        // A run that is limited to a step ends with that step, whatever those before it say.
        if frame.on_the_way().is_some() {
            return;
        }
        let parent = frame.parent;
        let output = match stop_when.is_true(&frame.scope) {
            Ok(false) => return,
            Ok(true) => frame.scope.output(step.node()).cloned().unwrap_or_default(),
            Err(error) => {
                let error = Arc::new(error.into_problem());
                let Some((call, place)) = parent else {
                    let step = Some(self.step_ref(step));
                    return self.agenda.end_early(EarlyEnd::Failed { step, error });
                };
                self.cancel_frame(step.frame, "sibling_failed", turn);
                let next = self.decide(call, turn, |kind, view| {
                    kind.frame_failed(view, place, error)
                });
                return self.follow(call, next, turn);
            }
        };
        self.cancel_frame(step.frame, STOPPED, turn);
        let Some((call, place)) = parent else {
            return self.complete_run(output, turn);
        };
        let next = self.decide(call, turn, |kind, view| {
            kind.frame_settled(view, place, &output)
        });
        self.follow(call, next, turn);
    }
}
