//! Lists in parts: where one begins and where it goes on.

use std::{fmt, future::ready, str::FromStr};

use futures::{Stream, StreamExt, TryStreamExt};
use workflow_core::{Page, PageRequest, StoreError};

use crate::json::unavailable;

/// Sorts after every id.
pub(crate) const AFTER_ALL: &str = "g";

/// What the page before ended with.
pub(crate) fn cursor<Id: FromStr>(page: &PageRequest) -> Result<Option<Id>, StoreError> {
    let cursor = page.cursor.as_deref().map(str::parse);
    cursor.transpose().map_err(|_| StoreError::BadCursor)
}

/// A number of rows as SQLite counts.
pub(crate) fn limit(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

/// The first records of a list, without those that cannot be read. No row is read once there are enough.
pub(crate) async fn first<Row, T>(
    rows: impl Stream<Item = sqlx::Result<Row>>,
    most: usize,
    read: impl Fn(&Row) -> Option<T>,
) -> Result<Vec<T>, StoreError> {
    rows.try_filter_map(|row| ready(Ok(read(&row))))
        .take(most)
        .try_collect()
        .await
        .map_err(unavailable)
}

/// The page that begins with these rows.
pub(crate) async fn page_of<Row, T, Id: fmt::Display>(
    rows: impl Stream<Item = sqlx::Result<Row>>,
    page: &PageRequest,
    read: impl Fn(&Row) -> Option<T>,
    id: impl Fn(&T) -> Id,
) -> Result<Page<T>, StoreError> {
    // One more than is wanted tells whether there are more.
    let mut items = first(rows, page.limit.saturating_add(1), read).await?;
    let more = items.len() > page.limit;
    items.truncate(page.limit);
    let last = items.last().filter(|_| more);
    let next = last.map(|last| id(last).to_string());
    Ok(Page::new(items, next))
}
