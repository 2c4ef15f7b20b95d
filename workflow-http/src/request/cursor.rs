//! Cursors that belong to one list: a cursor of another list, or of the same list with other filters, would
//! begin at a place that means nothing there.

use serde::Serialize;
use sha2::{Digest, Sha256};
use workflow_core::record::Page;

use crate::problem::{Kind, Problem};

/// A list and its filters.
pub(crate) struct List {
    /// The beginning of a hash of both. Every cursor of the list begins with it.
    mark: String,
}

impl List {
    pub(crate) fn new(name: &str, filters: &impl Serialize) -> Self {
        let identity = serde_json::to_vec(&(name, filters)).unwrap_or_default();
        let hash = Sha256::digest(identity);
        let mark = hash.iter().take(4).map(|byte| format!("{byte:02x}"));
        Self {
            mark: mark.collect(),
        }
    }

    /// The store's cursor within a cursor of this list.
    pub(crate) fn open(&self, cursor: Option<String>) -> Result<Option<String>, Problem> {
        let Some(cursor) = cursor else {
            return Ok(None);
        };
        let own = cursor
            .split_once('.')
            .filter(|(mark, _)| *mark == self.mark);
        let (_, inner) = own.ok_or_else(|| {
            Kind::BadCursor.of("the cursor is of another list, or of this one with other filters")
        })?;
        Ok(Some(inner.to_owned()))
    }

    /// Makes the store's cursor one of this list.
    pub(crate) fn seal<T>(&self, mut page: Page<T>) -> Page<T> {
        let cursor = page.next_cursor.take();
        page.next_cursor = cursor.map(|inner| format!("{}.{inner}", self.mark));
        page
    }
}
