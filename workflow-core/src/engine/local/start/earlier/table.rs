//! The results of a run that another run can reuse by content.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use crate::{
    event::{EventKind, NodeCompleted, Report, StepEvent, TableEntry},
    value::{MAX_RESULT_BYTES, RunId, StepKey, StepPath, size},
};

/// The results of an ended run: of each step that completed and has a key, in the order in which they completed, and then those that
/// the run had taken over itself and not used. A run that failed early so keeps what the run before it had paid for.
///
/// At most [`MAX_RESULT_BYTES`] together. What does not fit is left out, latest first, and counted.
#[derive(Default)]
pub(in crate::engine::local) struct Table {
    pub(in crate::engine::local) entries: Vec<TableEntry>,
    pub(in crate::engine::local) left_out: usize,
}

impl Table {
    pub(in crate::engine::local) fn of(log: &[StepEvent]) -> Self {
        let mut reader = Reader::default();
        for event in log {
            reader.read(event);
        }
        reader.table()
    }
}

#[derive(Default)]
struct Reader {
    /// The keys of the latest attempts.
    keys: HashMap<StepPath, StepKey>,
    done: Vec<TableEntry>,
    taken_over: Vec<TableEntry>,
    used: HashSet<usize>,
    /// Whether the run has failed and its `on_failure` runs: what that does is never reused.
    is_failing: bool,
}

impl Reader {
    fn read(&mut self, event: &StepEvent) {
        match &event.kind {
            EventKind::RunCreated(created) => self.taken_over.clone_from(&created.table),
            EventKind::NodeStarted(started) => {
                if let Some(key) = started.plan.as_ref().and_then(|plan| plan.key) {
                    self.keys.insert(started.step.path().clone(), key);
                }
            }
            EventKind::RunFailing(_) => self.is_failing = true,
            EventKind::NodeCompleted(completed) if !self.is_failing => {
                self.completed(event.run_id, completed);
            }
            _ => {}
        }
    }

    fn completed(&mut self, run: RunId, completed: &NodeCompleted) {
        let path = completed.step.path();
        let report = completed.report.as_deref();
        let from = report.and_then(|report| report.reused_from.as_deref());
        let is_given = report.is_some_and(|report| report.overridden || report.reused);
        let (key, run, origin) = match (from, self.keys.remove(path)) {
            (Some(from), _) => {
                self.used.insert(from.entry);
                (from.key, from.run, Some(from.path.clone()))
            }
            (None, Some(key)) if !is_given => (key, run, None),
            _ => return,
        };
        let mut kept = report.map(Report::reusable).unwrap_or_default();
        kept.usage = match (from, report) {
            (Some(from), _) => from.saved_usage,
            (None, report) => report.map(|it| it.usage).unwrap_or_default(),
        };
        kept.cost = match from {
            Some(from) => from.saved_cost,
            None => report.and_then(|report| report.cost),
        };
        self.done.push(TableEntry {
            key,
            run,
            origin: origin.filter(|origin| origin != path),
            path: path.clone(),
            output: Arc::clone(&completed.output),
            report: (kept != Report::default()).then(|| Box::new(kept)),
        });
    }

    fn table(self) -> Table {
        let unused = self.taken_over.into_iter().enumerate();
        let unused = unused.filter(|(number, _)| !self.used.contains(number));
        let all = self.done.into_iter().chain(unused.map(|(_, entry)| entry));
        let mut table = Table::default();
        let mut left = MAX_RESULT_BYTES;
        for entry in all {
            let bytes = if table.left_out == 0 {
                size::bytes(&entry)
            } else {
                0
            };
            match left.checked_sub(bytes) {
                Some(rest) if table.left_out == 0 => {
                    left = rest;
                    table.entries.push(entry);
                }
                _ => table.left_out += 1,
            }
        }
        table
    }
}
