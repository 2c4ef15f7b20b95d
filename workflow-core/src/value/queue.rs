//! A queue that others fill while one task looks at it often.

use std::{
    collections::VecDeque,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use super::lock;

/// A queue that is empty most of the time. Whether it is, is known without the lock: the driver of a run looks in each turn.
///
/// Once it is empty, it holds no memory: a run may wait for long.
#[derive(Debug)]
pub(crate) struct SharedQueue<T> {
    /// Changes under the lock only.
    is_filled: AtomicBool,
    items: Mutex<VecDeque<T>>,
}

impl<T> SharedQueue<T> {
    pub(crate) fn is_empty(&self) -> bool {
        !self.is_filled.load(Ordering::Acquire)
    }

    pub(crate) fn push(&self, item: T) {
        let mut items = lock(&self.items);
        items.push_back(item);
        self.is_filled.store(true, Ordering::Release);
    }

    /// Removes the oldest item.
    pub(crate) fn pop(&self) -> Option<T> {
        if self.is_empty() {
            return None;
        }
        let mut items = lock(&self.items);
        let item = items.pop_front();
        if items.is_empty() {
            *items = VecDeque::new();
            self.is_filled.store(false, Ordering::Release);
        }
        item
    }

    /// Removes all items, the oldest first.
    pub(crate) fn take(&self) -> VecDeque<T> {
        if self.is_empty() {
            return VecDeque::new();
        }
        let mut items = lock(&self.items);
        self.is_filled.store(false, Ordering::Release);
        std::mem::take(&mut *items)
    }
}

impl<T> Default for SharedQueue<T> {
    fn default() -> Self {
        Self {
            is_filled: AtomicBool::new(false),
            items: Mutex::default(),
        }
    }
}
