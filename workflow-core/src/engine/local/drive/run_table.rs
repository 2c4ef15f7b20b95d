//! The runs about which this process holds state.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, Weak},
};

use crate::engine::local::journal::live::LiveRun;
use crate::{
    error::Problem,
    value::{RunId, lock},
};

/// Runs that have a driver or readers, and runs that cannot be driven.
#[derive(Default)]
pub(in crate::engine::local) struct RunTable {
    /// Weak, so that an entry dies with the last driver or reader. Dead entries are removed when the map would grow.
    live: Mutex<HashMap<RunId, Weak<LiveRun>>>,
    /// Runs that cannot be driven, with the cause. In memory only: after a restart, they are tried once more.
    stopped: Mutex<HashMap<RunId, Arc<Problem>>>,
}

impl RunTable {
    /// The state that the driver and the readers of a run share. Created on first use.
    pub(in crate::engine::local) fn live(&self, run: RunId) -> Arc<LiveRun> {
        let mut live = lock(&self.live);
        if let Some(found) = live.get(&run).and_then(Weak::upgrade) {
            return found;
        }
        if live.len() == live.capacity() {
            live.retain(|_, live| live.strong_count() > 0);
        }
        let new = LiveRun::new(run);
        live.insert(run, Arc::downgrade(&new));
        new
    }

    /// The state of a run that has a driver or readers here.
    pub(in crate::engine::local) fn find_live(&self, run: RunId) -> Option<Arc<LiveRun>> {
        lock(&self.live).get(&run).and_then(Weak::upgrade)
    }

    pub(in crate::engine::local) fn for_each_live(&self, act: impl Fn(&LiveRun)) {
        let live: Vec<_> = lock(&self.live)
            .values()
            .filter_map(Weak::upgrade)
            .collect();
        for live in live {
            act(&live);
        }
    }

    /// Removes a run that has ended, or that only the caller still references.
    pub(in crate::engine::local) fn remove(&self, run: &Arc<LiveRun>, ended: bool) {
        let mut live = lock(&self.live);
        let is_same = |entry: &Weak<LiveRun>| Weak::as_ptr(entry) == Arc::as_ptr(run);
        if (ended || Arc::strong_count(run) == 1) && live.get(&run.id()).is_some_and(is_same) {
            live.remove(&run.id());
        }
    }

    /// Records that a run cannot be driven, and logs the cause.
    pub(in crate::engine::local) fn stop(&self, run: RunId, problem: Problem) {
        log_stopped(run, &problem);
        lock(&self.stopped).insert(run, Arc::new(problem));
    }

    /// Removes the record that a run cannot be driven: it was loaded, or deleted.
    pub(in crate::engine::local) fn clear_stopped(&self, run: RunId) {
        lock(&self.stopped).remove(&run);
    }

    /// The cause why a run cannot be driven; `None` if it can.
    pub(in crate::engine::local) fn stopped(&self, run: RunId) -> Option<Arc<Problem>> {
        lock(&self.stopped).get(&run).cloned()
    }
}

/// Logs that a run cannot be driven, with the cause.
pub(in crate::engine::local) fn log_stopped(run: RunId, problem: &Problem) {
    tracing::error!(%run, code = &*problem.code, detail = problem.detail, "a run cannot continue");
}
