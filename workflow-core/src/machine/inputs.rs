//! What each input means for the step it is about.

use std::sync::Arc;

use serde_json::Value;

use super::{
    Command, Doom, Machine, Turn,
    retry::{self, Verdict},
    step::StepState,
};
use crate::{
    error::{NodeError, Problem},
    event::{EventKind, NodeCompleted, NodeFailed, Report, StartReason},
    spec::{OnAmbiguous, OnError},
    time::{Timestamp, millis},
    usage::Usage,
};

/// How often a step may be lost with its host, without any progress, before it fails.
const MAX_RECOVERIES: u32 = 5;

impl Machine {
    /// Steps that were in flight when the log was cut start again; waits go on.
    pub(super) fn resume(&mut self, now: Timestamp, turn: &mut Turn) {
        if let Some(deadline) = self.deadline {
            let wait = deadline.since(now);
            turn.commands.push(Command::Deadline { wait });
        }
        for step in 0..self.steps.len() {
            match self.steps[step].state {
                StepState::Running { .. } => self.recover(step, now, turn),
                StepState::Backoff { until } => {
                    let wait = until.since(now);
                    turn.commands.push(Command::Wait { step, wait });
                }
                _ => {}
            }
        }
    }

    fn recover(&mut self, step: usize, now: Timestamp, turn: &mut Turn) {
        if self.workflow.steps()[step].on_ambiguous == OnAmbiguous::Fail {
            let detail = "the step was in flight when its host stopped: it may have happened";
            return self.fail(step, Problem::new("ambiguous", detail), now, turn);
        }
        if self.steps[step].recoveries >= MAX_RECOVERIES {
            let detail = format!("the step was lost with its host {MAX_RECOVERIES} times in a row");
            return self.fail(step, Problem::new("recovery_exhausted", detail), now, turn);
        }
        self.working -= 1;
        self.steps[step].state = StepState::Ready(Some(StartReason::Recovered));
        self.ready.push_back(step);
    }

    pub(super) fn timer_fired(&mut self, step: usize) {
        if matches!(self.steps[step].state, StepState::Backoff { .. }) {
            self.steps[step].state = StepState::Ready(None);
            self.ready.push_back(step);
        }
    }

    pub(super) fn deadline_reached(&mut self) {
        let problem = Problem::new("timeout", "the run took longer than its workflow allows");
        let error = Arc::new(problem);
        self.doom.get_or_insert(Doom::Failed { step: None, error });
    }

    pub(super) fn done(
        &mut self,
        step: usize,
        result: Result<Value, NodeError>,
        report: Option<Box<Report>>,
        draw: f64,
        now: Timestamp,
        turn: &mut Turn,
    ) {
        let StepState::Running { since } = self.steps[step].state else {
            return;
        };
        match result {
            Ok(output) => {
                let completed = EventKind::NodeCompleted(NodeCompleted {
                    step: self.step_ref(step),
                    attempt: self.steps[step].attempt,
                    output: Arc::new(output),
                    duration_ms: millis(now.since(since)),
                    report,
                });
                self.emit(Some(step), completed, now, turn);
            }
            Err(error) => {
                let usage = report.map(|report| report.usage).unwrap_or_default();
                self.attempt_failed(step, error, usage, draw, now, turn);
            }
        }
    }

    fn attempt_failed(
        &mut self,
        step: usize,
        error: NodeError,
        usage: Usage,
        draw: f64,
        now: Timestamp,
        turn: &mut Turn,
    ) {
        let policy = &self.workflow.steps()[step].retry;
        match retry::decide(policy, self.steps[step].failures + 1, error, draw) {
            Verdict::Again { wait, error } => {
                turn.commands.push(Command::Wait { step, wait });
                let (name, attempt) = (self.step_ref(step), self.steps[step].attempt);
                let most = self.max_attempts(step);
                let retrying = retry::event(name, attempt, most, wait, error, usage);
                self.emit(Some(step), retrying, now, turn);
            }
            Verdict::Fail(problem) => self.fail_using(step, problem, usage, now, turn),
        }
    }

    /// A step fails for good, without having used anything.
    pub(super) fn fail(&mut self, step: usize, problem: Problem, now: Timestamp, turn: &mut Turn) {
        self.fail_using(step, problem, Usage::default(), now, turn);
    }

    /// A step fails for good. Whether the workflow goes on is for its `on_error` to say.
    fn fail_using(
        &mut self,
        step: usize,
        problem: Problem,
        usage: Usage,
        now: Timestamp,
        turn: &mut Turn,
    ) {
        let (handled, output) = match &self.workflow.steps()[step].on_error {
            OnError::Fail => (false, None),
            OnError::Continue => (true, None),
            OnError::Output(output) => (true, Some(Arc::clone(output))),
        };
        let duration_ms = match self.steps[step].state {
            StepState::Running { since } => millis(now.since(since)),
            _ => 0,
        };
        let failed = NodeFailed {
            step: self.step_ref(step),
            attempt: self.steps[step].attempt,
            error: Arc::new(problem),
            handled,
            output,
            duration_ms,
            usage,
        };
        let failed = EventKind::NodeFailed(Box::new(failed));
        self.emit(Some(step), failed, now, turn);
    }
}
