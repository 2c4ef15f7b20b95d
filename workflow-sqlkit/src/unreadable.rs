//! Records that cannot be read: lists leave them out, and the operator is told of each once.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use workflow_core::{RunRecord, WorkflowRecord};

use crate::{
    json::Cause,
    row::{RunRow, VersionRow},
};

/// What was left out of lists since the store was opened.
#[derive(Debug, Default)]
pub(crate) struct LeftOut {
    told: Mutex<HashSet<String>>,
}

impl LeftOut {
    /// The record of a run of a list, if it can be read.
    pub(crate) fn run(&self, row: &RunRow) -> Option<RunRecord> {
        let run = row.record();
        run.map_err(|error| self.tell(format!("run {}", text(&row.id)), &error))
            .ok()
    }

    /// The record of a version of a workflow of a list, if it can be read.
    pub(crate) fn version(&self, row: &VersionRow) -> Option<WorkflowRecord> {
        let version = row.record();
        version
            .map_err(|error| {
                let of = format!(
                    "version {} of workflow {}",
                    row.version,
                    text(&row.workflow)
                );
                self.tell(of, &error);
            })
            .ok()
    }

    fn tell(&self, of: String, error: &Cause) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if !told.contains(&of) {
            tracing::error!(%error, "the record of {of} cannot be read: lists leave it out");
            told.insert(of);
        }
    }
}

fn text(id: &[u8]) -> String {
    String::from_utf8_lossy(id).into_owned()
}
