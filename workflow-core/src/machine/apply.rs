//! What an event changes: the same live and in replay.

use std::{sync::Arc, time::Duration};

use super::{
    FrameId, Machine, Misfit, Phase, StepId,
    container::Container,
    end::{EarlyEnd, RUN_CANCELLED},
    frame::Failure,
    step::StepState,
    suspend::SHUTDOWN,
    wait::Wait,
};
use crate::{
    error::Problem,
    event::{EventKind, NodeFailed, NodeStarted, NodeWaiting, Progress, ReusedStep, StepEvent},
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

    /// What an event changes: the same live and in replay.
    pub(super) fn transition(&mut self, step: Option<StepId>, kind: &EventKind, time: Timestamp) {
        match step {
            Some(step) => self.transition_step(step, kind, time),
            None => self.transition_run(kind, time),
        }
    }

    fn transition_run(&mut self, kind: &EventKind, time: Timestamp) {
        match kind {
            EventKind::RunCreated(created) => {
                self.phase = Phase::Created;
                self.take_over(&created.reused);
            }
            EventKind::RunStarted(started) => {
                self.phase = Phase::Started(time);
                self.deadline = started.deadline;
            }
            EventKind::RunSuspended(suspended) => {
                if let Phase::Started(since) = self.phase {
                    self.phase = if suspended.reason == SHUTDOWN {
                        self.frames.interrupt();
                        Phase::Interrupted(since)
                    } else {
                        Phase::Suspended(since)
                    };
                }
            }
            EventKind::RunResumed(_) => {
                if let Phase::Suspended(since) | Phase::Interrupted(since) = self.phase {
                    self.phase = Phase::Started(since);
                }
            }
            EventKind::RunCompleted(_) | EventKind::RunFailed(_) | EventKind::RunCancelled(_) => {
                self.phase = Phase::Ended;
            }
            _ => {}
        }
    }

    fn take_over(&mut self, reused: &[ReusedStep]) {
        let root = self.frames.at(FrameId::ROOT);
        let found = reused.iter().filter_map(|step| {
            let node = root.index_of(step.node.as_str())?;
            Some((node, step.clone()))
        });
        self.reused = found.collect();
        for step in reused {
            self.hold(FrameId::ROOT, &step.output);
        }
    }

    fn transition_step(&mut self, step: StepId, kind: &EventKind, time: Timestamp) {
        match kind {
            EventKind::NodeStarted(started) => self.step_started(step, started, time),
            EventKind::NodeQueued(it) => {
                self.frames.step_mut(step).set_queued(Some(it.position));
            }
            EventKind::NodeAdmitted(_) => self.frames.step_mut(step).set_queued(None),
            EventKind::NodeProgress(it) => match it.progress {
                Progress::Items { item: None, .. } => {}
                Progress::Items {
                    item: Some(item), ..
                } => self.close_item(step, item),
                Progress::Round { round } => self.begin_round(step, round),
            },
            EventKind::NodeRetrying(retrying) => {
                self.release(step, kind.usage());
                let until = time.after(Duration::from_millis(retrying.next_in_ms));
                self.frames.step_mut(step).back_off(until);
            }
            EventKind::NodeWaiting(waiting) => self.step_waits(step, waiting, time),
            EventKind::NodeResumed(it) => self.take_answer(step, it.payload.clone()),
            EventKind::NodeCompleted(completed) => {
                self.release(step, kind.usage());
                let was_held =
                    step.frame == FrameId::ROOT && self.reused.remove(&step.node()).is_some();
                if !was_held {
                    self.hold(step.frame, &completed.output);
                }
                let output = Arc::clone(&completed.output);
                self.frames.at(step.frame).scope.complete(
                    step.node(),
                    output,
                    completed.report.as_deref(),
                );
                self.step_settled(step, true);
            }
            EventKind::NodeFailed(failed) => {
                let origin = self.failure_inside(step, &failed.error);
                self.release(step, kind.usage());
                self.step_failed(step, failed, origin);
            }
            EventKind::NodeSkipped(_) => {
                self.frames.at(step.frame).scope.skip(step.node());
                self.step_settled(step, false);
            }
            EventKind::NodeCancelled(cancelled) => {
                self.release(step, Usage::default());
                let state = self.frames.step_mut(step);
                self.open -= usize::from(state.is_open());
                state.state = StepState::Settled;
                if cancelled.reason == RUN_CANCELLED {
                    let reason = "cancelled".into();
                    self.early_end.get_or_insert(EarlyEnd::Cancelled { reason });
                }
            }
            _ => {}
        }
    }

    fn step_started(&mut self, step: StepId, started: &NodeStarted, time: Timestamp) {
        let is_leaf = matches!(self.frames.planned(step).work, Work::Leaf(_));
        let state = self.frames.step_mut(step);
        self.open += usize::from(!state.is_open());
        if !is_leaf {
            return state.open(started, time);
        }
        let works = matches!(state.state, StepState::Running { .. });
        state.start(started, time);
        self.working += usize::from(!works);
    }

    fn step_waits(&mut self, step: StepId, waiting: &NodeWaiting, time: Timestamp) {
        let wait = waiting.wait_id;
        let state = self.frames.step_mut(step);
        let since = state.since().unwrap_or(time);
        state.state = StepState::Waiting { since, wait };
        self.waits.insert(wait, Wait::new(step, waiting, time));
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
        let Some(container) = container else {
            return;
        };
        if let Container::Map(items) = &*container {
            self.frames.credit(step.frame, items.memory);
        }
        for frame in container.frames() {
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
            let (output, report) = (failed.output.clone(), failed.report.as_deref());
            frame.scope.fail(step.node(), error, output, report);
            return self.step_settled(step, true);
        }
        let state = &mut frame.steps[step.node()];
        self.open -= usize::from(state.is_open());
        state.state = StepState::Settled;
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
        let state = &mut frame.steps[step.node()];
        self.open -= usize::from(state.is_open());
        state.state = StepState::Settled;
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
