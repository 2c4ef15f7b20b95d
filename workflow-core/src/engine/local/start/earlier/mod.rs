//! What a new run takes from an earlier one: the first event of a re-run.
//!
//! [`table`] has the results by content, [`from`] those of whole nodes before a node, [`only`] those that a single step needs, and
//! [`overrides`] the outputs that are set. All of them are in `run.created`, so the new run depends on no other log.

mod from;
mod only;
mod overrides;
mod table;

use std::sync::Arc;

use serde_json::Value;

pub(super) use self::table::Table;
use super::budget;
use crate::{
    engine::Retry,
    error::{Fault, FaultCode, Pointer},
    event::{Continued, EventKind, RunCreated, StepEvent},
    executor::EarlierCosts,
    workflow::Workflow,
};

/// What is read of an earlier run.
pub(super) struct Earlier<'a> {
    pub(super) created: &'a RunCreated,
    /// Its specification.
    pub(super) spec: &'a Value,
    /// Its log; the first event only, if a re-run needs no results.
    pub(super) log: &'a [StepEvent],
}

impl Retry {
    /// Whether results of the earlier run are needed.
    pub(super) fn needs_log(&self) -> bool {
        self.from.is_some() || self.reuse || self.only.is_some()
    }

    /// Refuses a specification that is not stored: a run is of a stored version.
    pub(super) fn check_stored(&self) -> Result<(), Vec<Fault>> {
        if self.spec.is_none() {
            return Ok(());
        }
        let detail = "a run is of a stored version; a specification is for predictions only";
        refuse(
            "spec",
            detail,
            "store it as a version, and name that in `version`",
        )
    }

    /// Refuses fields that do not go together.
    pub(super) fn check(&self) -> Result<(), Vec<Fault>> {
        if self.spec.is_some() && self.version.is_some() {
            let detail = "a specification stands in the place of a stored version";
            return refuse("spec", detail, "leave out `spec` or `version`");
        }
        let takes_by_place = self.only.is_some() || (self.from.is_some() && !self.reuse);
        if self.only.is_some() && self.from.is_some() {
            let detail = "a run of one step cannot start from a node";
            return refuse("only", detail, "leave out `from` or `only`");
        }
        if self.only.is_some() && self.reuse {
            let detail = "a run of one step takes the results before it by their path";
            return refuse("reuse", detail, "leave out `reuse` or `only`");
        }
        if takes_by_place && self.input.is_some() {
            let field = if self.only.is_some() { "only" } else { "from" };
            let detail = "results of the earlier run cannot be reused with another input";
            let hint = format!("leave out `{field}` or `input`");
            return refuse(field, detail, &hint);
        }
        Ok(())
    }

    /// The first event of the re-run. `workflow` is built from `spec`.
    ///
    /// # Errors
    /// The faults of the request, each with its place.
    pub(super) fn created(
        &self,
        earlier: &Earlier<'_>,
        workflow: &Workflow,
        spec: &Value,
    ) -> Result<RunCreated, Vec<Fault>> {
        let input = self.input.clone();
        let input = input.map_or_else(|| Arc::clone(&earlier.created.input), Arc::new);
        let mut created = RunCreated::of(workflow, input);
        created.metadata.clone_from(&earlier.created.metadata);
        created.retry_of = Some(self.run);
        created.budget = budget::checked(self.budget, workflow)?.or(earlier.created.budget);
        if let Some(from) = &self.from {
            from::check_node(workflow, from)?;
        }
        if self.reuse {
            let Table { entries, left_out } = Table::of(earlier.log);
            created.continues = Some(Continued {
                results: entries.len(),
                left_out,
            });
            created.table = entries;
        } else if let Some(from) = &self.from {
            created.reused = from::reused(workflow, spec, earlier, from)?;
        }
        created.from.clone_from(&self.from);
        created.overrides = overrides::checked(workflow, &self.overrides)?;
        if let Some(only) = &self.only {
            created.taken = only::taken(workflow, earlier.log, only, &created.overrides)?;
            created.only = Some(only.clone());
        }
        Ok(created)
    }
}

fn refuse(field: &str, detail: &str, hint: &str) -> Result<(), Vec<Fault>> {
    let at = Pointer::root().field(field);
    let fault = Fault::new(FaultCode::NotApplicable, at, detail);
    Err(vec![fault.with_hint(hint)])
}

/// The first event of a log.
pub(super) fn first_event(log: &[StepEvent]) -> Option<&RunCreated> {
    match &log.first()?.kind {
        EventKind::RunCreated(created) => Some(created),
        _ => None,
    }
}

/// What each step used and cost, by path: that of its last attempt, or what a reused result cost when it was made.
pub(super) fn costs(log: &[StepEvent]) -> EarlierCosts {
    let costs = log.iter().filter_map(|event| {
        let report = event.report()?;
        let used = match &report.reused_from {
            Some(from) => (from.saved_usage, from.saved_cost),
            None => (report.usage, report.cost),
        };
        Some((event.step()?.path().clone(), used))
    });
    costs.collect()
}
