//! Recovery: resumes the runs that had not ended when an earlier engine stopped.

use super::Drives;
use crate::{
    engine::EngineError,
    record::{RunRecord, RunStatus},
    store::StoreError,
};

/// Records per read of the store.
const BATCH: usize = 200;

/// The result of [`LocalEngine::recover`](crate::LocalEngine::recover): how many unfinished runs it found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recovered {
    /// Runs that are resumed: they were executing or queued, or their time has come.
    pub resumed: usize,
    /// Runs that stay suspended until a person answers or a time comes.
    pub waiting: usize,
}

impl Drives {
    /// Wakes the unfinished runs of the store, or sets their alarms. In a fleet, its oldest engine dispatches them.
    ///
    /// Runs are read in batches, oldest first. A run that is created meanwhile may be in a batch too; its lease keeps it
    /// from being driven twice.
    pub(in crate::engine::local) async fn recover(&self) -> Result<Recovered, EngineError> {
        let now = self.shared.clock().now();
        let fleet = self.shared.placement.fleet();
        let dispatches = match fleet {
            None => false,
            Some(fleet) => {
                // Starts the background work: from here on, this engine hears of the others.
                self.spawn(async {})?;
                fleet.register().await?.is_oldest
            }
        };
        let mut recovered = Recovered::default();
        let recover = |run: &RunRecord| {
            let is_suspended = run.head.status == RunStatus::Waiting;
            let is_idle = is_suspended && !run.head.is_due(now);
            if is_idle {
                recovered.waiting += 1;
            } else {
                recovered.resumed += 1;
            }
            if fleet.is_some() {
                if dispatches && !is_idle {
                    self.dispatch(run.id);
                }
            } else if !is_suspended || run.head.wake_at.is_some() {
                // For a run whose time has not come, this only sets its alarm.
                self.wake(run.id, Some(now));
            }
        };
        self.each_unfinished(recover).await?;
        if let Some(fleet) = fleet.filter(|_| dispatches) {
            self.dispatch_commanded(fleet).await?;
        }
        Ok(recovered)
    }

    /// Calls `visit` with each unfinished run of the store, oldest first. Reads in batches.
    pub(in crate::engine::local) async fn each_unfinished(
        &self,
        mut visit: impl FnMut(&RunRecord) + Send,
    ) -> Result<(), StoreError> {
        let mut after = None;
        loop {
            let runs = self.shared.store.unfinished(after, BATCH).await?;
            let Some(last) = runs.last() else {
                return Ok(());
            };
            after = Some(last.id);
            runs.iter().for_each(&mut visit);
        }
    }
}
