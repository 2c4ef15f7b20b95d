//! The memory budget of all runs of an engine.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use tokio::sync::Notify;

/// Counts the estimated memory of runs that are being stored or driven, up to a limit.
pub(in crate::engine::local) struct Budget {
    /// In bytes.
    limit: usize,
    held: AtomicUsize,
    /// The number of reservations, those of 0 bytes included.
    holders: AtomicUsize,
    freed: Notify,
}

/// The memory of one run. Released when it is dropped.
pub(in crate::engine::local) struct Reservation {
    budget: Arc<Budget>,
    bytes: usize,
}

impl Budget {
    pub(in crate::engine::local) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self {
            limit,
            held: AtomicUsize::new(0),
            holders: AtomicUsize::new(0),
            freed: Notify::new(),
        })
    }

    pub(in crate::engine::local) fn limit(&self) -> usize {
        self.limit
    }

    /// Reserves memory for a run that is about to be stored; `None` if the limit would be exceeded.
    pub(in crate::engine::local) fn reserve(self: &Arc<Self>, bytes: usize) -> Option<Reservation> {
        let with = |held: usize| held.checked_add(bytes).filter(|held| *held <= self.limit);
        self.held.fetch_update(SeqCst, SeqCst, with).ok()?;
        Some(self.holder(bytes))
    }

    /// An empty reservation, for a run that is about to be loaded.
    pub(in crate::engine::local) fn reserve_nothing(self: &Arc<Self>) -> Reservation {
        self.holder(0)
    }

    fn holder(self: &Arc<Self>, bytes: usize) -> Reservation {
        self.holders.fetch_add(1, SeqCst);
        Reservation {
            budget: Arc::clone(self),
            bytes,
        }
    }

    /// Waits until less than the limit is held.
    pub(in crate::engine::local) async fn available(&self) {
        loop {
            let freed = self.freed.notified();
            if self.held.load(SeqCst) < self.limit {
                return;
            }
            freed.await;
        }
    }

    fn release(&self, bytes: usize) {
        if bytes > 0 {
            self.held.fetch_sub(bytes, SeqCst);
            self.freed.notify_waiters();
        }
    }
}

impl Reservation {
    /// Sets how much the run holds now. It never waits: a run that grows is counted first and judged then.
    ///
    /// # Errors
    /// The limit, if all runs together exceed it and this one holds more than an equal share. Its run has to end. Runs
    /// within their share are spared, so that one large run does not make the others fail.
    pub(in crate::engine::local) fn set(&mut self, bytes: usize) -> Result<(), usize> {
        let budget = &*self.budget;
        if bytes == self.bytes && budget.held.load(SeqCst) <= budget.limit {
            return Ok(());
        }
        match bytes.checked_sub(self.bytes) {
            Some(0) => {}
            Some(more) => _ = budget.held.fetch_add(more, SeqCst),
            None => budget.release(self.bytes - bytes),
        }
        self.bytes = bytes;
        if budget.held.load(SeqCst) <= budget.limit {
            return Ok(());
        }
        let share = budget.limit / budget.holders.load(SeqCst).max(1);
        if bytes > share {
            return Err(budget.limit);
        }
        Ok(())
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.budget.holders.fetch_sub(1, SeqCst);
        self.budget.release(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_run_fails_and_not_the_latest() {
        let budget = Budget::new(100);
        let mut large = budget.reserve(80).unwrap();
        let mut small = budget.reserve_nothing();
        assert!(budget.reserve(21).is_none());
        assert_eq!(
            small.set(30),
            Ok(()),
            "over the limit, but within its share"
        );
        assert_eq!(large.set(81), Err(100));
        drop(large);
        assert_eq!(small.set(60), Ok(()));
        drop(small);
        assert!(budget.reserve(100).is_some());
    }
}
