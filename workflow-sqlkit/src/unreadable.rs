//! Records that cannot be read: lists omit them, and each is logged once for the operator.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use workflow_core::{RunRecord, record::WorkflowRecord};

use crate::{
    json::Cause,
    row::{RunRow, VersionRow},
};

/// The records that lists have omitted since the store was opened.
#[derive(Debug, Default)]
pub struct UnreadableRows {
    logged: Mutex<HashSet<String>>,
}

impl UnreadableRows {
    /// The record of a run of a list, if it can be read.
    pub fn run(&self, row: &RunRow) -> Option<RunRecord> {
        let run = row.record();
        run.map_err(|error| self.log(format!("run {}", text(&row.id)), &error))
            .ok()
    }

    /// The record of a version of a workflow of a list, if it can be read.
    pub fn version(&self, row: &VersionRow) -> Option<WorkflowRecord> {
        let version = row.record();
        version
            .map_err(|error| {
                let of = format!(
                    "version {} of workflow {}",
                    row.version,
                    text(&row.workflow)
                );
                self.log(of, &error);
            })
            .ok()
    }

    fn log(&self, of: String, error: &Cause) {
        let mut logged = self.logged.lock().unwrap_or_else(PoisonError::into_inner);
        if !logged.contains(&of) {
            tracing::error!(%error, "the record of {of} cannot be read: lists omit it");
            logged.insert(of);
        }
    }
}

fn text(id: &[u8]) -> String {
    String::from_utf8_lossy(id).into_owned()
}
