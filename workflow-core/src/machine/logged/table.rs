//! The results of an earlier run that are available for reuse, each of them once.

use std::{collections::HashMap, sync::Arc};

use crate::{
    event::{NodeCompleted, Report, ReusedFrom, TableEntry},
    value::{StepKey, StepPath},
};

/// The table of a run. An entry is known by its number, since neither key nor path is unique: a run may take over what the run
/// before it had not used.
#[derive(Default)]
pub(in crate::machine) struct Table {
    entries: Vec<Entry>,
    /// The entries with a key, in their order. Those that are used are skipped.
    by_key: HashMap<StepKey, Numbers>,
    by_place: HashMap<(StepKey, StepPath), Numbers>,
}

struct Entry {
    result: TableEntry,
    used: bool,
}

/// Numbers of entries, with the position of the first one that may be unused.
#[derive(Default)]
struct Numbers {
    all: Vec<usize>,
    first: usize,
}

impl Numbers {
    fn unused(&self, entries: &[Entry]) -> Option<usize> {
        let numbers = self.all.iter().skip(self.first);
        numbers.copied().find(|number| !entries[*number].used)
    }

    fn skip_used(&mut self, entries: &[Entry]) {
        while self.all.get(self.first).is_some_and(|it| entries[*it].used) {
            self.first += 1;
        }
    }
}

impl Table {
    pub(super) fn new(entries: &[TableEntry]) -> Self {
        let mut table = Self::default();
        for (number, entry) in entries.iter().enumerate() {
            let place = (entry.key, entry.path.clone());
            table.by_key.entry(entry.key).or_default().all.push(number);
            table.by_place.entry(place).or_default().all.push(number);
            table.entries.push(Entry {
                result: entry.clone(),
                used: false,
            });
        }
        table
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The number of an unused result with this key: preferably of the same path, else the next one.
    pub(super) fn find(&self, key: StepKey, path: &StepPath) -> Option<usize> {
        let of_key = self.by_key.get(&key)?;
        let of_place = self.by_place.get(&(key, path.clone()));
        let same_path = of_place.and_then(|numbers| numbers.unused(&self.entries));
        same_path.or_else(|| of_key.unused(&self.entries))
    }

    /// The event that completes a step with this result.
    pub(super) fn completion(
        &self,
        number: usize,
    ) -> Option<(Arc<serde_json::Value>, Box<Report>)> {
        let result = &self.entries.get(number)?.result;
        let earlier = result.report.as_deref();
        let mut report = Box::new(earlier.map(Report::reusable).unwrap_or_default());
        report.reused = true;
        report.reused_from = Some(Box::new(ReusedFrom {
            run: result.run,
            path: result.origin.as_ref().unwrap_or(&result.path).clone(),
            entry: number,
            key: result.key,
            saved_usage: earlier.map(|report| report.usage).unwrap_or_default(),
            saved_cost: earlier.and_then(|report| report.cost),
        }));
        Some((Arc::clone(&result.output), report))
    }

    /// Whether an event completes a step with this result, which is still unused.
    pub(super) fn allows(&self, from: &ReusedFrom, completed: &NodeCompleted) -> bool {
        let entry = self.entries.get(from.entry);
        entry.is_some_and(|entry| {
            !entry.used && entry.result.key == from.key && entry.result.output == completed.output
        })
    }

    pub(super) fn take(&mut self, number: usize) {
        let Some(entry) = self.entries.get_mut(number) else {
            return;
        };
        entry.used = true;
        let (key, path) = (entry.result.key, entry.result.path.clone());
        if let Some(numbers) = self.by_key.get_mut(&key) {
            numbers.skip_used(&self.entries);
        }
        if let Some(numbers) = self.by_place.get_mut(&(key, path)) {
            numbers.skip_used(&self.entries);
        }
    }
}
