//! Finds the step that a path in a log names.

use super::{Agenda, FrameId, Logged, StepId};
use crate::{
    machine::{control, ids::Place, path::Segments, step::StepState},
    value::StepRef,
};

enum Located {
    Step(StepId),
    /// The path leads into a frame that is not open.
    Closed {
        step: StepId,
        place: Place,
    },
}

impl Logged {
    /// Finds the step of an event, in replay.
    pub(super) fn find(&mut self, name: &StepRef, agenda: &mut Agenda) -> Option<StepId> {
        loop {
            match self.locate(name)? {
                Located::Step(step) => return Some(step),
                Located::Closed { step, place } => {
                    self.reopen(step, place, agenda).ok()?;
                }
            }
        }
    }

    fn locate(&self, name: &StepRef) -> Option<Located> {
        let mut path = Segments::new(name.path().as_str());
        let mut id = FrameId::ROOT;
        loop {
            let frame = self.frames.get(id)?;
            let node = frame.index_of(path.next()?)?;
            let step = StepId::new(id, node);
            if path.is_empty() {
                return (frame.names[node] == *name).then_some(Located::Step(step));
            }
            let state = &frame.steps[node];
            if !matches!(state.state, StepState::Open { .. }) {
                return None;
            }
            let place = control::of(&frame.body.steps[node].kind)?.descend(&mut path)?;
            id = match state.container.as_deref()?.frames.get(&place) {
                Some(frame) => *frame,
                None => return Some(Located::Closed { step, place }),
            };
        }
    }
}
