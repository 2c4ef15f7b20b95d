//! The drives of an engine.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, atomic::AtomicBool},
};

use tokio::sync::watch;

use crate::{
    fleet::{DriveEnd, DriveError},
    value::{RunId, lock},
};

/// How a drive has ended; `None` until then.
pub(super) type End = Option<Result<DriveEnd, DriveError>>;

/// The runs that this engine drives.
#[derive(Clone, Default)]
pub(super) struct ActiveDrives(Arc<Mutex<HashMap<RunId, Arc<ActiveDrive>>>>);

/// One drive. Its receivers are the calls of the dispatcher that wait for its end.
pub(super) struct ActiveDrive {
    pub(super) end: watch::Sender<End>,
    /// A claim was tried, and must be released.
    pub(super) is_claimed: AtomicBool,
}

impl ActiveDrives {
    pub(super) fn count(&self) -> usize {
        lock(&self.0).len()
    }

    pub(super) fn contains(&self, run: RunId) -> bool {
        lock(&self.0).contains_key(&run)
    }

    /// A receiver of the end of the drive of a run, and the drive if it is new: the caller executes it then.
    pub(super) fn join(&self, run: RunId) -> (watch::Receiver<End>, Option<Arc<ActiveDrive>>) {
        let mut drives = lock(&self.0);
        if let Some(active) = drives.get(&run) {
            return (active.end.subscribe(), None);
        }
        let (end, receiver) = watch::channel(None);
        let active = Arc::new(ActiveDrive {
            end,
            is_claimed: AtomicBool::new(false),
        });
        drives.insert(run, Arc::clone(&active));
        (receiver, Some(active))
    }
}

/// Removes a drive when it ends, even if its task is aborted or panics.
pub(super) struct Entry {
    pub(super) drives: ActiveDrives,
    pub(super) run: RunId,
}

impl Drop for Entry {
    fn drop(&mut self) {
        lock(&self.drives.0).remove(&self.run);
    }
}
