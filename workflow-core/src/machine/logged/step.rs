//! The transition of one step.

use std::{sync::Arc, time::Duration};

use serde_json::Value;

use super::{Agenda, DoesNotFit, FrameId, Logged, Phase, StepId, Wait};
use crate::{
    error::Problem,
    event::{EventKind, NodeFailed, NodeStarted, Report},
    id::WaitId,
    machine::{
        container::{Container, State},
        control::{self, Changes, Control},
        early_end::{EarlyEnd, RUN_CANCELLED},
        frame::Failure,
        ids::Place,
        step::{Step, StepState, is_nearer},
    },
    time::Timestamp,
    usage::Usage,
    workflow::Work,
};

impl Logged {
    /// Checks that an event can follow in the state of its step, and applies it.
    pub(super) fn apply_to_step(
        &mut self,
        id: StepId,
        kind: &EventKind,
        at: Timestamp,
        agenda: &mut Agenda,
    ) -> Result<(), DoesNotFit> {
        self.check_phase(kind)?;
        let step = self.frames.step(id);
        match (step.state, kind) {
            (
                StepState::Due { .. } | StepState::Running { .. } | StepState::Backoff { .. },
                EventKind::NodeStarted(started),
            ) if step.attempt.checked_add(1) == Some(started.attempt) => {
                self.start(id, started, at, agenda);
            }
            (StepState::Running { queued, .. }, EventKind::NodeQueued(it))
                if it.attempt == step.attempt && is_nearer(queued, it.position) =>
            {
                self.frames.step_mut(id).set_queued(Some(it.position));
            }
            (
                StepState::Running {
                    queued: Some(_), ..
                },
                EventKind::NodeAdmitted(it),
            ) if it.attempt == step.attempt => {
                self.frames.step_mut(id).set_queued(None);
            }
            (StepState::Open { .. }, EventKind::NodeProgress(it)) => {
                self.change(id, agenda, |kind, step| kind.progress(step, it.progress))?;
            }
            (StepState::Running { .. }, EventKind::NodeRetrying(retrying)) => {
                self.release(id, kind.usage(), agenda);
                let until = at.after(Duration::from_millis(retrying.next_in_ms));
                self.frames.step_mut(id).back_off(until);
            }
            (StepState::Open { since, .. }, EventKind::NodeWaiting(waiting))
                if self.may_wait(id, step, waiting.wait_id) =>
            {
                let wait = waiting.wait_id;
                self.frames.step_mut(id).state = StepState::Waiting { since, wait };
                self.waits.insert(wait, Wait::new(id, waiting, at));
            }
            (StepState::Waiting { since, wait }, EventKind::NodeResumed(it))
                if wait == it.wait_id =>
            {
                self.waits.remove(&wait);
                let answered = Container::new(State::Answered(it.payload.clone()));
                let step = self.frames.step_mut(id);
                step.container = Some(Box::new(answered));
                let deadline = None;
                step.state = StepState::Open { since, deadline };
            }
            (StepState::Due { .. }, EventKind::NodeCompleted(it))
                if is_reused(it.report.as_deref())
                    && self.reused(id).map(|reused| &reused.output) == Some(&it.output) =>
            {
                self.complete(id, &it.output, it.report.as_deref(), agenda);
            }
            (StepState::Running { .. } | StepState::Open { .. }, EventKind::NodeCompleted(it))
                if !is_reused(it.report.as_deref()) && !self.is_busy_in(step) =>
            {
                self.complete(id, &it.output, it.report.as_deref(), agenda);
            }
            (
                StepState::Due { .. }
                | StepState::Running { .. }
                | StepState::Open { .. }
                | StepState::Waiting { .. },
                EventKind::NodeFailed(failed),
            ) if !self.is_busy_in(step) => self.fail(id, failed, agenda),
            (StepState::Due { .. }, EventKind::NodeSkipped(_)) => {
                self.frames.at(id.frame).scope.skip(id.node());
                self.settle(id, false, agenda);
            }
            (
                StepState::Running { .. }
                | StepState::Backoff { .. }
                | StepState::Open { .. }
                | StepState::Waiting { .. },
                EventKind::NodeCancelled(cancelled),
            ) if !self.is_busy_in(step) => {
                self.release(id, Usage::default(), agenda);
                self.close(id);
                if cancelled.reason == RUN_CANCELLED {
                    let reason = "cancelled".into();
                    agenda.end_early(EarlyEnd::Cancelled { reason });
                }
            }
            _ => return Err(DoesNotFit),
        }
        Ok(())
    }

    /// Events of steps belong to a run that is started.
    #[inline]
    fn check_phase(&self, kind: &EventKind) -> Result<(), DoesNotFit> {
        match (self.phase, kind) {
            (Phase::Started(_), _)
            // The end of a run that is suspended cancels its steps without resuming it.
            | (Phase::Suspended(_) | Phase::Interrupted(_), EventKind::NodeCancelled(_)) => Ok(()),
            _ => Err(DoesNotFit),
        }
    }

    fn start(&mut self, id: StepId, started: &NodeStarted, at: Timestamp, agenda: &mut Agenda) {
        let frame = self.frames.at_mut(id.frame);
        let step = &mut frame.steps[id.node()];
        self.open += usize::from(!step.is_open());
        if let Work::Leaf(_) = frame.body.steps[id.node()].work {
            let is_running = matches!(step.state, StepState::Running { .. });
            self.running += usize::from(!is_running);
            step.start(started, at);
            return agenda.found(id);
        }
        step.open(started, at);
        _ = self.change(id, agenda, |kind, step| {
            kind.begin(step);
            Ok(())
        });
    }

    /// Lets the kind of a step change what the step holds.
    fn change(
        &mut self,
        id: StepId,
        agenda: &mut Agenda,
        change: impl FnOnce(&dyn Control, &mut Changes<'_>) -> Result<(), DoesNotFit>,
    ) -> Result<(), DoesNotFit> {
        let body = Arc::clone(&self.frames.at(id.frame).body);
        let kind = control::of(&body.steps[id.node()].work).ok_or(DoesNotFit)?;
        change(kind, &mut Changes::new(&mut self.frames, agenda, id))
    }

    /// Opens a frame of a step that this host would not have opened.
    pub(super) fn reopen(
        &mut self,
        id: StepId,
        place: Place,
        agenda: &mut Agenda,
    ) -> Result<(), DoesNotFit> {
        self.change(id, agenda, |kind, step| kind.reopen(step, place))
    }

    fn may_wait(&self, id: StepId, step: &Step, wait: WaitId) -> bool {
        let kind = control::of(&self.frames.planned(id).work);
        kind.is_some_and(Control::may_wait)
            && step.container.is_none()
            && wait == WaitId::of_event(self.seq + 1)
    }

    /// Whether a step in one of the frames of this step has begun and is not settled.
    #[inline]
    fn is_busy_in(&self, step: &Step) -> bool {
        let mut frames = step.container.iter().flat_map(|it| it.frame_ids());
        frames.any(|frame| self.frames.at(frame).is_busy())
    }

    fn complete(
        &mut self,
        id: StepId,
        output: &Arc<Value>,
        report: Option<&Report>,
        agenda: &mut Agenda,
    ) {
        let usage = report.map(|report| report.usage).unwrap_or_default();
        self.release(id, usage, agenda);
        // What is taken over is counted since the run was created.
        let is_held = id.frame == FrameId::ROOT && self.reused.remove(&id.node()).is_some();
        if !is_held {
            self.frames.hold(id.frame, output);
        }
        let scope = &self.frames.at(id.frame).scope;
        scope.complete(id.node(), Arc::clone(output), report);
        self.settle(id, true, agenda);
    }

    fn fail(&mut self, id: StepId, failed: &NodeFailed, agenda: &mut Agenda) {
        let origin = self.failure_inside(id, &failed.error);
        let report = failed.report.as_deref();
        self.release(id, report.map(|it| it.usage).unwrap_or_default(), agenda);
        let (seq, error) = (self.seq + 1, Arc::clone(&failed.error));
        if failed.handled {
            let scope = &self.frames.at(id.frame).scope;
            scope.fail(id.node(), error, failed.output.clone(), report);
            return self.settle(id, true, agenda);
        }
        self.close(id);
        let step = origin.map_or_else(|| failed.step.clone(), |origin| origin.step);
        let failure = &mut self.frames.at_mut(id.frame).failure;
        failure.get_or_insert(Failure { seq, step, error });
        agenda.failed.push_back(id.frame);
    }

    /// The first failure in the frames of a step, if the step fails because of it.
    fn failure_inside(&self, id: StepId, error: &Problem) -> Option<Failure> {
        let container = self.frames.step(id).container.as_deref()?;
        let frames = container.frame_ids().map(|frame| self.frames.at(frame));
        let failures = frames.filter_map(|frame| frame.failure.as_ref());
        let first = failures.min_by_key(|failure| failure.seq)?;
        (*first.error == *error).then(|| first.clone())
    }

    /// Ends what a step has: its attempt, its wait, its frames. Counts what it used.
    fn release(&mut self, id: StepId, usage: Usage, agenda: &mut Agenda) {
        self.usage += usage;
        let step = self.frames.step_mut(id);
        match step.state {
            StepState::Running { .. } => {
                self.running -= 1;
                agenda.found(id);
            }
            StepState::Waiting { wait, .. } => _ = self.waits.remove(&wait),
            _ => {}
        }
        let Some(container) = step.container.take() else {
            return;
        };
        self.frames.credit(id.frame, container.state.memory());
        for frame in container.frame_ids() {
            self.frames.remove(frame);
        }
    }

    /// A step is settled; its dependents become due. `is_live` unless it was skipped.
    fn settle(&mut self, id: StepId, is_live: bool, agenda: &mut Agenda) {
        let frame = self.frames.at_mut(id.frame);
        let step = &mut frame.steps[id.node()];
        self.open -= usize::from(step.is_open());
        step.state = StepState::Settled;
        frame.unsettled -= 1;
        if frame.unsettled == 0 {
            agenda.settled.push_back(id.frame);
        }
        for dependent in &frame.body.steps[id.node()].dependents {
            if frame.steps[*dependent].need_settled(is_live) {
                agenda.due.push_back(StepId::new(id.frame, *dependent));
            }
        }
    }

    /// Nothing more happens in a step. It counts as unsettled: its frame has failed.
    fn close(&mut self, id: StepId) {
        let step = self.frames.step_mut(id);
        self.open -= usize::from(step.is_open());
        step.state = StepState::Settled;
    }
}

fn is_reused(report: Option<&Report>) -> bool {
    report.is_some_and(|report| report.reused)
}
