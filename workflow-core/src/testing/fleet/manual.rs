//! A dispatcher that dispatches nothing.

use std::{
    fmt,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use tokio::sync::Notify;

use crate::{
    fleet::{DispatchError, Dispatcher},
    value::{RunId, Timestamp, lock},
};

/// A [`Dispatcher`] that only records requests: the test calls [`LocalEngine::drive`](crate::LocalEngine::drive) itself.
/// Clones share the record.
///
/// ```
/// use workflow_core::{
///     RunId, fleet::{DispatchError, Dispatcher},
///     testing::{ManualDispatcher, run_in_virtual_time},
/// };
///
/// run_in_virtual_time(async {
///     let dispatcher = ManualDispatcher::new();
///     let run = RunId::new();
///     dispatcher.dispatch(run, None).await?;
///     assert_eq!(dispatcher.take(), [(run, None)]);
///
///     dispatcher.set_failing(true);
///     assert!(dispatcher.dispatch(run, None).await.is_err());
///     assert_eq!((dispatcher.requests(), dispatcher.failures()), (vec![], 1));
///     Ok::<(), DispatchError>(())
/// })?;
/// # Ok::<(), DispatchError>(())
/// ```
#[derive(Clone, Default)]
pub struct ManualDispatcher {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    record: Mutex<Record>,
    recorded: Notify,
}

#[derive(Default)]
struct Record {
    requests: Vec<(RunId, Option<Timestamp>)>,
    is_failing: bool,
    failures: usize,
}

impl ManualDispatcher {
    /// A dispatcher without requests.
    pub fn new() -> Self {
        Self::default()
    }

    /// The requests that are not taken, oldest first: each the run, and when it is to be driven.
    pub fn requests(&self) -> Vec<(RunId, Option<Timestamp>)> {
        lock(&self.shared.record).requests.clone()
    }

    /// Takes the requests, oldest first.
    pub fn take(&self) -> Vec<(RunId, Option<Timestamp>)> {
        std::mem::take(&mut lock(&self.shared.record).requests)
    }

    /// Waits for a request, and takes the oldest one.
    ///
    /// # Cancellation
    /// If the future is dropped, no request is taken.
    pub async fn next(&self) -> (RunId, Option<Timestamp>) {
        loop {
            let recorded = self.shared.recorded.notified();
            if let Some(request) = self.take_first() {
                return request;
            }
            recorded.await;
        }
    }

    fn take_first(&self) -> Option<(RunId, Option<Timestamp>)> {
        let requests = &mut lock(&self.shared.record).requests;
        (!requests.is_empty()).then(|| requests.remove(0))
    }

    /// Sets whether requests fail; they do not at first. A request that fails is not recorded.
    pub fn set_failing(&self, is_failing: bool) {
        lock(&self.shared.record).is_failing = is_failing;
    }

    /// How many requests have failed.
    pub fn failures(&self) -> usize {
        lock(&self.shared.record).failures
    }
}

#[async_trait]
impl Dispatcher for ManualDispatcher {
    async fn dispatch(&self, run: RunId, at: Option<Timestamp>) -> Result<(), DispatchError> {
        let mut record = lock(&self.shared.record);
        if record.is_failing {
            record.failures += 1;
            return Err(DispatchError::new("the dispatcher is set to fail"));
        }
        record.requests.push((run, at));
        drop(record);
        self.shared.recorded.notify_waiters();
        Ok(())
    }
}

impl fmt::Debug for ManualDispatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let record = lock(&self.shared.record);
        f.debug_struct("ManualDispatcher")
            .field("requests", &record.requests)
            .field("is_failing", &record.is_failing)
            .finish_non_exhaustive()
    }
}
