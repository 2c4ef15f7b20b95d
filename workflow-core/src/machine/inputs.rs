//! What each input means for the step it is about.

use std::sync::Arc;

use serde_json::Value;

use super::{Command, Machine, Turn, retry, step::StepState};
use crate::{
    error::NodeError,
    event::{EventKind, NodeCompleted, NodeFailed, Report, StartReason},
    time::{Timestamp, millis},
};

impl Machine {
    /// Steps that were in flight when the log was cut start again; waits go on.
    pub(super) fn resume(&mut self, turn: &mut Turn, now: Timestamp) {
        for index in 0..self.steps.len() {
            match self.steps[index].state {
                StepState::Running { .. } => {
                    self.steps[index].state = StepState::Ready(Some(StartReason::Recovered));
                    self.slots += 1;
                    self.ready.push_back(index);
                }
                StepState::Backoff { until } => {
                    turn.commands.push(Command::Wait {
                        step: index,
                        wait: until.since(now),
                    });
                }
                StepState::Idle { .. } | StepState::Ready(_) | StepState::Settled => {}
            }
        }
    }

    pub(super) fn timer_fired(&mut self, step: usize) {
        if matches!(self.steps[step].state, StepState::Backoff { .. }) {
            self.steps[step].state = StepState::Ready(None);
            self.ready.push_back(step);
        }
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
        let duration_ms = millis(now.since(since));
        let attempt = self.steps[step].attempt;
        let name = self.step_ref(step);
        let kind = match result {
            Ok(output) => EventKind::NodeCompleted(NodeCompleted {
                step: name,
                attempt,
                output: Arc::new(output),
                duration_ms,
                report,
            }),
            Err(error) => {
                let usage = report.map(|report| report.usage).unwrap_or_default();
                match retry::decide(
                    &self.workflow.steps()[step].retry,
                    self.steps[step].failures + 1,
                    error,
                    draw,
                ) {
                    retry::Verdict::Again { wait, error } => {
                        turn.commands.push(Command::Wait { step, wait });
                        retry::event(name, attempt, self.max_attempts(step), wait, error, usage)
                    }
                    retry::Verdict::Fail(error) => EventKind::NodeFailed(Box::new(NodeFailed {
                        step: name,
                        attempt,
                        error: Arc::new(error),
                        handled: false,
                        duration_ms,
                        usage,
                    })),
                }
            }
        };
        self.emit(Some(step), kind, now, turn);
    }
}
