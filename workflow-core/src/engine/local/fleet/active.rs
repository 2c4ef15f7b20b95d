//! The drives of an engine.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use tokio::sync::watch;

use crate::{
    fleet::{CommandNumber, DriveEnd, DriveError},
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
    pub(super) received: Received,
}

/// The last command of a run that its inbox has received. Held while commands are read, so that none is received twice.
#[derive(Default)]
pub(super) struct Received(pub(super) tokio::sync::Mutex<Option<CommandNumber>>);

impl ActiveDrives {
    pub(super) fn count(&self) -> usize {
        lock(&self.0).len()
    }

    pub(super) fn runs(&self) -> Vec<RunId> {
        lock(&self.0).keys().copied().collect()
    }

    pub(super) fn find(&self, run: RunId) -> Option<Arc<ActiveDrive>> {
        lock(&self.0).get(&run).map(Arc::clone)
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
            received: Received::default(),
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
