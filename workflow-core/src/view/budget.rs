//! The budget of a run in its report: its limit, what is spent, what is reserved.

use std::collections::HashMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    event::{EventKind, RunCreated, StepEvent, WaitKind},
    value::{Amount, Budget, Ledger, StepPath, StepRef},
};

/// The budget of a run: the one it was started with within that of its workflow, as it is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct BudgetReport {
    /// The limits, with what persons have added.
    pub limit: Budget,
    /// What attempts have used: what they reported, and all that was reserved for those that reported nothing. `usd` is absent if
    /// nothing is known of it.
    pub spent: Amount,
    /// Whether the price of something is not known, so that more than `spent.usd` was spent.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub at_least: bool,
    /// What is reserved for attempts that run.
    pub reserved: Amount,
}

/// Folds the log to the budget of the run. The budgets of called workflows are not in it.
#[derive(Clone, Debug)]
pub(super) struct BudgetLog {
    ledger: Ledger,
    reserved: HashMap<StepPath, Amount>,
    /// The step for which a person is asked to raise the budget.
    asked: Option<StepPath>,
}

impl BudgetLog {
    /// `None` if the run has no budget.
    pub(super) fn of(created: &RunCreated) -> Option<Self> {
        Some(Self {
            ledger: Ledger::new(created.effective_budget()?),
            reserved: HashMap::new(),
            asked: None,
        })
    }

    /// Applies the next event of a step.
    pub(super) fn apply(&mut self, event: &StepEvent) {
        let Some(path) = event.step().map(StepRef::path) else {
            return;
        };
        let booked = event.report().and_then(|report| report.booked);
        match &event.kind {
            EventKind::NodeStarted(started) => {
                // An earlier attempt that has not ended was lost.
                self.settle(path, None);
                if let Some(reserved) = started.plan.as_ref().and_then(|plan| plan.reserved) {
                    self.ledger.reserve(reserved);
                    self.reserved.insert(path.clone(), reserved);
                }
            }
            EventKind::NodeWaiting(waiting) => {
                self.settle(path, None);
                if waiting.kind == Some(WaitKind::Budget) && waiting.budget_of.is_none() {
                    self.asked = Some(path.clone());
                }
            }
            EventKind::NodeResumed(resumed) => {
                if self.asked.take_if(|asked| asked == path).is_some()
                    && let Some(answer) = &resumed.payload
                    && answer["action"] == "raise"
                {
                    self.ledger.raise(&answer["by"]);
                }
            }
            EventKind::NodeCompleted(_)
            | EventKind::NodeRetrying(_)
            | EventKind::NodeFailed(_)
            | EventKind::NodeCancelled(_) => {
                self.asked.take_if(|asked| asked == path);
                self.settle(path, booked);
            }
            _ => {}
        }
    }

    fn settle(&mut self, path: &StepPath, booked: Option<Amount>) {
        let reserved = self.reserved.remove(path);
        if let Some(reserved) = reserved {
            self.ledger.release(reserved);
        }
        if let Some(used) = booked.or(reserved) {
            self.ledger.book(used);
        }
    }

    pub(super) fn report(&self) -> BudgetReport {
        let (spent, at_least) = self.ledger.spent();
        BudgetReport {
            limit: *self.ledger.limit(),
            spent,
            at_least,
            reserved: self.ledger.reserved(),
        }
    }
}
