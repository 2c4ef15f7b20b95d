//! How much memory events hold.
//!
//! It is an estimate for budgets, not an account: shared values are counted for each event that holds them, so the
//! sum is rather too high. Texts that have a small limit of their own, such as ids and reasons, are left out.

use super::{EventKind, Report, RunCreated, StepEvent, TakenResult};
use crate::{
    error::Problem,
    value::heap::{allocation, of_shared},
};

impl StepEvent {
    /// How much memory it holds, as if it shared nothing.
    #[inline]
    pub(crate) fn memory(&self) -> usize {
        let values = match &self.kind {
            // The most frequent event. It holds no value, and events are measured several times for each step.
            EventKind::NodeStarted(_) => 0,
            kind => of_values(kind),
        };
        size_of::<StepEvent>() + values
    }
}

/// A kind that gets a field with a value must be counted here: `_ => 0` does not remind of it.
fn of_values(kind: &EventKind) -> usize {
    match kind {
        EventKind::RunCreated(created) => {
            let metadata = created.metadata.as_ref().map_or(0, of_shared);
            of_shared(&created.input) + metadata + created.carried()
        }
        EventKind::RunCompleted(completed) => of_shared(&completed.output),
        EventKind::RunFailing(failing) => of_problem(&failing.error),
        EventKind::RunFailed(failed) => {
            let more = failed.on_failure_error.as_deref().map_or(0, of_problem);
            of_problem(&failed.error) + more
        }
        EventKind::NodeRetrying(it) => of_problem(&it.error) + of_report(it.report.as_deref()),
        EventKind::NodeWaiting(it) => {
            let schema = it.schema.as_ref().map_or(0, of_shared);
            let request = it.request.as_ref().map_or(0, of_shared);
            let call = it
                .call
                .as_deref()
                .map_or(0, |call| of_shared(&call.args) + of_shared(&call.input));
            it.message.as_ref().map_or(0, |text| allocation(text.len())) + schema + request + call
        }
        EventKind::NodeResumed(it) => it.payload.as_ref().map_or(0, of_shared),
        EventKind::NodeCompleted(it) => of_shared(&it.output) + of_report(it.report.as_deref()),
        EventKind::NodeFailed(it) => {
            let output = it.output.as_ref().map_or(0, of_shared);
            of_problem(&it.error) + output + of_report(it.report.as_deref())
        }
        _ => 0,
    }
}

impl RunCreated {
    /// How much memory a run that begins like this holds, about: each value twice, since templates read
    /// a copy of it.
    pub(crate) fn memory(&self) -> usize {
        2 * (of_shared(&self.input) + self.carried()) + self.metadata.as_ref().map_or(0, of_shared)
    }

    /// The memory of the results that the run brings with it, twice: templates read a copy of those that are used.
    pub(crate) fn carried_memory(&self) -> usize {
        2 * self.carried()
    }

    fn carried(&self) -> usize {
        let reused = self.reused.iter().map(|step| of_shared(&step.output));
        let table = (self.table.iter())
            .map(|entry| of_shared(&entry.output) + of_report(entry.report.as_deref()));
        let overrides = self.overrides.values().map(of_shared);
        let taken = self.taken.iter().map(|step| match &step.result {
            TakenResult::Completed(taken) => {
                of_shared(&taken.output) + of_report(taken.report.as_deref())
            }
            TakenResult::Failed { error, output } => {
                of_problem(error) + output.as_ref().map_or(0, of_shared)
            }
            TakenResult::Skipped { .. } => 0,
        });
        reused.chain(table).chain(overrides).chain(taken).sum()
    }
}

fn of_report(report: Option<&Report>) -> usize {
    let of_values = |report: &Report| {
        let values = [
            &report.metadata,
            &report.debug,
            &report.request,
            &report.state,
        ];
        let values = values.into_iter().flatten();
        size_of::<Report>() + values.map(of_shared).sum::<usize>()
    };
    report.map_or(0, of_values)
}

fn of_problem(problem: &Problem) -> usize {
    let faults = problem.errors.iter().map(|fault| {
        let hint = fault.hint.as_ref().map_or(0, String::len);
        size_of_val(fault) + fault.detail.len() + fault.pointer.len() + hint
    });
    let hint = problem.hint.as_ref().map_or(0, String::len);
    size_of::<Problem>() + problem.detail.len() + hint + faults.sum::<usize>()
}
