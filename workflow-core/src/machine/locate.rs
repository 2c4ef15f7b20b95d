//! Which step a path in a log means.

use super::{FrameId, Machine, StepId, step::StepState};
use crate::{id::StepRef, workflow::Work};

impl Machine {
    /// Finds the step of an event. Items and calls that the log says nothing of, but that must have
    /// begun, begin now.
    pub(super) fn locate(&mut self, step: &StepRef) -> Option<StepId> {
        let path = step.path().clone();
        let mut segments = path.as_str().split('/');
        let mut frame = FrameId::ROOT;
        let mut id = self.node(frame, segments.next()?)?;
        while let Some(segment) = segments.next() {
            if !matches!(self.frames.state(id), Some(StepState::Open { .. })) {
                return None;
            }
            let node;
            (frame, node) = match &self.frames.planned(id).work {
                Work::Map(..) => {
                    let frame = self.item_frame(id, segment.parse().ok()?)?;
                    (frame, segments.next()?)
                }
                Work::Loop(..) => {
                    let frame = self.round_frame(id, segment.parse().ok()?)?;
                    (frame, segments.next()?)
                }
                Work::Call(..) => (self.call_frame(id)?, segment),
                Work::Leaf(_) | Work::Human(_) | Work::Delay(_) => return None,
            };
            id = self.node(frame, node)?;
        }
        (self.step_ref(id) == *step).then_some(id)
    }

    fn node(&self, frame: FrameId, id: &str) -> Option<StepId> {
        let node = self.frames.get(frame)?.index_of(id)?;
        Some(StepId::new(frame, node))
    }
}
