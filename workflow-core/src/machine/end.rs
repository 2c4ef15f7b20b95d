//! How frames and the run as a whole end.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::{
    FrameId, Machine, Phase, Turn,
    container::Container,
    frame::{Failure, Frame},
};
use crate::{
    error::Problem,
    event::{EventKind, RunCancelled, RunCompleted, RunFailed},
    id::StepRef,
    size::{self, MAX_RESULT_BYTES},
    template::Json,
    time::{Timestamp, millis},
    workflow::Work,
};

/// Why a run is to end before all its steps are done.
#[derive(Clone, Debug)]
pub(super) enum EarlyEnd {
    Failed {
        step: Option<StepRef>,
        error: Arc<Problem>,
    },
    Cancelled {
        reason: Arc<str>,
    },
}

impl EarlyEnd {
    /// The run as a whole fails.
    pub(super) fn failed(problem: Problem) -> Self {
        let error = Arc::new(problem);
        Self::Failed { step: None, error }
    }
}

impl Machine {
    /// Everything in a frame is settled.
    pub(super) fn frame_settled(&mut self, id: FrameId, turn: &mut Turn) {
        let Some(frame) = self.frames.get(id).filter(|frame| frame.failure.is_none()) else {
            return;
        };
        let parent = frame.parent;
        let result = self.result(id);
        let Some((step, place)) = parent else {
            return match result {
                Ok(output) => self.complete_run(output, turn),
                Err(error) => self.early_end = Some(EarlyEnd::Failed { step: None, error }),
            };
        };
        match (self.frames.step(step).container.as_deref(), result) {
            (Some(Container::Map(_)), Ok(_)) => self.item_done(step, place, turn),
            (Some(Container::Loop { .. }), Ok(result)) => {
                self.round_done(step, place, result, turn);
            }
            (Some(Container::Call(_)), Ok(result)) => {
                self.complete(step, result, None, turn);
            }
            (_, Ok(_)) => {}
            (_, Err(error)) => {
                let (seq, step) = (self.seq, self.step_ref(step));
                self.frames.at_mut(id).failure = Some(Failure { seq, step, error });
                self.failed.push_back(id);
            }
        }
    }

    /// A failure in a frame was not handled: nothing more happens in it, and what it belongs to
    /// learns of it.
    pub(super) fn frame_failed(&mut self, id: FrameId, turn: &mut Turn) {
        let Some(frame) = self.frames.get(id) else {
            return;
        };
        let (parent, Some(failure)) = (frame.parent, frame.failure.clone()) else {
            return;
        };
        let Some((step, place)) = parent else {
            let Failure { step, error, .. } = failure;
            let step = Some(step);
            self.early_end
                .get_or_insert(EarlyEnd::Failed { step, error });
            return;
        };
        self.cancel_frame(id, "sibling_failed", turn);
        if self.forgives_items(step) {
            return self.item_done(step, place, turn);
        }
        self.cancel_inside(step, "sibling_failed", turn);
        self.fail_with(step, failure.error, None, turn);
    }

    /// What comes of a frame in which everything is settled.
    pub(super) fn result(&self, id: FrameId) -> Result<Arc<Value>, Arc<Problem>> {
        let frame = self.frames.at(id);
        let computed = frame
            .result
            .get_or_init(|| result_of(frame, self.output_of(frame)));
        computed.clone()
    }

    /// What a frame says of its result.
    fn output_of(&self, frame: &Frame) -> Option<&Json> {
        let Some((step, _)) = frame.parent else {
            return self.workflow.output();
        };
        match &self.frames.planned(step).work {
            Work::Loop(repeat, _) => repeat.output.as_ref(),
            Work::Call(_, workflow) => workflow.output(),
            _ => None,
        }
    }

    fn complete_run(&mut self, output: Arc<Value>, turn: &mut Turn) {
        let completed = RunCompleted {
            output,
            usage: self.usage,
            duration_ms: self.duration_ms(turn.now),
        };
        let last = EventKind::RunCompleted(Box::new(completed));
        self.emit(None, last, turn);
    }

    pub(super) fn end_early(&mut self, early_end: EarlyEnd, turn: &mut Turn) {
        let why = match early_end {
            EarlyEnd::Failed { step: Some(_), .. } => "sibling_failed",
            EarlyEnd::Failed { step: None, .. } => "run_failed",
            EarlyEnd::Cancelled { .. } => RUN_CANCELLED,
        };
        self.cancel_frame(FrameId::ROOT, why, turn);
        let last = self.last_event(early_end, turn.now);
        self.emit(None, last, turn);
    }

    fn last_event(&self, early_end: EarlyEnd, now: Timestamp) -> EventKind {
        let (usage, duration_ms) = (self.usage, self.duration_ms(now));
        match early_end {
            EarlyEnd::Failed { step, error } => EventKind::RunFailed(Box::new(RunFailed {
                error,
                step,
                usage,
                duration_ms,
            })),
            EarlyEnd::Cancelled { reason } => EventKind::RunCancelled(Box::new(RunCancelled {
                reason: reason.to_string().into(),
                usage,
                duration_ms,
            })),
        }
    }

    fn duration_ms(&self, now: Timestamp) -> u64 {
        match self.phase {
            Phase::Started(since) | Phase::Suspended(since) | Phase::Interrupted(since) => {
                millis(now.since(since))
            }
            Phase::New | Phase::Created | Phase::Ended => 0,
        }
    }

    pub(super) fn root_input(&self) -> &Value {
        self.frames.at(FrameId::ROOT).scope.input()
    }
}

/// Why steps stop when somebody ends the run.
pub(super) const RUN_CANCELLED: &str = "run_cancelled";

/// The `output` that is said; or the output of the only sink, or of each sink that has one by its id.
fn result_of(frame: &Frame, output: Option<&Json>) -> Result<Arc<Value>, Arc<Problem>> {
    if let Some(output) = output {
        return match output.render_result(&frame.scope) {
            Ok(output) => Ok(Arc::new(output)),
            Err(error) => Err(Arc::new(Problem::new("output_error", error.to_string()))),
        };
    }
    if let [only] = &*frame.body.sinks {
        return Ok(frame.scope.output(*only).cloned().unwrap_or_default());
    }
    let mut named = Map::new();
    let mut left = MAX_RESULT_BYTES;
    for sink in &frame.body.sinks {
        let Some(output) = frame.scope.output(*sink) else {
            continue;
        };
        let bytes = size::bytes(output);
        left = left.checked_sub(bytes).ok_or_else(|| {
            let detail = format!("the result has more than {MAX_RESULT_BYTES} bytes");
            Arc::new(Problem::new("output_too_large", detail))
        })?;
        let id = frame.body.steps[*sink].id.to_string();
        named.insert(id, output.as_ref().clone());
    }
    Ok(Arc::new(Value::Object(named)))
}
