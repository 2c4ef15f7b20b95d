//! Access to the records and logs of runs in the store.

use std::sync::Arc;

use crate::engine::local::shared::Shared;
use crate::{
    engine::EngineError, error::Problem, event::StepEvent, record::RunRecord, value::RunId,
};

/// Events per read of the store.
pub(in crate::engine::local) const READ_BATCH: usize = 500;

/// Reads runs from the store, and deletes them.
#[derive(Clone)]
pub(in crate::engine::local) struct RunLogs {
    shared: Arc<Shared>,
}

impl RunLogs {
    pub(in crate::engine::local) fn new(shared: &Arc<Shared>) -> Self {
        let shared = Arc::clone(shared);
        Self { shared }
    }

    /// The record of a run.
    pub(in crate::engine::local) async fn record(
        &self,
        run: RunId,
    ) -> Result<RunRecord, EngineError> {
        let record = self.shared.store.run(run).await?;
        record.ok_or(EngineError::NoSuchRun(run))
    }

    /// The record of a run that has ended, or that cannot be driven.
    pub(in crate::engine::local) async fn ended_record(
        &self,
        run: RunId,
    ) -> Result<RunRecord, EngineError> {
        let record = self.record(run).await?;
        if record.head.status.has_ended() || self.stopped(&record).await?.is_some() {
            return Ok(record);
        }
        Err(EngineError::NotEnded(run))
    }

    /// The cause why a run cannot be driven; `None` if it can. In a fleet, another engine may have found it.
    pub(in crate::engine::local) async fn stopped(
        &self,
        record: &RunRecord,
    ) -> Result<Option<Arc<Problem>>, EngineError> {
        if let Some(problem) = self.shared.runs.stopped(record.id) {
            return Ok(Some(problem));
        }
        let Some(fleet) = self.shared.placement.fleet() else {
            return Ok(None);
        };
        if record.head.status.has_ended() {
            return Ok(None);
        }
        let blocked = fleet.coordinator().blocked(record.id).await?;
        let current = blocked.filter(|(at, _)| *at == record.head.last_seq);
        Ok(current.map(|(_, problem)| Arc::new(problem)))
    }

    /// # Errors
    /// [`EngineError::Stopped`] if the run cannot be driven.
    pub(in crate::engine::local) async fn check_not_stopped(
        &self,
        record: &RunRecord,
    ) -> Result<(), EngineError> {
        match self.stopped(record).await? {
            None => Ok(()),
            Some(problem) => Err(EngineError::Stopped {
                run: record.id,
                problem,
            }),
        }
    }

    /// Deletes a run that has ended, or that cannot be driven.
    pub(in crate::engine::local) async fn delete(&self, run: RunId) -> Result<(), EngineError> {
        self.ended_record(run).await?;
        if !self.shared.store.delete_run(run).await? {
            return Err(EngineError::NoSuchRun(run));
        }
        self.shared.runs.clear_stopped(run);
        Ok(())
    }

    /// The events of a run's log for which `wanted` returns `true`.
    pub(in crate::engine::local) async fn filtered(
        &self,
        run: RunId,
        mut wanted: impl FnMut(&StepEvent) -> bool + Send,
    ) -> Result<Vec<StepEvent>, EngineError> {
        let mut log = Vec::new();
        let collect = |event: &StepEvent| {
            if wanted(event) {
                log.push(event.clone());
            }
        };
        self.each_event(run, 0, collect).await?;
        Ok(log)
    }

    /// Calls `read` with each event of a run's log after number `after`. Reads in batches, so that a long log is never in
    /// memory as a whole.
    pub(in crate::engine::local) async fn each_event(
        &self,
        run: RunId,
        mut after: u64,
        mut read: impl FnMut(&StepEvent) + Send,
    ) -> Result<(), EngineError> {
        loop {
            let events = self.shared.store.read(run, after, READ_BATCH).await?;
            let Some(last) = events.last() else {
                return Ok(());
            };
            after = last.seq;
            for event in &events {
                read(event);
            }
            // A store in memory never suspends the task: yield, so that a long log does not block other tasks.
            tokio::task::yield_now().await;
        }
    }
}
