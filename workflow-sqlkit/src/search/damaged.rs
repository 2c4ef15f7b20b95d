//! Blocks that searches could not read.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use super::BlockHead;

/// The blocks that searches could not read, to be built again. Each is logged once.
#[derive(Debug, Default)]
pub struct DamagedBlocks {
    /// By number, and whether it was logged.
    found: Mutex<HashMap<i64, bool>>,
}

impl DamagedBlocks {
    /// Records a block. Returns whether it was not known.
    pub fn add(&self, block: i64) -> bool {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let before = found.len();
        found.entry(block).or_insert(false);
        found.len() > before
    }

    /// Marks these blocks as stale, so that they are replaced. Forgets those that were: a search that began before could not
    /// read them either.
    pub fn mark(&self, heads: &mut [BlockHead]) {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let mut left = HashMap::new();
        for head in heads {
            let Some(is_logged) = found.get(&head.block) else {
                continue;
            };
            if !is_logged {
                let (first, last) = head.range;
                tracing::error!(
                    first,
                    last,
                    "the search index of these runs is damaged: it is built again, and until then they are searched one by one"
                );
            }
            head.is_stale = true;
            left.insert(head.block, true);
        }
        *found = left;
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.is_empty()
    }
}
