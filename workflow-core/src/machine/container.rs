//! What a step holds while it is open: the items of a map, the round of a loop, the call of a workflow.

use std::{collections::BTreeMap, mem::size_of, sync::Arc};

use serde_json::Value;

use super::frame::FrameId;
use crate::{heap::heap_bytes, size};

pub(super) enum Container {
    Map(Items),
    Loop {
        round: usize,
        frame: FrameId,
    },
    Call(FrameId),
    /// A wait is over. With the answer, where it was a person's.
    Answered(Option<Arc<Value>>),
}

/// The items of a map.
pub(super) struct Items {
    /// Those that have not begun yet.
    waiting: std::vec::IntoIter<Value>,
    /// How many there are.
    count: usize,
    /// Those that have begun.
    pub(super) open: BTreeMap<usize, FrameId>,
    /// The results, in order; `null` for those that have none yet.
    results: Vec<Arc<Value>>,
    pub(super) done: usize,
    /// How many bytes the results have as JSON.
    pub(super) bytes: usize,
    /// How much memory the items that have not begun and the results hold.
    pub(super) memory: usize,
}

impl Items {
    pub(super) fn new(items: Vec<Value>) -> Self {
        let count = items.len();
        let memory = items.iter().map(held).sum();
        Self {
            waiting: items.into_iter(),
            count,
            open: BTreeMap::new(),
            results: vec![Arc::default(); count],
            done: 0,
            bytes: 0,
            memory,
        }
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// The next item to begin.
    pub(super) fn next(&mut self) -> Option<(usize, Value)> {
        let index = self.count - self.waiting.len();
        let item = self.waiting.next()?;
        self.memory -= held(&item);
        Some((index, item))
    }

    /// The number of the item that begins next.
    pub(super) fn next_index(&self) -> usize {
        self.count - self.waiting.len()
    }

    pub(super) fn finish(&mut self, item: usize, result: Arc<Value>) -> Option<FrameId> {
        let frame = self.open.remove(&item)?;
        self.bytes += size::bytes(&result);
        self.memory += held(&result);
        self.results[item] = result;
        self.done += 1;
        Some(frame)
    }

    pub(super) fn is_done(&self) -> bool {
        self.done == self.count
    }

    pub(super) fn take_results(&mut self) -> Value {
        let results = std::mem::take(&mut self.results).into_iter();
        Value::Array(results.map(Arc::unwrap_or_clone).collect())
    }
}

/// How much memory a value holds in a list.
fn held(value: &Value) -> usize {
    size_of::<Value>() + heap_bytes(value)
}

impl Container {
    /// The frames in it, in order.
    pub(super) fn frames(&self) -> Vec<FrameId> {
        match self {
            Self::Map(items) => items.open.values().copied().collect(),
            Self::Loop { frame, .. } | Self::Call(frame) => vec![*frame],
            Self::Answered(_) => Vec::new(),
        }
    }
}
