//! Parts of long lists.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Some of a long list, newest first, and where it goes on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "{T}Page")]
#[non_exhaustive]
pub struct Page<T> {
    /// The records.
    pub items: Vec<T>,
    /// What to ask for next; none at the end.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// A page; `next_cursor` is none at the end of the list.
    pub fn new(items: Vec<T>, next_cursor: Option<String>) -> Self {
        Self { items, next_cursor }
    }
}

/// Which part of a list is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PageRequest {
    /// How many at most, 1 to 200; 50 by default.
    pub limit: usize,
    /// Where the page before ended.
    pub cursor: Option<String>,
}

impl PageRequest {
    /// The most records of a page.
    pub const MAX_LIMIT: usize = 200;

    /// A request for a page.
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
