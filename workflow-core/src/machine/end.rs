//! How frames, and the run as a whole, end.

use std::sync::Arc;

use serde_json::Value;

use super::{
    FrameId, Machine, Turn, control,
    early_end::{EarlyEnd, RUN_CANCELLED},
    frame::Failure,
};
use crate::{
    error::Problem,
    event::{EventKind, RunCancelled, RunCompleted, RunFailed},
    value::{StepRef, Timestamp, millis},
};

impl Machine {
    /// Handles a frame in which every step is settled: the kind of its step decides, or the run completes.
    ///
    /// The frame may have been closed since it was put on the agenda.
    ///
    /// A result that cannot be rendered fails the run, or counts as a failure of the frame, which the kind handles.
    pub(super) fn frame_settled(&mut self, id: FrameId, turn: &mut Turn) {
        let frames = self.frames();
        let Some(frame) = frames.get(id).filter(|frame| frame.failure.is_none()) else {
            return;
        };
        let Some((step, place)) = frame.parent else {
            if id != FrameId::ROOT {
                return self.on_failure_settled(turn);
            }
            return match frame.result(self.workflow.output()) {
                Ok(output) => {
                    let output = match self.logged.given().only() {
                        Some(_) => self.logged.only_output().cloned().unwrap_or_default(),
                        None => output,
                    };
                    self.complete_run(output, turn);
                }
                Err(error) => {
                    self.agenda.early_end = Some(EarlyEnd::Failed { step: None, error });
                }
            };
        };
        let kind = control::of(&frames.planned(step).kind);
        let next = match frame.result(kind.and_then(|kind| kind.output(place))) {
            Ok(result) => self.decide(step, turn, |kind, view| {
                kind.frame_settled(view, place, &result)
            }),
            Err(error) => self.decide(step, turn, |kind, view| {
                kind.frame_failed(view, place, error)
            }),
        };
        self.follow(step, next, turn);
    }

    /// Handles an unhandled failure in a frame: its other steps are cancelled, and the kind of its step decides.
    ///
    /// At the top level the run ends, and `end_early` cancels the other steps. In a container they are cancelled
    /// here, before the kind decides, so that a map can continue with its other items.
    pub(super) fn frame_failed(&mut self, id: FrameId, turn: &mut Turn) {
        let Some(frame) = self.frames().get(id) else {
            return;
        };
        let (parent, Some(failure)) = (frame.parent, &frame.failure) else {
            return;
        };
        let Failure {
            step: origin,
            error,
            ..
        } = failure.clone();
        let Some((step, place)) = parent else {
            let step = Some(origin);
            return self.agenda.end_early(EarlyEnd::Failed { step, error });
        };
        self.cancel_frame(id, "sibling_failed", turn);
        let next = self.decide(step, turn, |kind, view| {
            kind.frame_failed(view, place, error)
        });
        self.follow(step, next, turn);
    }

    pub(super) fn complete_run(&mut self, output: Arc<Value>, turn: &mut Turn) {
        let completed = RunCompleted {
            output,
            usage: self.logged.usage(),
            cost: self.logged.cost(),
            duration_ms: self.duration_ms(turn.now),
        };
        let last = EventKind::RunCompleted(Box::new(completed));
        self.emit(None, last, turn);
    }

    /// Cancels everything and ends the run, or begins its `on_failure`.
    ///
    /// Every open step gets a `node.cancelled`, so that the log shows no step that seems to run. Those events and
    /// the last one are in the reserve of the limit.
    pub(super) fn end_early(&mut self, early_end: EarlyEnd, turn: &mut Turn) {
        if let Some(failing) = self.logged.failing().cloned() {
            return self.end_on_failure_early(failing, early_end, turn);
        }
        let why = match early_end {
            EarlyEnd::Failed { step: Some(_), .. } => "sibling_failed",
            EarlyEnd::Failed { step: None, .. } | EarlyEnd::Unable { .. } => "run_failed",
            EarlyEnd::Cancelled { .. } => RUN_CANCELLED,
        };
        self.cancel_frame(FrameId::ROOT, why, turn);
        let last = match early_end {
            EarlyEnd::Failed { step, error } if self.may_begin_on_failure() => {
                return self.begin_on_failure(step, error, turn);
            }
            EarlyEnd::Failed { step, error } => {
                let failed = self.run_failed(step, error, turn.now);
                EventKind::RunFailed(Box::new(failed))
            }
            EarlyEnd::Unable { error } => {
                let failed = self.run_failed(None, error, turn.now);
                EventKind::RunFailed(Box::new(failed))
            }
            EarlyEnd::Cancelled { reason } => EventKind::RunCancelled(Box::new(RunCancelled {
                reason: reason.to_string().into(),
                usage: self.logged.usage(),
                cost: self.logged.cost(),
                duration_ms: self.duration_ms(turn.now),
            })),
        };
        self.emit(None, last, turn);
    }

    pub(super) fn run_failed(
        &self,
        step: Option<StepRef>,
        error: Arc<Problem>,
        now: Timestamp,
    ) -> RunFailed {
        RunFailed {
            error,
            step,
            usage: self.logged.usage(),
            cost: self.logged.cost(),
            duration_ms: self.duration_ms(now),
            on_failure_error: None,
        }
    }

    /// The wall time of the run in milliseconds, suspensions included.
    fn duration_ms(&self, now: Timestamp) -> u64 {
        let started = self.logged.started();
        started.map_or(0, |started| millis(now.since(started)))
    }
}
