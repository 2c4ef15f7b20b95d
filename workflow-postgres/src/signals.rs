//! Signals from the store to its background tasks.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::sync::Notify;
use workflow_sqlkit::search::{DamagedBlocks, LOOK_AFTER_RUNS};

#[derive(Debug, Default)]
pub(crate) struct Signals {
    is_stopped: AtomicBool,
    /// A run was deleted, many were created, or the task that deletes has to end.
    pub(crate) changed: Notify,
    /// A run was deleted, many were created, a block is damaged, or the task that extends the index has to end.
    pub(crate) index_changed: Notify,
    created: AtomicUsize,
    /// The blocks that searches of this store could not read.
    pub(crate) damaged: DamagedBlocks,
}

impl Signals {
    /// A run was created: after some of them the search index is extended, and the numbers of runs are added up.
    pub(crate) fn note_created_run(&self) {
        let before = self.created.fetch_add(1, Ordering::Relaxed);
        if before.is_multiple_of(LOOK_AFTER_RUNS) {
            self.wake_all();
        }
    }

    /// A run was deleted: its events are deleted soon, and its block is built again.
    pub(crate) fn note_deleted_run(&self) {
        self.wake_all();
    }

    /// A search could not read a block of the index.
    pub(crate) fn report_damage(&self, block: i64) {
        if self.damaged.add(block) {
            self.index_changed.notify_one();
        }
    }

    /// Ends the tasks.
    pub(crate) fn stop(&self) {
        self.is_stopped.store(true, Ordering::Relaxed);
        self.wake_all();
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::Relaxed)
    }

    fn wake_all(&self) {
        self.changed.notify_one();
        self.index_changed.notify_one();
    }
}
