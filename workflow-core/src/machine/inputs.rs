//! Inputs about single steps: results of attempts, timers, admission.
//!
//! Every input may be late. A step that has moved on since ignores it.
//!
//! Which inputs can be late: an attempt that completes in the turn that cancels it; a timer that fires while its
//! step ends; a notice of an attempt that has ended. Each function therefore begins with the state of the step.

use std::sync::Arc;

use serde_json::Value;

use super::{
    Command, DeadlineOf, Machine, StepId, Turn, control,
    early_end::EarlyEnd,
    retry::{self, AfterFailure},
    step::{StepState, is_nearer},
};
use crate::{
    error::{NodeError, Problem},
    event::{EventKind, NodeAdmitted, NodeCompleted, NodeFailed, NodeQueued, Report},
    node::{AdmissionChange, Notice},
    value::millis,
    workflow::OnError,
};

impl Machine {
    /// One timer per step suffices, since its state says what it is for. A step in back-off only becomes ready: it
    /// still needs a slot.
    pub(super) fn timer_fired(&mut self, step: StepId, turn: &mut Turn) {
        match self.frames().state(step) {
            Some(StepState::Backoff { .. }) => self.agenda.ready.push_back((step, None)),
            Some(StepState::Waiting { wait, .. }) => self.wait_over(step, wait, turn),
            Some(StepState::Open { .. }) => self.container_timed_out(step, turn),
            _ => {}
        }
    }

    /// The reason takes effect at the end of the turn, so results in the same turn still count.
    pub(super) fn deadline_reached(&mut self, of: DeadlineOf) {
        if of != self.logged.deadline_of() {
            return;
        }
        let detail = match of {
            DeadlineOf::Workflow => "the run took longer than its workflow allows",
            DeadlineOf::OnFailure => "it took longer than `on_failure_timeout` allows",
        };
        let problem = Problem::new("timeout", detail);
        self.agenda.end_early(EarlyEnd::failed(problem));
    }

    fn container_timed_out(&mut self, step: StepId, turn: &mut Turn) {
        let detail = "it took longer than its `timeout` allows";
        self.cancel_inside(step, "timed_out", turn);
        self.fail(step, Problem::new("timeout", detail), turn);
    }

    /// Logs the place in line of an attempt. Notices of an attempt that has ended are ignored.
    ///
    /// Positions are logged only as they decrease, so the number of these events is small, and replay can check
    /// them. None are logged when the run is full: they inform readers and decide nothing.
    pub(super) fn noticed(&mut self, notice: Notice, turn: &mut Turn) {
        let step = StepId::of_key(notice.step);
        let Some(StepState::Running { queued, .. }) = self.frames().state(step) else {
            return;
        };
        let attempt = notice.attempt;
        if self.has_ended() || self.is_full() || self.frames().step(step).attempt != attempt {
            return;
        }
        let name = self.step_ref(step);
        let kind = match notice.change {
            AdmissionChange::Queued { queue, position } if is_nearer(queued, position) => {
                EventKind::NodeQueued(NodeQueued {
                    step: name,
                    attempt,
                    queue,
                    position,
                })
            }
            AdmissionChange::Admitted { queued: waited } if queued.is_some() => {
                EventKind::NodeAdmitted(NodeAdmitted {
                    step: name,
                    attempt,
                    queued_ms: millis(waited),
                })
            }
            _ => return,
        };
        self.emit(Some(step), kind, turn);
    }

    /// A result counts also while the run ends for another reason: it was paid for. `jitter_sample` comes from the
    /// driver, so that this function is deterministic.
    pub(super) fn done(
        &mut self,
        step: StepId,
        result: Result<Value, NodeError>,
        report: Option<Box<Report>>,
        jitter_sample: f64,
        turn: &mut Turn,
    ) {
        // A lost attempt belonged to another host and cannot end here.
        let is_running = matches!(self.frames().state(step), Some(StepState::Running { .. }));
        if !is_running || self.agenda.is_lost(step) {
            return;
        }
        let report = self.with_booking(step, report, result.is_ok());
        match result {
            Ok(output) => self.complete(step, Arc::new(output), report, turn),
            Err(error) => self.attempt_failed(step, error, report, jitter_sample, turn),
        }
    }

    pub(super) fn complete(
        &mut self,
        step: StepId,
        output: Arc<Value>,
        report: Option<Box<Report>>,
        turn: &mut Turn,
    ) {
        let frame = self.frames().at(step.frame);
        let state = &frame.steps[step.node()];
        let completed = NodeCompleted {
            step: frame.names.step(step.node()),
            attempt: state.attempt,
            output,
            duration_ms: state.duration_ms(turn.now),
            report,
        };
        self.emit(Some(step), EventKind::NodeCompleted(completed), turn);
    }

    /// A run that is full does not retry: a further attempt would need more events than the run may have. It fails
    /// the step with the error of this attempt.
    fn attempt_failed(
        &mut self,
        step: StepId,
        error: NodeError,
        report: Option<Box<Report>>,
        jitter_sample: f64,
        turn: &mut Turn,
    ) {
        let policy = &self.frames().planned(step).retry;
        let failures = self.frames().step(step).failures + 1;
        match retry::decide(policy, failures, error, jitter_sample) {
            AfterFailure::Retry { error, .. } if self.is_full() => {
                self.fail_with(step, Arc::new(error), report, turn);
            }
            AfterFailure::Retry {
                wait,
                waits_for,
                error,
            } => {
                turn.commands.push(Command::Wait { step, wait });
                let (name, attempt) = (self.step_ref(step), self.frames().step(step).attempt);
                // `max_attempts` counts the attempt that failed as one that is left.
                let most = self
                    .frames()
                    .step(step)
                    .max_attempts(policy)
                    .saturating_sub(1);
                let retrying = retry::event(name, attempt, most, wait, waits_for, error, report);
                self.emit(Some(step), retrying, turn);
            }
            AfterFailure::Fail(problem) => self.fail_with(step, Arc::new(problem), report, turn),
        }
    }

    /// Fails a step without a report of its attempt.
    pub(super) fn fail(&mut self, step: StepId, problem: Problem, turn: &mut Turn) {
        self.fail_with(step, Arc::new(problem), None, turn);
    }

    /// Fails a step. Its `on_error` decides whether its frame fails, too. A handled failure counts as live for its
    /// dependents, with or without an `output`.
    pub(super) fn fail_with(
        &mut self,
        step: StepId,
        error: Arc<Problem>,
        report: Option<Box<Report>>,
        turn: &mut Turn,
    ) {
        let planned = self.frames().planned(step);
        let may_handle = control::of(&planned.kind).is_none_or(|kind| kind.may_handle(&error));
        let (handled, output) = match &planned.on_error {
            _ if !may_handle => (false, None),
            OnError::Fail => (false, None),
            OnError::Continue => (true, None),
            OnError::Output(output) => (true, Some(Arc::clone(output))),
        };
        self.stop_timer(step, turn);
        let failed = NodeFailed {
            step: self.step_ref(step),
            attempt: self.frames().step(step).attempt,
            error,
            handled,
            output,
            duration_ms: self.frames().step(step).duration_ms(turn.now),
            report,
        };
        let failed = EventKind::NodeFailed(Box::new(failed));
        self.emit(Some(step), failed, turn);
    }
}
