//! The runs that a search has found.

use std::collections::BTreeMap;

use workflow_core::{RunId, RunRecord, record::Page, store::StoreError};

use super::reader::{Among, BlockReader};
use crate::{row::RunRow, unreadable::UnreadableRows};

/// The matching runs that were found so far.
pub(super) struct Found<'a> {
    unreadable: &'a UnreadableRows,
    /// By id. `None` for a run whose record cannot be read: it has a place on its page, so that those after it are found, too.
    runs: BTreeMap<RunId, Option<RunRecord>>,
}

impl<'a> Found<'a> {
    pub(super) fn new(unreadable: &'a UnreadableRows) -> Self {
        let runs = BTreeMap::new();
        Self { unreadable, runs }
    }

    /// Returns whether the record can be read.
    pub(super) fn add(&mut self, row: &RunRow) -> bool {
        let record = self.unreadable.run(row);
        let is_readable = record.is_some();
        if let Some(id) = id_of(row) {
            self.runs.insert(id, record);
        }
        is_readable
    }

    /// Adds the newest runs of a range. Those whose id is damaged are read in addition to them: they have no place on a page.
    pub(super) async fn add_newest(
        &mut self,
        reader: &impl BlockReader,
        range: (i64, i64),
        limit: usize,
    ) -> Result<(), StoreError> {
        let mut most = limit;
        loop {
            let rows = reader.runs(Among::Range(range), most).await?;
            let without_id = rows.iter().filter(|(_, row)| id_of(row).is_none()).count();
            let wanted = limit.saturating_add(without_id);
            if rows.len() < most || most == wanted {
                for (_, row) in &rows {
                    _ = self.add(row);
                }
                return Ok(());
            }
            most = wanted;
        }
    }

    /// The id of the last of so many runs, newest first; `None` if there are fewer.
    pub(super) fn last_of(&self, limit: usize) -> Option<String> {
        let mut ids = self.runs.keys().rev();
        ids.nth(limit.saturating_sub(1)).map(RunId::to_string)
    }

    /// The page with the newest of them.
    pub(super) fn page(self, limit: usize) -> Page<RunRecord> {
        let mut newest_first = self.runs.into_iter().rev();
        let runs: Vec<_> = newest_first.by_ref().take(limit).collect();
        let last = newest_first.next().and(runs.last());
        let next = last.map(|(id, _)| id.to_string());
        let records = runs.into_iter().filter_map(|(_, record)| record);
        Page::new(records.collect(), next)
    }
}

fn id_of(row: &RunRow) -> Option<RunId> {
    str::from_utf8(&row.id).ok()?.parse().ok()
}
