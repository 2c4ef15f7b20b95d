//! Finds the step that a path in a log names.
//!
//! Live, the machine knows the id of the step that an event is about. In replay it is looked up here, so the
//! look-up is also what finds logs of another workflow.

use super::{Agenda, Logged, StepId};
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
    /// Finds the step of an event, in replay. The loop ends: each pass opens a frame on the path, and the path is
    /// finite.
    pub(in crate::machine) fn find(
        &mut self,
        name: &StepRef,
        agenda: &mut Agenda,
    ) -> Option<StepId> {
        loop {
            match self.locate(name)? {
                Located::Step(step) => return Some(step),
                Located::Closed { step, place } => {
                    self.reopen(step, place, agenda).ok()?;
                }
            }
        }
    }

    /// The step of this name, unless it is in a frame that is not open.
    pub(in crate::machine) fn open_step(&self, name: &StepRef) -> Option<StepId> {
        match self.locate(name)? {
            Located::Step(step) => Some(step),
            Located::Closed { .. } => None,
        }
    }

    /// `None` if the path does not exist: an unknown node, a container that is not open, a segment that its kind
    /// did not write, or a node whose name in the event is another one.
    fn locate(&self, name: &StepRef) -> Option<Located> {
        let mut path = Segments::new(name.path().as_str());
        let mut id = self.first_frame(&mut path);
        loop {
            let frame = self.frames.get(id)?;
            let node = frame.index_of(path.next()?)?;
            let step = StepId::new(id, node);
            if path.is_empty() {
                return (frame.names.step(node) == *name).then_some(Located::Step(step));
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
