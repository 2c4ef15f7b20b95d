//! The runs that this process knows something about.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, Weak},
};

use crate::engine::local::journal::live::LiveRun;
use crate::{
    engine::EngineError,
    error::Problem,
    value::{RunId, lock},
};

/// Which runs are driven or followed, and which are stopped.
#[derive(Default)]
pub(in crate::engine::local) struct RunTable {
    live: Mutex<HashMap<RunId, Weak<LiveRun>>>,
    /// Runs that cannot be driven, and why.
    stopped: Mutex<HashMap<RunId, Arc<Problem>>>,
}

impl RunTable {
    /// What the driver and the readers of a run share.
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

    pub(in crate::engine::local) fn each_live(&self, act: impl Fn(&LiveRun)) {
        let live: Vec<_> = lock(&self.live)
            .values()
            .filter_map(Weak::upgrade)
            .collect();
        for live in live {
            act(&live);
        }
    }

    /// Removes a run that has ended, or that only the caller drives or follows.
    pub(in crate::engine::local) fn forget(&self, run: &Arc<LiveRun>, ended: bool) {
        let mut live = lock(&self.live);
        let is_its = |entry: &Weak<LiveRun>| Weak::as_ptr(entry) == Arc::as_ptr(run);
        if (ended || Arc::strong_count(run) == 1) && live.get(&run.id()).is_some_and(is_its) {
            live.remove(&run.id());
        }
    }

    /// Notes that a run cannot be driven.
    pub(in crate::engine::local) fn stop(&self, run: RunId, problem: Problem) {
        tracing::error!(%run, code = &*problem.code, detail = problem.detail, "a run cannot go on");
        lock(&self.stopped).insert(run, Arc::new(problem));
    }

    /// Notes that a run can be driven after all, or is deleted.
    pub(in crate::engine::local) fn not_stopped(&self, run: RunId) {
        lock(&self.stopped).remove(&run);
    }

    /// Why a run cannot be driven.
    pub(in crate::engine::local) fn stopped(&self, run: RunId) -> Option<Arc<Problem>> {
        lock(&self.stopped).get(&run).cloned()
    }

    pub(in crate::engine::local) fn check_not_stopped(
        &self,
        run: RunId,
    ) -> Result<(), EngineError> {
        let stopped = self.stopped(run);
        stopped.map_or(Ok(()), |problem| Err(EngineError::Stopped { run, problem }))
    }
}
