//! Pages of lists.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A page of a list, newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "{T}Page")]
#[non_exhaustive]
pub struct Page<T> {
    /// The records.
    pub items: Vec<T>,
    /// The cursor of the next page; `null` on the last page. Opaque, and valid only for the same list.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// A page; `next_cursor` is `None` on the last page.
    pub fn new(items: Vec<T>, next_cursor: Option<String>) -> Self {
        Self { items, next_cursor }
    }
}

/// A request for a page of a list.
///
/// ```
/// use workflow_core::record::PageRequest;
///
/// let first = PageRequest::default();
/// assert_eq!((first.limit, first.cursor), (50, None));
/// assert_eq!(PageRequest::new(1_000, None).limit, PageRequest::MAX_LIMIT);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PageRequest {
    /// The most records of the page: 1 to 200; 50 by default.
    pub limit: usize,
    /// The [`next_cursor`](Page::next_cursor) of the page before; `None` for the first page.
    pub cursor: Option<String>,
}

impl PageRequest {
    /// The most records of a page.
    pub const MAX_LIMIT: usize = 200;

    /// A request for a page. `limit` is clamped to 1 to [`MAX_LIMIT`](Self::MAX_LIMIT).
    pub fn new(limit: usize, cursor: Option<String>) -> Self {
        Self {
            limit: limit.clamp(1, Self::MAX_LIMIT),
            cursor,
        }
    }
}

impl Default for PageRequest {
    fn default() -> Self {
        Self::new(50, None)
    }
}
