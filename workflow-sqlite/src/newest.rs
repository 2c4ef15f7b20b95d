//! The newest versions of workflows in memory: each start of a run reads one.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use workflow_core::{WorkflowId, record::WorkflowRecord, value::heap_bytes};

/// The most workflows in memory.
const WORKFLOWS: usize = 64;

/// The most bytes of memory of a specification that is kept: 64 workflows have at most 16 MiB.
const BYTES: usize = 256 * 1024;

/// Newest versions that were read. It is emptied by each change of a workflow, before the change is answered. Only this
/// process writes the file, so nothing else can change one.
#[derive(Clone, Default)]
pub(crate) struct NewestVersions(Arc<Mutex<Known>>);

#[derive(Default)]
struct Known {
    records: HashMap<WorkflowId, WorkflowRecord>,
    /// How often workflows were changed.
    changes: u64,
}

/// When a read began, compared with changes of workflows.
pub(crate) struct ReadAt(u64);

impl NewestVersions {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The newest version of a workflow, or else what [`insert`](Self::insert) needs after it is read.
    pub(crate) fn get(&self, id: WorkflowId) -> Result<WorkflowRecord, ReadAt> {
        let known = self.known();
        let found = known.records.get(&id).cloned();
        found.ok_or(ReadAt(known.changes))
    }

    /// Keeps a version that was read, unless a workflow was changed since: the read may be from before that.
    pub(crate) fn insert(&self, record: &WorkflowRecord, read_at: &ReadAt) {
        if heap_bytes(&record.spec) > BYTES {
            return;
        }
        let mut known = self.known();
        if known.changes != read_at.0 {
            return;
        }
        if known.records.len() >= WORKFLOWS {
            known.records.clear();
        }
        known.records.insert(record.id, record.clone());
    }

    /// A workflow was changed.
    pub(crate) fn changed(&self) {
        let mut known = self.known();
        known.changes += 1;
        known.records.clear();
    }
}
