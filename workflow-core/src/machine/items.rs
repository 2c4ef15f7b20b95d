//! The state of a map: its items and their results.

use std::{cell::OnceCell, mem::size_of, sync::Arc};

use serde_json::Value;

use crate::value::{heap_bytes, size};

/// The progress of a map.
pub(super) enum MapState {
    /// The log does not contain the number of items yet. The items are evaluated once, by the decision or by the transition,
    /// whichever comes first.
    Begun(OnceCell<Vec<Value>>),
    Items(Items),
}

/// The items of a map.
///
/// Items are taken from an iterator, so that the memory of an item that has begun is not held here and in its
/// frame.
pub(super) struct Items {
    /// Items that have not begun.
    waiting: std::vec::IntoIter<Value>,
    pub(super) count: usize,
    /// The results by item; `null` for items without one.
    results: Vec<Arc<Value>>,
    pub(super) done: usize,
    /// The length of all results as JSON, in bytes.
    pub(super) bytes: usize,
    /// The memory of the waiting items and the results, in bytes.
    pub(super) memory: usize,
    /// The list of all results, once every item is done.
    pub(super) output: Option<Arc<Value>>,
}

impl MapState {
    pub(super) fn memory(&self) -> usize {
        match self {
            Self::Begun(_) => 0,
            Self::Items(items) => items.memory,
        }
    }
}

impl Items {
    pub(super) fn new(items: Vec<Value>) -> Self {
        let count = items.len();
        Self {
            memory: items.iter().map(memory_in_list).sum(),
            waiting: items.into_iter(),
            count,
            results: vec![Arc::default(); count],
            done: 0,
            bytes: 0,
            output: None,
        }
    }

    /// The index of the item that begins next.
    #[inline]
    pub(super) fn next_index(&self) -> usize {
        self.count - self.waiting.len()
    }

    /// Takes the next item.
    pub(super) fn next(&mut self) -> Option<Value> {
        let item = self.waiting.next()?;
        self.memory -= memory_in_list(&item);
        Some(item)
    }

    /// Sets the result of an item.
    pub(super) fn finish(&mut self, item: usize, result: Arc<Value>) {
        self.bytes += size::bytes(&result);
        self.memory += memory_in_list(&result);
        self.results[item] = result;
        self.done += 1;
    }

    /// Builds the list of results if every item is done.
    ///
    /// The results are moved into the list if nothing else holds them; a copy would double the memory of a large
    /// map.
    #[inline]
    pub(super) fn collect_if_done(&mut self) {
        if self.done == self.count {
            let results = std::mem::take(&mut self.results).into_iter();
            let results = results.map(Arc::unwrap_or_clone).collect();
            self.output = Some(Arc::new(Value::Array(results)));
        }
    }
}

/// The memory of a value in a list, in bytes.
fn memory_in_list(value: &Value) -> usize {
    size_of::<Value>() + heap_bytes(value)
}
