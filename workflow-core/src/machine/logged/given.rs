//! What a run was started with besides its input: results of an earlier run, outputs that were set, and the step to which it
//! is limited.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, LazyLock},
};

use serde_json::Value;

use super::table::Table;
use crate::{
    event::{NodeCompleted, Report, ReusedStep, RunCreated, TakenResult, TakenStep},
    machine::frame::Frame,
    value::{NodeId, StepKey, StepPath},
};

/// What `run.created` gives to the steps of a run. Most runs have nothing of it.
#[derive(Default)]
pub(in crate::machine) struct Given {
    /// Results of whole top-level nodes, by the index of the node.
    reused: BTreeMap<usize, ReusedStep>,
    /// Results by content.
    table: Table,
    /// The node that runs again, whatever the table has.
    again: Option<NodeId>,
    overrides: BTreeMap<StepPath, Arc<Value>>,
    /// The only step that runs.
    only: Option<StepPath>,
    /// The results that `only` needs, by path.
    taken: HashMap<StepPath, TakenResult>,
}

/// What an `only` run does with a step.
pub(in crate::machine) enum Selected<'a> {
    /// It runs, as it is the step, contains it or is contained in it.
    Runs,
    /// It has its result of the earlier run.
    Taken(&'a TakenResult),
    /// It is skipped.
    No,
}

impl Given {
    /// `None` for a run that was started with nothing but an input.
    pub(super) fn of(created: &RunCreated, root: &Frame) -> Option<Box<Self>> {
        if created.overrides.is_empty() && created.only.is_none() && !created.carries_results() {
            return None;
        }
        // Results of nodes that the workflow does not have are ignored.
        let reused = created.reused.iter().filter_map(|step| {
            let node = root.index_of(step.node.as_str())?;
            Some((node, step.clone()))
        });
        let taken = created.taken.iter();
        let taken = taken.map(|TakenStep { path, result }| (path.clone(), result.clone()));
        Some(Box::new(Self {
            reused: reused.collect(),
            table: Table::new(&created.table),
            again: created.from.clone(),
            overrides: created.overrides.clone(),
            only: created.only.clone(),
            taken: taken.collect(),
        }))
    }

    /// What a run has that was started with nothing but an input.
    pub(super) fn nothing() -> &'static Self {
        static NOTHING: LazyLock<Given> = LazyLock::new(Given::default);
        &NOTHING
    }

    /// What the run does with a step. `None` for a run that is not limited to one.
    pub(in crate::machine) fn selected(&self, path: &StepPath) -> Option<Selected<'_>> {
        let only = self.only.as_ref()?;
        if path.contains(only) || only.contains(path) {
            return Some(Selected::Runs);
        }
        let taken = self.taken.get(path);
        Some(taken.map_or(Selected::No, Selected::Taken))
    }

    /// The step to which the run is limited.
    pub(in crate::machine) fn only(&self) -> Option<&StepPath> {
        self.only.as_ref()
    }

    /// The output that was set for a step.
    pub(in crate::machine) fn overridden(&self, path: &StepPath) -> Option<&Arc<Value>> {
        if self.overrides.is_empty() {
            return None;
        }
        self.overrides.get(path)
    }

    /// Whether steps that may act are held for a person: outputs that were set make the run one that asks "what if".
    pub(in crate::machine) fn holds_effects(&self) -> bool {
        !self.overrides.is_empty()
    }

    /// The result of a top-level node in the earlier run.
    pub(in crate::machine) fn reused(&self, node: usize) -> Option<&ReusedStep> {
        self.reused.get(&node)
    }

    /// Whether there is a result that a step with this path could find by its key.
    pub(in crate::machine) fn may_find(&self, path: &StepPath) -> bool {
        let is_again = |again: &NodeId| StepPath::from(again).contains(path);
        !self.table.is_empty() && !self.again.as_ref().is_some_and(is_again)
    }

    /// The output and report of a step that does what a step of an earlier run did.
    pub(in crate::machine) fn find(
        &self,
        key: StepKey,
        path: &StepPath,
    ) -> Option<(Arc<Value>, Box<Report>)> {
        self.table.completion(self.table.find(key, path)?)
    }

    /// Whether a step that is due can complete like this without an attempt.
    pub(super) fn allows(&self, node: Option<usize>, completed: &NodeCompleted) -> bool {
        let Some(report) = completed.report.as_deref() else {
            return false;
        };
        let (path, output) = (completed.step.path(), &completed.output);
        if report.overridden {
            return self.overrides.get(path) == Some(output);
        }
        if let Some(from) = &report.reused_from {
            return self.table.allows(from, completed);
        }
        let taken = match self.taken.get(path) {
            Some(TakenResult::Completed(taken)) => Some(&taken.output),
            _ => None,
        };
        let whole = node.and_then(|node| self.reused.get(&node));
        report.reused && (taken == Some(output) || whole.map(|it| &it.output) == Some(output))
    }

    /// Drops the results of an earlier run. From now on, nothing is reused.
    pub(super) fn forget_results(&mut self) {
        self.reused.clear();
        self.table = Table::default();
    }

    /// Marks a result as used. It must be [allowed](Self::allows).
    pub(super) fn take(&mut self, node: Option<usize>, completed: &NodeCompleted) {
        let report = completed.report.as_deref();
        match report.and_then(|report| report.reused_from.as_deref()) {
            Some(from) => self.table.take(from.entry),
            None => _ = node.map(|node| self.reused.remove(&node)),
        }
    }

    /// A top-level node is executed. What depends on it and has no key cannot be known to be the same any more.
    pub(super) fn executed(&mut self, node: usize, root: &Frame) {
        if self.reused.is_empty() {
            return;
        }
        let reached = root.body.reached_from(|it| it == node);
        self.reused
            .retain(|node, step| step.key.is_some() || !reached[*node]);
    }
}
