//! The transition of a step: one match over state and event.

use std::{sync::Arc, time::Duration};

use super::{Agenda, DoesNotFit, FrameId, LedgerId, Logged, StepId, Wait};
use crate::{
    event::{
        EventKind, NodeCancelled, NodeCompleted, NodeFailed, NodeResumed, NodeStarted, NodeWaiting,
        Report,
    },
    machine::{
        agenda::Stop,
        container::{Container, State},
        control::{self, Changes, Control, SettledStep},
        early_end::{EarlyEnd, RUN_CANCELLED},
        frame::Failure,
        ids::Place,
        question::Held,
        step::{Step, StepState, is_nearer},
    },
    node::agent::TurnOutput,
    value::{Timestamp, WaitId},
    workflow::NodeKind,
};

impl Logged {
    /// Checks that an event can follow in the state of its step, and applies it. An event that cannot changes nothing.
    ///
    /// Each arm states the state before, the event, and what must hold. Whatever is not listed does not fit: a log
    /// with such an event is damaged, and a decision for such an event is a defect of the machine.
    pub(super) fn apply_to_step(
        &mut self,
        id: StepId,
        kind: &EventKind,
        at: Timestamp,
        agenda: &mut Agenda,
    ) -> Result<(), DoesNotFit> {
        if !self.phase.has_step_event(kind) {
            return Err(DoesNotFit);
        }
        let step = self.frames.step(id);
        match (step.state, kind) {
            (
                // From `Due` the first attempt, from `Backoff` a retry, from `Running` a recovery. Attempts are
                // numbered without gaps, lost ones included.
                StepState::Due { .. } | StepState::Running { .. } | StepState::Backoff { .. },
                EventKind::NodeStarted(started),
            ) if step.attempt.checked_add(1) == Some(started.attempt) => {
                self.start(id, started, at, agenda);
            }
            // Positions only decrease, see `is_nearer`.
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
                self.release(id, retrying.report.as_deref(), agenda);
                self.ledgers.back_off(id, &retrying.error);
                let until = at.after(Duration::from_millis(retrying.next_in_ms));
                self.frames.step_mut(id).back_off(until);
            }
            (StepState::Open { since, .. }, EventKind::NodeWaiting(waiting))
                if self.may_wait(id, step, waiting) =>
            {
                let wait = waiting.wait_id;
                self.frames.step_mut(id).state = StepState::Waiting { since, wait };
                self.waits.insert(wait, Wait::new(id, waiting, at));
            }
            // A leaf is held before an attempt, for a person.
            (
                StepState::Due { .. } | StepState::Running { .. } | StepState::Backoff { .. },
                EventKind::NodeWaiting(waiting),
            ) if self.may_be_held(id, waiting) => self.hold(id, waiting, at, agenda),
            // Its next attempt is decided with the answer.
            (StepState::Waiting { wait, .. }, EventKind::NodeResumed(it))
                if wait == it.wait_id && self.is_leaf(id) =>
            {
                self.answer_held(id, it, at);
            }
            // `Open` once more, with the answer in the container: the decision that follows completes the step.
            (StepState::Waiting { since, wait }, EventKind::NodeResumed(it))
                if wait == it.wait_id =>
            {
                self.answer(id, since, it, at, agenda);
            }
            // An output of an earlier run, or one that was set, needs no attempt. `run.created` has it, and what it holds
            // has counted since.
            (StepState::Due { .. }, EventKind::NodeCompleted(it))
                if self.given().allows(top_level(id), it) && self.can_be_read(id, it) =>
            {
                self.complete_given(id, it, agenda);
            }
            // A person has completed a held step.
            (StepState::Backoff { .. }, EventKind::NodeCompleted(it))
                if step.held.as_deref().and_then(Held::output) == Some(&it.output) =>
            {
                self.frames.hold(id.frame, &it.output);
                self.complete(id, it, agenda);
            }
            // A container completes only when nothing in it is open.
            (StepState::Running { .. } | StepState::Open { .. }, EventKind::NodeCompleted(it))
                if !is_given(it.report.as_deref())
                    && !self.frames.is_busy_in(step)
                    && self.can_be_read(id, it) =>
            {
                self.frames.hold(id.frame, &it.output);
                self.complete(id, it, agenda);
            }
            (
                StepState::Due { .. }
                | StepState::Running { .. }
                | StepState::Backoff { .. }
                | StepState::Open { .. }
                | StepState::Waiting { .. },
                EventKind::NodeFailed(failed),
            ) if !self.frames.is_busy_in(step) => self.fail(id, failed, agenda),
            (StepState::Due { .. }, EventKind::NodeSkipped(_)) => {
                if self.given().reused(id.node()).is_some() {
                    self.differs(id);
                }
                self.frames.at(id.frame).scope.skip(id.node());
                self.settle(id, false, None, agenda);
            }
            (
                StepState::Running { .. }
                | StepState::Backoff { .. }
                | StepState::Open { .. }
                | StepState::Waiting { .. },
                EventKind::NodeCancelled(cancelled),
            ) if !self.frames.is_busy_in(step) => self.cancel(id, cancelled, agenda),
            _ => return Err(DoesNotFit),
        }
        Ok(())
    }

    /// For a leaf that is `Running` already, the count of running attempts does not change: the lost attempt is
    /// replaced.
    ///
    /// An error of `begin` is stored in the container and fails the step in the next decision: the transition
    /// itself cannot fail a step, since that takes an event.
    #[inline]
    fn start(&mut self, id: StepId, started: &NodeStarted, at: Timestamp, agenda: &mut Agenda) {
        self.differs(id);
        let frame = self.frames.at_mut(id.frame);
        let step = &mut frame.steps[id.node()];
        self.open += usize::from(!step.is_open());
        let Some(kind) = control::of(&frame.body.steps[id.node()].kind) else {
            let is_running = matches!(step.state, StepState::Running { .. });
            self.running += usize::from(!is_running);
            step.start(started, at);
            agenda.remove_lost(id);
            let reserved = started.plan.as_ref().and_then(|plan| plan.reserved);
            return self.ledgers.start(&self.frames, id, reserved);
        };
        step.open(started, at);
        if let Some(budget) = kind.budget() {
            self.ledgers.open(LedgerId::Call(id), *budget);
        }
        _ = self.change(id, agenda, |kind, step| {
            kind.begin(step);
            Ok(())
        });
    }

    /// Lets the kind of a step change what the step holds. The body is cloned (one `Arc`), since the kind is
    /// borrowed from it while the frames change.
    fn change(
        &mut self,
        id: StepId,
        agenda: &mut Agenda,
        change: impl FnOnce(&dyn Control, &mut Changes<'_>) -> Result<(), DoesNotFit>,
    ) -> Result<(), DoesNotFit> {
        let body = Arc::clone(&self.frames.at(id.frame).body);
        let kind = control::of(&body.steps[id.node()].kind).ok_or(DoesNotFit)?;
        change(kind, &mut Changes::new(&mut self.frames, agenda, id))
    }

    /// Opens a frame that this host would not have opened itself.
    pub(super) fn reopen(
        &mut self,
        id: StepId,
        place: Place,
        agenda: &mut Agenda,
    ) -> Result<(), DoesNotFit> {
        self.change(id, agenda, |kind, step| kind.reopen(step, place))
    }

    /// The id of a wait is the number of its event, so it needs no counter of its own, and another id is a misfit.
    /// A step waits once: after the answer it has a container.
    fn may_wait(&self, id: StepId, step: &Step, waiting: &NodeWaiting) -> bool {
        let kind = control::of(&self.frames.planned(id).kind);
        kind.is_some_and(|kind| kind.may_wait(waiting.kind))
            && step.container.is_none()
            && waiting.wait_id == WaitId::of_event(self.seq + 1)
    }

    /// Whether the output of a turn of an agent can be read. What follows in the agent depends on it.
    fn can_be_read(&self, id: StepId, completed: &NodeCompleted) -> bool {
        let is_turn = matches!(self.frames.planned(id).kind, NodeKind::Turn(_));
        !is_turn || TurnOutput::read(&completed.output).is_some()
    }

    /// A top-level node does not end as in the earlier run.
    fn differs(&mut self, id: StepId) {
        if id.frame == FrameId::ROOT
            && let Some(given) = &mut self.given
        {
            given.executed(id.node(), self.frames.at(id.frame));
        }
    }

    /// Ends the wait of a control node. What it does then has a time of its own, from now on.
    fn answer(
        &mut self,
        id: StepId,
        since: Timestamp,
        resumed: &NodeResumed,
        at: Timestamp,
        agenda: &mut Agenda,
    ) {
        self.waits.remove(&resumed.wait_id);
        let kind = control::of(&self.frames.planned(id).kind);
        let timeout = kind.and_then(Control::timeout_after_answer);
        let answered = Container::new(State::Answered(resumed.payload.clone()));
        let step = self.frames.step_mut(id);
        step.container = Some(Box::new(answered));
        let deadline = timeout.map(|timeout| at.after(timeout));
        step.state = StepState::Open { since, deadline };
        _ = self.change(id, agenda, |kind, step| {
            kind.answered(step, resumed.payload.as_ref());
            Ok(())
        });
    }

    fn complete_given(&mut self, id: StepId, completed: &NodeCompleted, agenda: &mut Agenda) {
        if let Some(given) = &mut self.given {
            given.take(top_level(id), completed);
        }
        let report = completed.report.as_deref();
        if report.is_some_and(|report| report.overridden) {
            self.differs(id);
        }
        self.complete(id, completed, agenda);
    }

    fn complete(&mut self, id: StepId, completed: &NodeCompleted, agenda: &mut Agenda) {
        let report = completed.report.as_deref();
        self.release(id, report, agenda);
        if self.given().only() == Some(completed.step.path()) {
            self.only_output = Some(Arc::clone(&completed.output));
        }
        let scope = &self.frames.at(id.frame).scope;
        scope.complete(id.node(), Arc::clone(&completed.output), report);
        self.settle(id, true, report, agenda);
        let frame = self.frames.at_mut(id.frame);
        if frame.body.steps[id.node()].stop_when.is_some() {
            frame.may_stop = true;
            let seq = self.seq + 1;
            agenda.stops.push_back(Stop { seq, step: id });
        }
    }

    fn cancel(&mut self, id: StepId, cancelled: &NodeCancelled, agenda: &mut Agenda) {
        self.release(id, None, agenda);
        self.close(id);
        // In replay this is what remains of the decision to cancel, if the host stopped before `run.cancelled`.
        if cancelled.reason == RUN_CANCELLED {
            let reason = "cancelled".into();
            agenda.end_early(EarlyEnd::Cancelled { reason });
        }
    }

    /// The origin is looked up before the frames of the step are closed: it is a failure in one of them.
    fn fail(&mut self, id: StepId, failed: &NodeFailed, agenda: &mut Agenda) {
        self.differs(id);
        let origin = self.frames.failure_in(id, &failed.error);
        let report = failed.report.as_deref();
        self.release(id, report, agenda);
        let (seq, error) = (self.seq + 1, Arc::clone(&failed.error));
        if failed.handled {
            let scope = &self.frames.at(id.frame).scope;
            scope.fail(id.node(), error, failed.output.clone(), report);
            return self.settle(id, true, report, agenda);
        }
        self.close(id);
        let step = origin.map_or_else(|| failed.step.clone(), |origin| origin.step);
        let failure = &mut self.frames.at_mut(id.frame).failure;
        failure.get_or_insert(Failure { seq, step, error });
        agenda.failed.push_back(id.frame);
    }

    /// Ends what a step holds: its attempt, its wait, its frames. Adds what it used. The usage of a failed attempt
    /// counts, too.
    pub(super) fn release(&mut self, id: StepId, report: Option<&Report>, agenda: &mut Agenda) {
        if let Some(report) = report {
            self.usage += report.usage;
            self.cost.add(report.usage, report.cost);
        }
        self.ledgers.end(&self.frames, id, report);
        let step = self.frames.step_mut(id);
        match step.state {
            StepState::Running { .. } => {
                self.running -= 1;
                agenda.remove_lost(id);
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

    /// Settles a step; dependents whose needs are all settled become due. `is_live` unless it was skipped.
    ///
    /// Each need is counted down once, so a dependent becomes due exactly once.
    fn settle(&mut self, id: StepId, is_live: bool, report: Option<&Report>, agenda: &mut Agenda) {
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
        if let Some((outer, place)) = frame.parent {
            let kind = control::of(&self.frames.planned(outer).kind);
            if kind.is_some_and(Control::follows_steps) {
                let settled = SettledStep { place, report };
                _ = self.change(outer, agenda, |kind, step| {
                    kind.step_settled(step, &settled);
                    Ok(())
                });
            }
        }
    }

    /// Marks a step as ended without settling its frame, which has failed or ends.
    ///
    /// `unsettled` is not counted down, so the frame does not complete.
    fn close(&mut self, id: StepId) {
        let step = self.frames.step_mut(id);
        self.open -= usize::from(step.is_open());
        step.state = StepState::Settled;
    }
}

/// Whether an output comes from an earlier run or was set, and not from an attempt.
fn is_given(report: Option<&Report>) -> bool {
    report.is_some_and(|report| report.reused || report.overridden)
}

/// The index of a top-level node.
fn top_level(id: StepId) -> Option<usize> {
    (id.frame == FrameId::ROOT).then(|| id.node())
}
