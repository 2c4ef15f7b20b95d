//! Admission: limits how many runs are accepted, and how many of them are executed at the same time.

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

/// How many cancelled runs are loaded at the same time, beyond the slots.
const CANCELLATIONS: usize = 8;

/// A number of slots for executing runs, and a bound for executing and queued runs together.
pub(super) struct Admission {
    slots: Semaphore,
    /// For queued runs that are cancelled. They must be loaded to be ended, but should not wait for a slot.
    cancellations: Semaphore,
    budget: Arc<Budget>,
    /// Number of executing and queued runs. Suspended runs do not count.
    accepted: Arc<AtomicUsize>,
    max_running: usize,
    max_accepted: usize,
}

/// The place of an accepted run. Released when it is dropped.
pub(super) struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// The result of waiting for admission.
pub(super) enum Admitted<'a> {
    /// The run may be executed, as long as it holds its slot.
    Execute { _slot: SemaphorePermit<'a> },
    /// The run was cancelled while it was queued. It only has to append its end, which needs no slot.
    End { _permit: SemaphorePermit<'a> },
    /// The engine is shutting down.
    Closed,
}

impl Admission {
    pub(super) fn new(running: usize, queued: usize, memory: usize) -> Self {
        Self {
            slots: Semaphore::new(running.min(Semaphore::MAX_PERMITS)),
            cancellations: Semaphore::new(CANCELLATIONS),
            budget: Budget::new(memory),
            accepted: Arc::default(),
            max_running: running,
            max_accepted: running.saturating_add(queued),
        }
    }

    /// How many runs are executed at the same time, and how many more may be queued.
    pub(super) fn limits(&self) -> (usize, usize) {
        (self.max_running, self.max_accepted - self.max_running)
    }

    pub(super) fn budget(&self) -> &Arc<Budget> {
        &self.budget
    }

    /// A place for a new run; `None` if the queue is full.
    pub(super) fn place(&self) -> Option<Place> {
        let one_more = |accepted: usize| (accepted < self.max_accepted).then_some(accepted + 1);
        self.accepted
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, one_more)
            .ok()
            .map(|_| Place(Arc::clone(&self.accepted)))
    }

    /// A place for a run that was accepted before and suspended or recovered since. It may exceed the limit: stored runs
    /// are not rejected.
    pub(super) fn place_for_resumed(&self) -> Place {
        self.accepted.fetch_add(1, Ordering::AcqRel);
        Place(Arc::clone(&self.accepted))
    }

    /// Admits a run if a slot is free now.
    pub(super) fn try_admit(&self) -> Option<Admitted<'_>> {
        let slot = self.slots.try_acquire().ok()?;
        Some(Admitted::Execute { _slot: slot })
    }

    /// Waits for a slot and for memory, or until the run is cancelled.
    ///
    /// # Cancellation
    /// The run loses its place in the queue of the semaphore.
    pub(super) async fn admit(&self, live: &LiveRun) -> Admitted<'_> {
        let slot = pin!(async {
            let slot = self.slots.acquire().await?;
            self.budget.available().await;
            Ok(slot)
        });
        let cancelled = pin!(live.inbox().cancelled().cancelled());
        let admitted: Result<_, AcquireError> = match select(cancelled, slot).await {
            Either::Left(_) => {
                let permit = self.cancellations.acquire().await;
                permit.map(|permit| Admitted::End { _permit: permit })
            }
            Either::Right((slot, _)) => slot.map(|slot| Admitted::Execute { _slot: slot }),
        };
        admitted.unwrap_or(Admitted::Closed)
    }

    /// Admits no further runs. Runs that wait get [`Admitted::Closed`].
    pub(super) fn close(&self) {
        self.slots.close();
        self.cancellations.close();
    }
}
