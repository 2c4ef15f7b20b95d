//! What an event changes: the same live and in replay.

use std::{sync::Arc, time::Duration};

use super::{
    FrameId, Machine, Misfit, Phase, StepId,
    container::Container,
    end::{Doom, RUN_CANCELLED},
    frame::Failure,
    step::{Step, StepState},
    wait::Wait,
};
use crate::{
    error::Problem,
    event::{EventKind, NodeFailed, NodeProgress, Progress, Report, StepEvent},
    time::Timestamp,
    usage::Usage,
    workflow::Work,
};

impl Machine {
    /// Takes in an event of a log, in replay.
    pub(crate) fn apply(&mut self, event: &StepEvent) -> Result<(), Misfit> {
        let misfit = || Misfit {
            seq: event.seq,
            name: event.kind.name(),
        };
        if event.seq != self.seq + 1 || event.run_id != self.run_id || self.has_ended() {
            return Err(misfit());
        }
        let step = match event.step() {
            Some(step) => Some(self.locate(step).ok_or_else(misfit)?),
            None => None,
        };
        if let (Some(step), EventKind::NodeProgress(progress)) = (step, &event.kind) {
            self.prepare_items(step, progress);
        }
        if !self.may_follow(step, &event.kind) {
            return Err(misfit());
        }
        self.transition(step, &event.kind, event.time);
        self.seq = event.seq;
        Ok(())
    }

    /// Whether an event can come next, for all that is known of its step and its run.
    fn may_follow(&self, step: Option<StepId>, kind: &EventKind) -> bool {
        let Some(step) = step else {
            return self.may_follow_in_run(kind);
        };
        let state = self.frames.step(step).state;
        let open = || matches!(state, StepState::Open { .. }) && !self.is_busy_inside(step);
        match kind {
            EventKind::NodeStarted(started) => {
                let begins = matches!(
                    state,
                    StepState::Due { .. }
                        | StepState::Ready(_)
                        | StepState::Running { .. }
                        | StepState::Backoff { .. }
                );
                let attempt = self.frames.step(step).attempt.checked_add(1);
                begins && attempt == Some(started.attempt)
            }
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
            EventKind::NodeCompleted(_) => open() || matches!(state, StepState::Running { .. }),
            EventKind::NodeRetrying(_) => matches!(state, StepState::Running { .. }),
            EventKind::NodeProgress(it) => {
                matches!(state, StepState::Open { .. }) && self.may_progress(step, it.progress)
            }
            EventKind::NodeWaiting(_) => open() && self.frames.step(step).container.is_none(),
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
    fn prepare_items(&mut self, step: StepId, progress: &NodeProgress) {
        let begins = matches!(progress.progress, Progress::Items { item: None, .. });
        let state = self.frames.step(step);
        if begins && state.container.is_none() && matches!(state.state, StepState::Open { .. }) {
            _ = self.find_items(step);
        }
    }

    /// Whether a map or loop can have come so far.
    fn may_progress(&self, step: StepId, progress: Progress) -> bool {
        let container = self.frames.step(step).container.as_deref();
        match (progress, container) {
            (Progress::Items { items, item, .. }, Some(Container::Map(found))) => {
                found.count() == items
                    && match item {
                        None => found.next_index() == 0,
                        Some(item) => found.open.get(&item).is_some_and(|it| self.is_through(*it)),
                    }
            }
            (Progress::Round { round }, Some(Container::Loop { round: now, frame })) => {
                now + 1 == round && self.is_through(*frame)
            }
            (Progress::Round { round }, None) => {
                round == 0 && matches!(self.frames.planned(step).work, Work::Loop(..))
            }
            _ => false,
        }
    }

    /// Whether nothing in a frame will happen any more.
    fn is_through(&self, frame: FrameId) -> bool {
        let frame = self.frames.at(frame);
        frame.unsettled == 0 || (frame.failure.is_some() && !frame.steps.iter().any(Step::is_open))
    }

    /// What an event changes: the same live and in replay.
    pub(super) fn transition(&mut self, step: Option<StepId>, kind: &EventKind, time: Timestamp) {
        match step {
            Some(step) => self.transition_step(step, kind, time),
            None => self.transition_run(kind, time),
        }
    }

    fn transition_run(&mut self, kind: &EventKind, time: Timestamp) {
        match kind {
            EventKind::RunCreated(_) => self.phase = Phase::Created,
            EventKind::RunStarted(started) => {
                self.phase = Phase::Started(time);
                self.deadline = started.deadline;
            }
            EventKind::RunSuspended(_) => {
                if let Phase::Started(since) = self.phase {
                    self.phase = Phase::Suspended(since);
                }
            }
            EventKind::RunResumed(_) => {
                if let Phase::Suspended(since) = self.phase {
                    self.phase = Phase::Started(since);
                }
            }
            EventKind::RunCompleted(_) | EventKind::RunFailed(_) | EventKind::RunCancelled(_) => {
                self.phase = Phase::Ended;
            }
            _ => {}
        }
    }

    fn transition_step(&mut self, step: StepId, kind: &EventKind, time: Timestamp) {
        match kind {
            EventKind::NodeStarted(started) => {
                let is_leaf = matches!(self.frames.planned(step).work, Work::Leaf(_));
                let state = self.frames.step_mut(step);
                if is_leaf {
                    let works = matches!(state.state, StepState::Running { .. });
                    state.start(started, time);
                    self.working += usize::from(!works);
                } else {
                    state.open(started, time);
                }
            }
            EventKind::NodeProgress(it) => match it.progress {
                Progress::Items { item: None, .. } => {}
                Progress::Items {
                    item: Some(item), ..
                } => self.close_item(step, item),
                Progress::Round { round } => self.begin_round(step, round),
            },
            EventKind::NodeRetrying(retrying) => {
                self.release(step, used(retrying.report.as_deref()));
                let until = time.after(Duration::from_millis(retrying.next_in_ms));
                self.frames.step_mut(step).back_off(until);
            }
            EventKind::NodeWaiting(waiting) => {
                let wait = waiting.wait_id;
                let state = self.frames.step_mut(step);
                let since = state.since().unwrap_or(time);
                state.state = StepState::Waiting { since, wait };
                self.waits.insert(wait, Wait::new(step, waiting, time));
            }
            EventKind::NodeResumed(it) => self.take_answer(step, it.payload.clone()),
            EventKind::NodeCompleted(completed) => {
                self.release(step, used(completed.report.as_deref()));
                let output = Arc::clone(&completed.output);
                self.frames
                    .at(step.frame)
                    .scope
                    .complete(step.node(), output);
                self.step_settled(step, true);
            }
            EventKind::NodeFailed(failed) => {
                let origin = self.failure_inside(step, &failed.error);
                self.release(step, used(failed.report.as_deref()));
                self.step_failed(step, failed, origin);
            }
            EventKind::NodeSkipped(_) => {
                self.frames.at(step.frame).scope.skip(step.node());
                self.step_settled(step, false);
            }
            EventKind::NodeCancelled(cancelled) => {
                self.release(step, Usage::default());
                self.frames.step_mut(step).state = StepState::Settled;
                if cancelled.reason == RUN_CANCELLED {
                    let reason = "cancelled".into();
                    self.doom.get_or_insert(Doom::Cancelled { reason });
                }
            }
            _ => {}
        }
    }

    /// Gives back what a step held, and counts what it used.
    fn release(&mut self, step: StepId, usage: Usage) {
        let state = self.frames.step_mut(step);
        let container = state.container.take();
        match state.state {
            StepState::Running { .. } => self.working = self.working.saturating_sub(1),
            StepState::Waiting { wait, .. } => _ = self.waits.remove(&wait),
            _ => {}
        }
        self.usage += usage;
        for frame in container.iter().flat_map(|container| container.frames()) {
            self.frames.remove(frame);
        }
    }

    /// The first failure within a container, if it is what makes the container fail.
    fn failure_inside(&self, step: StepId, error: &Problem) -> Option<Failure> {
        let frames = self.frames.step(step).frames().into_iter();
        let failures = frames.filter_map(|frame| self.frames.at(frame).failure.clone());
        let first = failures.min_by_key(|failure| failure.seq);
        first.filter(|failure| *failure.error == *error)
    }

    fn step_failed(&mut self, step: StepId, failed: &NodeFailed, origin: Option<Failure>) {
        let (seq, error) = (self.seq + 1, Arc::clone(&failed.error));
        let frame = self.frames.at_mut(step.frame);
        if failed.handled {
            frame.scope.fail(step.node(), error, failed.output.clone());
            return self.step_settled(step, true);
        }
        frame.steps[step.node()].state = StepState::Settled;
        frame.failure.get_or_insert_with(|| {
            let here = failed.step.clone();
            let step = origin.map_or(here, |origin| origin.step);
            Failure { seq, step, error }
        });
        self.failed.push_back(step.frame);
    }

    /// A step is through; `live` unless it was skipped.
    fn step_settled(&mut self, step: StepId, live: bool) {
        let frame = self.frames.at_mut(step.frame);
        frame.steps[step.node()].state = StepState::Settled;
        frame.unsettled = frame.unsettled.saturating_sub(1);
        if frame.unsettled == 0 {
            self.settled.push_back(step.frame);
        }
        for dependent in &frame.body.steps[step.node()].dependents {
            if frame.steps[*dependent].need_settled(live) {
                self.due.push_back(StepId::new(step.frame, *dependent));
            }
        }
    }
}

fn used(report: Option<&Report>) -> Usage {
    report.map(|report| report.usage).unwrap_or_default()
}
