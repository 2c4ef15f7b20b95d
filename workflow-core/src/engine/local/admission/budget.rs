//! How much memory runs may hold together.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use tokio::sync::Notify;

/// The memory that runs hold which are being stored or driven.
pub(in crate::engine::local) struct Budget {
    most: usize,
    held: AtomicUsize,
    holders: AtomicUsize,
    freed: Notify,
}

/// What one run holds. Given back when it is dropped.
pub(in crate::engine::local) struct Held {
    budget: Arc<Budget>,
    bytes: usize,
}

impl Budget {
    pub(in crate::engine::local) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self {
            most,
            held: AtomicUsize::new(0),
            holders: AtomicUsize::new(0),
            freed: Notify::new(),
        })
    }

    pub(in crate::engine::local) fn most(&self) -> usize {
        self.most
    }

    /// Memory for a run that is about to be stored; none if that were too much.
    pub(in crate::engine::local) fn reserve(self: &Arc<Self>, bytes: usize) -> Option<Held> {
        let with = |held: usize| held.checked_add(bytes).filter(|held| *held <= self.most);
        self.held.fetch_update(SeqCst, SeqCst, with).ok()?;
        Some(self.holder(bytes))
    }

    /// A run that is about to be read, and holds nothing yet.
    pub(in crate::engine::local) fn nothing(self: &Arc<Self>) -> Held {
        self.holder(0)
    }

    fn holder(self: &Arc<Self>, bytes: usize) -> Held {
        self.holders.fetch_add(1, SeqCst);
        Held {
            budget: Arc::clone(self),
            bytes,
        }
    }

    /// Waits until not all of it is held.
    pub(in crate::engine::local) async fn room(&self) {
        loop {
            let freed = self.freed.notified();
            if self.held.load(SeqCst) < self.most {
                return;
            }
            freed.await;
        }
    }

    fn give_back(&self, bytes: usize) {
        if bytes > 0 {
            self.held.fetch_sub(bytes, SeqCst);
            self.freed.notify_waiters();
        }
    }
}

impl Held {
    /// Notes how much the run holds now. Not more than its share may be held when all runs together hold
    /// too much: else one run would make the others fail.
    pub(in crate::engine::local) fn set(&mut self, bytes: usize) -> Result<(), usize> {
        let budget = &*self.budget;
        if bytes == self.bytes && budget.held.load(SeqCst) <= budget.most {
            return Ok(());
        }
        match bytes.checked_sub(self.bytes) {
            Some(0) => {}
            Some(more) => _ = budget.held.fetch_add(more, SeqCst),
            None => budget.give_back(self.bytes - bytes),
        }
        self.bytes = bytes;
        if budget.held.load(SeqCst) <= budget.most {
            return Ok(());
        }
        let share = budget.most / budget.holders.load(SeqCst).max(1);
        if bytes > share {
            return Err(budget.most);
        }
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.budget.holders.fetch_sub(1, SeqCst);
        self.budget.give_back(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_gives_way_and_not_whoever_comes_last() {
        let budget = Budget::new(100);
        let mut large = budget.reserve(80).unwrap();
        let mut small = budget.nothing();
        assert!(budget.reserve(21).is_none());
        assert_eq!(small.set(30), Ok(()), "more than there is, but its share");
        assert_eq!(large.set(81), Err(100));
        drop(large);
        assert_eq!(small.set(60), Ok(()));
        drop(small);
        assert!(budget.reserve(100).is_some());
    }
}
