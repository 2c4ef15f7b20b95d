//! Takes up, at start, the runs that had not ended when their engine stopped.

use super::Drives;
use crate::{engine::EngineError, record::RunStatus};

/// How many records are read at once.
const BATCH: usize = 200;

/// What [`LocalEngine::recover`](crate::LocalEngine::recover) found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recovered {
    /// Runs that go on: they were at work, in the queue, or their time has come.
    pub going_on: usize,
    /// Runs that wait for a person or a time.
    pub waiting: usize,
}

impl Drives {
    /// Lets the unfinished runs of the store be driven, or sets their alarms.
    pub(in crate::engine::local) async fn recover(&self) -> Result<Recovered, EngineError> {
        let now = self.shared.clock().now();
        let mut recovered = Recovered::default();
        let mut after = None;
        loop {
            let runs = self.shared.store.unfinished(after, BATCH).await?;
            let Some(last) = runs.last() else {
                return Ok(recovered);
            };
            after = Some(last.id);
            for run in &runs {
                let rests = run.head.status == RunStatus::Waiting;
                if rests && !run.head.is_due(now) {
                    recovered.waiting += 1;
                } else {
                    recovered.going_on += 1;
                }
                if !rests || run.head.wake_at.is_some() {
                    // One whose time has not come only sets its alarm.
                    self.wake(run.id, Some(now));
                }
            }
        }
    }
}
