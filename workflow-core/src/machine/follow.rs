//! Whether an event of a log can come next.

use super::{
    FrameId, Machine, Phase, StepId,
    container::Container,
    step::{Step, StepState},
};
use crate::{
    event::{EventKind, Progress},
    workflow::Work,
};

impl Machine {
    /// Whether an event can come next, for all that is known of its step and its run.
    pub(super) fn may_follow(&self, step: Option<StepId>, kind: &EventKind) -> bool {
        let Some(step) = step else {
            return self.may_follow_in_run(kind);
        };
        let state = self.frames.step(step).state;
        let open = matches!(state, StepState::Open { .. }) && !self.is_busy_inside(step);
        match kind {
            EventKind::NodeStarted(_) => !matches!(
                state,
                StepState::Idle { .. }
                    | StepState::Settled
                    | StepState::Open { .. }
                    | StepState::Waiting { .. }
            ),
            EventKind::NodeSkipped(_) => matches!(state, StepState::Due { .. }),
            EventKind::NodeFailed(_) => {
                open || matches!(
                    state,
                    StepState::Due { .. } | StepState::Running { .. } | StepState::Waiting { .. }
                )
            }
            EventKind::NodeCompleted(_) => open || matches!(state, StepState::Running { .. }),
            EventKind::NodeRetrying(_) => matches!(state, StepState::Running { .. }),
            EventKind::NodeProgress(_) => matches!(state, StepState::Open { .. }),
            EventKind::NodeWaiting(_) => open && self.frames.step(step).container.is_none(),
            EventKind::NodeResumed(it) => {
                matches!(state, StepState::Waiting { wait, .. } if wait == it.wait_id)
            }
            EventKind::NodeCancelled(_) => {
                open || matches!(
                    state,
                    StepState::Running { .. }
                        | StepState::Backoff { .. }
                        | StepState::Waiting { .. }
                )
            }
            _ => false,
        }
    }

    fn may_follow_in_run(&self, kind: &EventKind) -> bool {
        match kind {
            EventKind::RunCreated(_) => self.phase == Phase::New,
            EventKind::RunStarted(_) => self.phase == Phase::Created,
            EventKind::RunSuspended(_) => {
                matches!(self.phase, Phase::Started(_)) && self.working == 0
            }
            EventKind::RunResumed(_) => matches!(self.phase, Phase::Suspended(_)),
            EventKind::RunCompleted(_) => {
                self.frames.at(FrameId::ROOT).unsettled == 0
                    && matches!(self.phase, Phase::Started(_))
            }
            EventKind::RunFailed(_) | EventKind::RunCancelled(_) => self.phase != Phase::New,
            _ => false,
        }
    }

    /// Whether something in a container has begun and is not settled.
    fn is_busy_inside(&self, step: StepId) -> bool {
        let mut frames = self.frames.step(step).frames().into_iter();
        frames.any(|frame| {
            let mut steps = self.frames.at(frame).steps.iter();
            steps.any(Step::is_open)
        })
    }

    /// The items of a map stand in no event; how many there were does.
    pub(super) fn find_logged_items(&mut self, step: Option<StepId>, kind: &EventKind) -> bool {
        let (Some(step), EventKind::NodeProgress(it)) = (step, kind) else {
            return true;
        };
        let Progress::Items { items, item, .. } = it.progress else {
            return self.is_next_round(step, it.progress);
        };
        if item.is_none() && self.frames.step(step).container.is_none() {
            _ = self.find_items(step);
        }
        let open = match self.frames.step(step).container.as_deref() {
            Some(Container::Map(found)) if found.count() == items => &found.open,
            _ => return false,
        };
        item.is_none_or(|item| open.contains_key(&item))
    }

    fn is_next_round(&self, step: StepId, progress: Progress) -> bool {
        let Progress::Round { round } = progress else {
            return false;
        };
        let is_loop = matches!(self.frames.planned(step).work, Work::Loop(..));
        is_loop
            && match self.frames.step(step).container.as_deref() {
                Some(Container::Loop { round: now, .. }) => now + 1 == round,
                _ => round == 0,
            }
    }
}
