//! The budget that a request sets for a run.

use crate::{
    error::{Fault, Pointer},
    value::Budget,
    workflow::Workflow,
};

/// Checks the budget of a request for a run of a workflow.
///
/// # Errors
/// The faults: it limits nothing, or has a limit of 0 or one above that of the workflow.
pub(super) fn checked(
    budget: Option<Budget>,
    workflow: &Workflow,
) -> Result<Option<Budget>, Vec<Fault>> {
    let at = Pointer::root().field("budget");
    if let Some(budget) = &budget {
        budget.check(&at)?;
        if let Some(outer) = workflow.budget() {
            budget.check_within(outer, &at)?;
        }
    }
    Ok(budget)
}
