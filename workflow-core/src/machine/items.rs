//! The items of a map.

use std::{cell::OnceCell, mem::size_of, sync::Arc};

use serde_json::Value;

use crate::value::{heap_bytes, size};

/// How far a map is.
pub(super) enum MapState {
    /// The log does not say yet how many items there are. They are evaluated once, by the decision or by the
    /// transition.
    Begun(OnceCell<Vec<Value>>),
    Items(Items),
}

/// The items of a map.
pub(super) struct Items {
    /// Those that have not begun yet.
    waiting: std::vec::IntoIter<Value>,
    pub(super) count: usize,
    /// The results, in order; `null` for those that have none yet.
    results: Vec<Arc<Value>>,
    pub(super) done: usize,
    /// How many bytes the results have as JSON.
    pub(super) bytes: usize,
    /// How much memory the items that have not begun and the results hold.
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
            memory: items.iter().map(held).sum(),
            waiting: items.into_iter(),
            count,
            results: vec![Arc::default(); count],
            done: 0,
            bytes: 0,
            output: None,
        }
    }

    /// The item that begins next.
    #[inline]
    pub(super) fn next_index(&self) -> usize {
        self.count - self.waiting.len()
    }

    /// Takes out the next item.
    pub(super) fn next(&mut self) -> Option<Value> {
        let item = self.waiting.next()?;
        self.memory -= held(&item);
        Some(item)
    }

    /// Adds the result of an item.
    pub(super) fn finish(&mut self, item: usize, result: Arc<Value>) {
        self.bytes += size::bytes(&result);
        self.memory += held(&result);
        self.results[item] = result;
        self.done += 1;
    }

    /// Makes the list of all results, if every item is done.
    #[inline]
    pub(super) fn collect_if_done(&mut self) {
        if self.done == self.count {
            let results = std::mem::take(&mut self.results).into_iter();
            let results = results.map(Arc::unwrap_or_clone).collect();
            self.output = Some(Arc::new(Value::Array(results)));
        }
    }
}

/// How much memory a value holds in a list.
fn held(value: &Value) -> usize {
    size_of::<Value>() + heap_bytes(value)
}
