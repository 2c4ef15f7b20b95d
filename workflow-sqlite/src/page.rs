//! Lists in parts: where one begins and where it goes on.

use std::{fmt, str::FromStr};

use workflow_core::{Page, PageRequest, StoreError};

/// Sorts after every id.
pub(crate) const AFTER_ALL: &str = "g";

/// What the page before ended with.
pub(crate) fn cursor<Id: FromStr>(page: &PageRequest) -> Result<Option<Id>, StoreError> {
    let cursor = page.cursor.as_deref().map(str::parse);
    cursor.transpose().map_err(|_| StoreError::BadCursor)
}

/// How many rows are asked for: one more than are wanted tells whether there are more.
pub(crate) fn fetched(page: &PageRequest) -> i64 {
    limit(page.limit.saturating_add(1))
}

/// A number of rows as SQLite counts.
pub(crate) fn limit(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

/// The page that these rows are.
pub(crate) fn page_of<Row, T, Id: fmt::Display>(
    rows: Vec<Row>,
    page: &PageRequest,
    read: impl Fn(Row) -> Result<T, StoreError>,
    id: impl Fn(&T) -> Id,
) -> Result<Page<T>, StoreError> {
    let more = rows.len() > page.limit;
    let items: Vec<T> = rows
        .into_iter()
        .take(page.limit)
        .map(read)
        .collect::<Result<_, _>>()?;
    let next = items
        .last()
        .filter(|_| more)
        .map(|last| id(last).to_string());
    Ok(Page::new(items, next))
}
