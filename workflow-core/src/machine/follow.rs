//! Whether an event of a log can come next.

use super::{
    FrameId, Machine, Phase, StepId,
    container::Container,
    step::{Step, StepState},
    suspend::SHUTDOWN,
};
use crate::{
    event::{EventKind, NodeProgress, Progress},
    id::WaitId,
    workflow::Work,
};

/// Whether a step can report this place in line: a first one, or one that is nearer.
pub(super) fn may_queue(state: StepState, position: usize) -> bool {
    match state {
        StepState::Running { queued, .. } => {
            position > 0 && queued.is_none_or(|before| position < before)
        }
        _ => false,
    }
}

impl Machine {
    /// Whether an event can come next, for all that is known of its step and its run.
    pub(super) fn may_follow(&self, step: Option<StepId>, kind: &EventKind) -> bool {
        let Some(step) = step else {
            return self.may_follow_in_run(kind);
        };
        let works = match kind {
            // Whoever ends a run that rests does not wake it first.
            EventKind::NodeCancelled(_) => !matches!(self.phase, Phase::New | Phase::Created),
            _ => matches!(self.phase, Phase::Started(_)),
        };
        works && self.may_follow_in_step(step, kind)
    }

    fn may_follow_in_step(&self, step: StepId, kind: &EventKind) -> bool {
        let state = self.frames.step(step).state;
        let open = || matches!(state, StepState::Open { .. }) && !self.is_busy_inside(step);
        match kind {
            EventKind::NodeStarted(it) => self.may_start(step, it.attempt),
            EventKind::NodeSkipped(_) => matches!(state, StepState::Due { .. }),
            EventKind::NodeFailed(_) => {
                open()
                    || matches!(
                        state,
                        StepState::Due { .. }
                            | StepState::Running { .. }
                            | StepState::Waiting { .. }
                    )
            }
            EventKind::NodeCompleted(it) if it.report.as_ref().is_some_and(|it| it.reused) => {
                matches!(state, StepState::Due { .. })
                    && self.reused_output(step) == Some(&it.output)
            }
            EventKind::NodeCompleted(_) => open() || matches!(state, StepState::Running { .. }),
            EventKind::NodeRetrying(_) => matches!(state, StepState::Running { .. }),
            EventKind::NodeQueued(it) => {
                it.attempt == self.frames.step(step).attempt && may_queue(state, it.position)
            }
            EventKind::NodeAdmitted(it) => {
                let waits = matches!(
                    state,
                    StepState::Running {
                        queued: Some(_),
                        ..
                    }
                );
                it.attempt == self.frames.step(step).attempt && waits
            }
            EventKind::NodeProgress(it) => {
                matches!(state, StepState::Open { .. }) && self.may_progress(step, it.progress)
            }
            EventKind::NodeWaiting(it) => open() && self.may_wait(step, it.wait_id),
            EventKind::NodeResumed(it) => {
                matches!(state, StepState::Waiting { wait, .. } if wait == it.wait_id)
            }
            EventKind::NodeCancelled(_) => {
                open()
                    || matches!(
                        state,
                        StepState::Running { .. }
                            | StepState::Backoff { .. }
                            | StepState::Waiting { .. }
                    )
            }
            _ => false,
        }
    }

    fn may_start(&self, step: StepId, attempt: u32) -> bool {
        let step = self.frames.step(step);
        let begins = matches!(
            step.state,
            StepState::Due { .. }
                | StepState::Ready(_)
                | StepState::Running { .. }
                | StepState::Backoff { .. }
        );
        begins && step.attempt.checked_add(1) == Some(attempt)
    }

    fn may_wait(&self, step: StepId, wait: WaitId) -> bool {
        let work = &self.frames.planned(step).work;
        matches!(work, Work::Human(_) | Work::Delay(_))
            && self.frames.step(step).container.is_none()
            && wait == WaitId::of_event(self.seq + 1)
    }

    fn may_follow_in_run(&self, kind: &EventKind) -> bool {
        match kind {
            EventKind::RunCreated(_) => self.phase == Phase::New,
            EventKind::RunStarted(_) => self.phase == Phase::Created,
            EventKind::RunSuspended(it) => {
                let rests = self.working == 0 && !self.waits.is_empty();
                matches!(self.phase, Phase::Started(_)) && (rests || it.reason == SHUTDOWN)
            }
            EventKind::RunResumed(_) => {
                matches!(self.phase, Phase::Suspended(_) | Phase::Interrupted(_))
            }
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
        frames.any(|frame| self.is_busy(frame))
    }

    /// Whether something in a frame has begun and is not settled.
    fn is_busy(&self, frame: FrameId) -> bool {
        self.frames.at(frame).steps.iter().any(Step::is_open)
    }

    /// Whether an item can be done: everything in it is settled, or it failed and nothing goes on in it.
    fn is_through(&self, item: FrameId) -> bool {
        let frame = self.frames.at(item);
        frame.unsettled == 0 || (frame.failure.is_some() && !self.is_busy(item))
    }

    /// The items of a map stand in no event; how many there were does.
    pub(super) fn prepare_items(&mut self, step: StepId, progress: &NodeProgress) {
        let Progress::Items {
            item: None, items, ..
        } = progress.progress
        else {
            return;
        };
        let state = self.frames.step(step);
        if state.container.is_none() && matches!(state.state, StepState::Open { .. }) {
            // As many as there were, whatever the limit is now: it may have been lowered since.
            _ = self.find_items(step, items);
        }
    }

    /// Whether a map or loop can have come so far.
    fn may_progress(&self, step: StepId, progress: Progress) -> bool {
        let container = self.frames.step(step).container.as_deref();
        match (progress, container) {
            (Progress::Items { items, item, .. }, Some(Container::Map(found))) => {
                let fits = match item {
                    None => found.next_index() == 0,
                    Some(item) => found.open.get(&item).is_some_and(|it| self.is_through(*it)),
                };
                fits && found.count() == items
            }
            (Progress::Round { round }, Some(Container::Loop { round: now, frame })) => {
                now + 1 == round && self.frames.at(*frame).unsettled == 0
            }
            (Progress::Round { round }, None) => {
                round == 0 && matches!(self.frames.planned(step).work, Work::Loop(..))
            }
            _ => false,
        }
    }
}
