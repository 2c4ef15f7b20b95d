//! How many runs are taken, and which of them may work.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures::future::{Either, select};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::live::LiveRun;

/// Lets so many runs work, and so many more queue.
pub(super) struct Admission {
    slots: Semaphore,
    /// How many runs are taken that neither ended nor rest: those that work, and those that queue.
    taken: Arc<AtomicUsize>,
    running: usize,
    most: usize,
}

/// A run's place among those that are taken. Given back when it is dropped.
pub(super) struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// What a queued run came to.
pub(super) enum Admitted<'a> {
    /// It may work, as long as it holds its slot.
    Work { _slot: SemaphorePermit<'a> },
    /// It was cancelled, so it only has to end, which needs no slot.
    End,
    /// The engine shuts down.
    Never,
}

impl Admission {
    pub(super) fn new(running: usize, queued: usize) -> Self {
        Self {
            slots: Semaphore::new(running.min(Semaphore::MAX_PERMITS)),
            taken: Arc::default(),
            running,
            most: running.saturating_add(queued),
        }
    }

    /// How many runs work at once, and how many more may queue.
    pub(super) fn limits(&self) -> (usize, usize) {
        (self.running, self.most - self.running)
    }

    /// A place for a new run; or how many wait already, when there is none.
    pub(super) fn place(&self) -> Result<Place, usize> {
        let one_more = |taken: usize| (taken < self.most).then_some(taken + 1);
        self.taken
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, one_more)
            .map(|_| Place(Arc::clone(&self.taken)))
            .map_err(|taken| taken.saturating_sub(self.running))
    }

    /// A place for a run that was taken before, and rested meanwhile.
    pub(super) fn place_again(&self) -> Place {
        self.taken.fetch_add(1, Ordering::AcqRel);
        Place(Arc::clone(&self.taken))
    }

    /// Waits until a run may work.
    pub(super) async fn admit(&self, live: &LiveRun) -> Admitted<'_> {
        let slot = pin!(self.slots.acquire());
        let cancelled = pin!(live.cancellation().cancelled());
        match select(cancelled, slot).await {
            Either::Left(_) => Admitted::End,
            Either::Right((Ok(slot), _)) => Admitted::Work { _slot: slot },
            Either::Right((Err(_closed), _)) => Admitted::Never,
        }
    }

    /// Lets no further run begin to work.
    pub(super) fn close(&self) {
        self.slots.close();
    }
}
