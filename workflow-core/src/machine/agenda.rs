//! What follows from the log and is not in it.

use std::collections::{BTreeSet, VecDeque};

use super::{
    early_end::EarlyEnd,
    frame::Frame,
    ids::{FrameId, StepId},
};
use crate::event::StartReason;

/// The work that the state machine has found and not done yet. It is derived from [`Logged`](super::logged::Logged) and from
/// the inputs of this host, and derived anew after a restart.
#[derive(Default)]
pub(super) struct Agenda {
    /// Steps whose needs are settled, before the decision whether they run.
    pub(super) due: VecDeque<StepId>,
    /// Leaf steps that wait for a slot, each with the reason of its next start.
    pub(super) ready: VecDeque<(StepId, Option<StartReason>)>,
    /// Frames with a failure that was not handled.
    pub(super) failed: VecDeque<FrameId>,
    /// Frames in which every step is settled.
    pub(super) settled: VecDeque<FrameId>,
    /// Steps whose attempt was lost with its host and did not start again. They hold no slot.
    pub(super) lost: BTreeSet<StepId>,
    /// Why the run ends before all its steps are settled.
    pub(super) early_end: Option<EarlyEnd>,
    /// Whether the host stops, so that the run is suspended.
    pub(super) interrupted: bool,
}

impl Agenda {
    /// Adds the first steps of a frame that was opened.
    pub(super) fn frame_opened(&mut self, id: FrameId, frame: &Frame) {
        let steps = frame.body.steps.iter().enumerate();
        let first = steps.filter(|(_, planned)| planned.needs == 0);
        self.due
            .extend(first.map(|(node, _)| StepId::new(id, node)));
    }

    /// Whether the attempt of a step was lost with its host, and the step did not start again.
    #[inline]
    pub(super) fn is_lost(&self, step: StepId) -> bool {
        !self.lost.is_empty() && self.lost.contains(&step)
    }

    /// Notes that the attempt of a step started again, or ended.
    #[inline]
    pub(super) fn found(&mut self, step: StepId) {
        if !self.lost.is_empty() {
            self.lost.remove(&step);
        }
    }

    /// Ends the run early, unless it already ends for another reason.
    pub(super) fn end_early(&mut self, early_end: EarlyEnd) {
        self.early_end.get_or_insert(early_end);
    }
}
