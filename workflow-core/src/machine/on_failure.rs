//! The nodes that run when the run has failed.
//!
//! The log of such a run: the failure, `node.cancelled` for what was open, `run.failing` with the error, the events of the
//! nodes, and `run.failed` with the same error. Their frame is opened by `run.failing`. It has no parent, and its end is
//! the end of the run, whichever it is.

use std::sync::Arc;

use super::{
    Command, Machine, Phase, Turn,
    early_end::{EarlyEnd, RUN_CANCELLED},
    failing::{DeadlineOf, Failing},
};
use crate::{
    error::Problem,
    event::{EventKind, RunFailed, RunFailing},
    value::StepRef,
};

impl Machine {
    /// Whether nodes can run now that the run has failed. A run that has not started, or has reached a limit, runs nothing
    /// more, and one that is limited to a step runs nothing else.
    pub(super) fn may_begin_on_failure(&self) -> bool {
        self.workflow.on_failure().is_some()
            && self.logged.failing().is_none()
            && self.logged.given().only().is_none()
            && matches!(self.logged.phase(), Phase::Started(_))
            && !self.is_full()
            && self.memory() <= self.limits.memory
    }

    /// Begins the nodes of `on_failure`. What was open is cancelled before.
    pub(super) fn begin_on_failure(
        &mut self,
        step: Option<StepRef>,
        error: Arc<Problem>,
        turn: &mut Turn,
    ) {
        let Some(on_failure) = self.workflow.on_failure() else {
            return;
        };
        let wait = on_failure.timeout;
        let deadline = turn.now.after(wait);
        let failing = RunFailing {
            error,
            step,
            deadline,
        };
        if self.emit(None, EventKind::RunFailing(Box::new(failing)), turn) {
            let of = DeadlineOf::OnFailure;
            turn.commands.push(Command::Deadline { of, wait });
        }
    }

    /// Ends the run after the nodes of `on_failure` completed.
    pub(super) fn on_failure_settled(&mut self, turn: &mut Turn) {
        if let Some(failing) = self.logged.failing().cloned() {
            self.end_failing(failing, None, turn);
        }
    }

    /// Ends the run although the nodes of `on_failure` have not completed: one of them failed, they took too long, or the
    /// run was cancelled. Its error stays that of the workflow.
    pub(super) fn end_on_failure_early(
        &mut self,
        failing: Failing,
        early_end: EarlyEnd,
        turn: &mut Turn,
    ) {
        let (why, problem) = match early_end {
            EarlyEnd::Failed {
                step: Some(_),
                error,
            } => ("sibling_failed", error),
            EarlyEnd::Failed { step: None, error } | EarlyEnd::Unable { error } => {
                ("run_failed", error)
            }
            EarlyEnd::Cancelled { reason } => {
                let detail = format!("the run was cancelled while its `on_failure` ran: {reason}");
                (RUN_CANCELLED, Arc::new(Problem::new("cancelled", detail)))
            }
        };
        self.cancel_frame(failing.frame, why, turn);
        self.end_failing(failing, Some(problem), turn);
    }

    fn end_failing(
        &mut self,
        failing: Failing,
        on_failure_error: Option<Arc<Problem>>,
        turn: &mut Turn,
    ) {
        let failed = RunFailed {
            on_failure_error,
            ..self.run_failed(failing.step, failing.error, turn.now)
        };
        self.emit(None, EventKind::RunFailed(Box::new(failed)), turn);
    }
}
