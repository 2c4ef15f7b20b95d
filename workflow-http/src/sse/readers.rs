//! Limits the number of streams of one run.
//!
//! Streams share the run's data, so one more costs little. But each is a connection, and without this limit the
//! readers of one run could use up all connections of the service.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::{Stream, StreamExt};
use workflow_core::RunId;

use crate::problem::{Kind, Problem};

/// The number of readers of each run that has any.
#[derive(Clone)]
pub(crate) struct Readers {
    max: usize,
    by_run: Arc<Mutex<HashMap<RunId, usize>>>,
}

/// Counts one reader until it is dropped.
///
/// It is held by the stream, not by the handler: the handler returns when the stream begins.
pub(crate) struct ReaderPermit {
    run: RunId,
    readers: Readers,
}

impl Readers {
    /// Allows this many readers of each run.
    pub(crate) fn at_most(max: usize) -> Self {
        Self {
            max,
            by_run: Arc::default(),
        }
    }

    /// Counts a reader of the run, or refuses it with 429.
    ///
    /// The count is raised under the same lock as it is compared, so two requests cannot both take the last place.
    pub(crate) fn permit(&self, run: RunId) -> Result<ReaderPermit, Problem> {
        let mut by_run = self.lock();
        let readers = by_run.entry(run).or_default();
        if *readers >= self.max {
            let detail = format!(
                "run {run} has {readers} streams already, which is the limit; close one, or read pages"
            );
            return Err(Kind::TooManyReaders
                .of(detail)
                .with_retry_after(Duration::from_secs(5)));
        }
        *readers += 1;
        let readers = self.clone();
        Ok(ReaderPermit { run, readers })
    }

    /// The number of readers of all runs.
    pub(crate) fn count(&self) -> i64 {
        let readers: usize = self.lock().values().sum();
        i64::try_from(readers).unwrap_or(i64::MAX)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<RunId, usize>> {
        self.by_run.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ReaderPermit {
    /// The same stream, which holds the permit until it is dropped.
    pub(crate) fn hold_during<S: Stream>(self, stream: S) -> impl Stream<Item = S::Item> {
        // The closure must use `self`: a closure captures only what it uses, and `let _ = self` would not count as
        // use.
        stream.map(move |item| {
            let _held = &self;
            item
        })
    }
}

impl Drop for ReaderPermit {
    fn drop(&mut self) {
        let mut by_run = self.readers.lock();
        if let Some(readers) = by_run.get_mut(&self.run) {
            *readers -= 1;
            if *readers == 0 {
                // Otherwise the map would grow by every run that ever had a reader.
                by_run.remove(&self.run);
            }
        }
    }
}
