//! Cursors that are bound to one list.
//!
//! The cursor of a store is a position. In another list, or in the same list with other filters, this position
//! is meaningless, and the client would silently miss items. So cursors of the API carry a mark of their list.

use serde::Serialize;
use sha2::{Digest, Sha256};
use workflow_core::record::Page;

use crate::problem::{Kind, Problem};

/// A list and its filters.
pub(crate) struct List {
    /// A prefix of the hash of both. It detects mistakes; it is not a signature.
    mark: String,
}

impl List {
    /// A list with this name and these filters. The limit is no filter: it may differ from page to page.
    /// `filters` must have all of them, or a cursor is accepted by a list with another filter.
    pub(crate) fn new(name: &str, filters: &impl Serialize) -> Self {
        let identity = serde_json::to_vec(&(name, filters)).unwrap_or_default();
        let hash = Sha256::digest(identity);
        // 32 bits: two lists of a client have the same mark by chance in one of 4 billion cases, and a false match
        // is no worse than the cursor of a store without a mark.
        let mark = hash.iter().take(4).map(|byte| format!("{byte:02x}"));
        Self {
            mark: mark.collect(),
        }
    }

    /// Extracts the store's cursor from a cursor of this list.
    ///
    /// The rest is not checked here: a malformed position is refused by the store, also with `bad_cursor`.
    ///
    /// # Errors
    /// 400 `bad_cursor` if the mark is missing or another one.
    pub(crate) fn open(&self, cursor: Option<String>) -> Result<Option<String>, Problem> {
        let Some(cursor) = cursor else {
            return Ok(None);
        };
        let own = cursor
            .split_once('.')
            .filter(|(mark, _)| *mark == self.mark);
        let (_, inner) = own.ok_or_else(|| {
            Kind::BadCursor
                .of("the cursor belongs to another list, or to this list with other filters")
        })?;
        Ok(Some(inner.to_owned()))
    }

    /// Turns the store's cursor of a page into a cursor of this list.
    pub(crate) fn seal<T>(&self, mut page: Page<T>) -> Page<T> {
        let cursor = page.next_cursor.take();
        page.next_cursor = cursor.map(|inner| format!("{}.{inner}", self.mark));
        page
    }
}
