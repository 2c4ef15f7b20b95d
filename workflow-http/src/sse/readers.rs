//! Who follows which run.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::{Stream, StreamExt};
use workflow_core::RunId;

use crate::problem::{Kind, Problem};

/// The readers of each run that has some.
#[derive(Clone)]
pub(crate) struct Readers {
    most: usize,
    following: Arc<Mutex<HashMap<RunId, usize>>>,
}

/// A reader's place, free again when it is dropped.
pub(crate) struct Seat {
    run: RunId,
    readers: Readers,
}

impl Readers {
    /// At most so many for one run.
    pub(crate) fn at_most(most: usize) -> Self {
        Self {
            most,
            following: Arc::default(),
        }
    }

    /// Takes a place, if there is one.
    pub(crate) fn seat(&self, run: RunId) -> Result<Seat, Problem> {
        let mut following = self.following();
        let readers = following.entry(run).or_default();
        if *readers >= self.most {
            let detail = format!("{readers} streams follow run {run} already, and no more may");
            return Err(Kind::TooManyReaders
                .of(detail)
                .with_retry_after(Duration::from_secs(5)));
        }
        *readers += 1;
        let readers = self.clone();
        Ok(Seat { run, readers })
    }

    /// How many there are in all.
    pub(crate) fn count(&self) -> i64 {
        let readers: usize = self.following().values().sum();
        i64::try_from(readers).unwrap_or(i64::MAX)
    }

    fn following(&self) -> MutexGuard<'_, HashMap<RunId, usize>> {
        let following = self.following.lock();
        following.unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    /// The same stream, which keeps the place as long as it is read.
    pub(crate) fn keep<S: Stream>(self, stream: S) -> impl Stream<Item = S::Item> {
        stream.map(move |item| {
            let _kept = &self;
            item
        })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut following = self.readers.following();
        if let Some(readers) = following.get_mut(&self.run) {
            *readers -= 1;
            if *readers == 0 {
                following.remove(&self.run);
            }
        }
    }
}
