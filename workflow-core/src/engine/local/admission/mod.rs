//! How many runs are taken, and which of them may work.

pub(super) mod budget;

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures::future::{Either, select};
use tokio::sync::{AcquireError, Semaphore, SemaphorePermit};

use self::budget::Budget;
use crate::engine::local::journal::live::LiveRun;

/// How many cancelled runs are read at the same time.
const ENDS: usize = 8;

/// Lets so many runs work, and so many more queue.
pub(super) struct Admission {
    slots: Semaphore,
    /// Cancelled runs that are read to be ended: few at once.
    ends: Semaphore,
    budget: Arc<Budget>,
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
    End { _turn: SemaphorePermit<'a> },
    /// The engine shuts down.
    Never,
}

impl Admission {
    pub(super) fn new(running: usize, queued: usize, memory: usize) -> Self {
        Self {
            slots: Semaphore::new(running.min(Semaphore::MAX_PERMITS)),
            ends: Semaphore::new(ENDS),
            budget: Budget::new(memory),
            taken: Arc::default(),
            running,
            most: running.saturating_add(queued),
        }
    }

    /// How many runs work at once, and how many more may queue.
    pub(super) fn limits(&self) -> (usize, usize) {
        (self.running, self.most - self.running)
    }

    pub(super) fn budget(&self) -> &Arc<Budget> {
        &self.budget
    }

    /// A place for a new run, unless as many are taken as may be.
    pub(super) fn place(&self) -> Option<Place> {
        let one_more = |taken: usize| (taken < self.most).then_some(taken + 1);
        self.taken
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, one_more)
            .ok()
            .map(|_| Place(Arc::clone(&self.taken)))
    }

    /// A place for a run that was taken before, and rested meanwhile.
    pub(super) fn place_again(&self) -> Place {
        self.taken.fetch_add(1, Ordering::AcqRel);
        Place(Arc::clone(&self.taken))
    }

    /// Lets a run work that need not wait for it.
    pub(super) fn admit_at_once(&self) -> Option<Admitted<'_>> {
        let slot = self.slots.try_acquire().ok()?;
        Some(Admitted::Work { _slot: slot })
    }

    /// Waits until a run may work, and there is memory for it.
    pub(super) async fn admit(&self, live: &LiveRun) -> Admitted<'_> {
        let slot = pin!(async {
            let slot = self.slots.acquire().await?;
            self.budget.room().await;
            Ok(slot)
        });
        let cancelled = pin!(live.inbox().cancelled().cancelled());
        let admitted: Result<_, AcquireError> = match select(cancelled, slot).await {
            Either::Left(_) => {
                (self.ends.acquire().await).map(|turn| Admitted::End { _turn: turn })
            }
            Either::Right((slot, _)) => slot.map(|slot| Admitted::Work { _slot: slot }),
        };
        admitted.unwrap_or(Admitted::Never)
    }

    /// Lets no further run begin to work.
    pub(super) fn close(&self) {
        self.slots.close();
        self.ends.close();
    }
}
