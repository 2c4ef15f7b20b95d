//! The derived state: work that follows from the log and is not in it.

use std::collections::{BTreeSet, VecDeque};

use super::{
    early_end::EarlyEnd,
    frame::Frame,
    ids::{FrameId, StepId},
    lines::Lines,
};
use crate::event::StartReason;

/// Work that the state machine has found and not done yet.
///
/// It is derived from [`Logged`](super::logged::Logged) and from the inputs of this host, and derived again after a restart. So
/// nothing in it may be the only record of a decision.
///
/// The queues are first-in, first-out: the order of the events of a run depends only on the order of its inputs. An
/// entry may be out of date, since another event can have changed its step. So the state of the step is checked
/// when an entry is taken.
#[derive(Default)]
pub(super) struct Agenda {
    /// Steps whose needs are settled, before the decision whether they run.
    pub(super) due: VecDeque<StepId>,
    /// Leaf steps that wait for a slot, each with the reason of its next start.
    pub(super) ready: VecDeque<(StepId, Option<StartReason>)>,
    /// Leaf steps that wait until their next attempt fits into a budget.
    pub(super) lines: Lines,
    /// Frames with an unhandled failure.
    pub(super) failed: VecDeque<FrameId>,
    /// Completed steps that may end the workflow.
    pub(super) stops: VecDeque<Stop>,
    /// Frames in which every step is settled.
    pub(super) settled: VecDeque<FrameId>,
    /// Steps whose attempt was lost with its host and has not started again. They hold no slot.
    pub(super) lost: BTreeSet<StepId>,
    /// Why the run ends before all its steps are settled.
    pub(super) early_end: Option<EarlyEnd>,
    /// Whether the host stops. Then the run is suspended.
    pub(super) interrupted: bool,
}

impl Agenda {
    /// Adds the first steps of a new frame. Called by the transition, live and in replay, since a frame opens in
    /// both.
    pub(super) fn frame_opened(&mut self, id: FrameId, frame: &Frame) {
        let steps = frame.body.steps.iter().enumerate();
        let first = steps.filter(|(_, planned)| planned.needs == 0);
        self.due
            .extend(first.map(|(node, _)| StepId::new(id, node)));
    }

    /// Whether something is to be decided, apart from steps that wait for a slot.
    pub(super) fn has_decisions(&self) -> bool {
        !self.due.is_empty() || !self.settled.is_empty() || self.has_ends()
    }

    /// Drops all work: the steps that it is about have been cancelled or will never begin.
    pub(super) fn clear(&mut self) {
        *self = Self {
            interrupted: self.interrupted,
            ..Self::default()
        };
    }

    /// Whether the attempt of a step was lost with its host and has not started again. Without a recovery the set
    /// is empty, which is checked first: this runs for each attempt.
    #[inline]
    pub(super) fn is_lost(&self, step: StepId) -> bool {
        !self.lost.is_empty() && self.lost.contains(&step)
    }

    /// Whether something may end a frame early.
    #[inline]
    pub(super) fn has_ends(&self) -> bool {
        !self.failed.is_empty() || !self.stops.is_empty()
    }

    /// Removes a step from the lost ones: its attempt started again, or ended.
    #[inline]
    pub(super) fn remove_lost(&mut self, step: StepId) {
        if !self.lost.is_empty() {
            self.lost.remove(&step);
        }
    }

    /// Ends the run early, unless it already ends for another reason.
    ///
    /// The first reason counts. If a failure of a step and a cancellation come in one turn, the log has to show one
    /// of them.
    pub(super) fn end_early(&mut self, early_end: EarlyEnd) {
        self.early_end.get_or_insert(early_end);
    }
}

/// A completed step that may end the workflow.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stop {
    /// The number of its event.
    pub(super) seq: u64,
    pub(super) step: StepId,
}
