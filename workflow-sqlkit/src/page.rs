//! Pages of a list.

use std::{fmt, future::ready, str::FromStr};

use futures::{Stream, StreamExt, TryStreamExt};
use workflow_core::{
    RunId,
    record::{Page, PageRequest},
    store::StoreError,
};

use crate::json::unavailable;

/// Sorts after every id: ids are hexadecimal.
pub const AFTER_ALL: &str = "g";

/// What the previous page ended with.
///
/// # Errors
/// [`StoreError::BadCursor`] if the cursor does not belong to a list of such ids.
pub fn cursor<Id: FromStr>(page: &PageRequest) -> Result<Option<Id>, StoreError> {
    let cursor = page.cursor.as_deref().map(str::parse);
    cursor.transpose().map_err(|_| StoreError::BadCursor)
}

/// The id before which a page of runs begins, newest first.
///
/// # Errors
/// As [`cursor`].
pub fn before(page: &PageRequest) -> Result<String, StoreError> {
    let before = cursor::<RunId>(page)?;
    Ok(before.map_or_else(|| AFTER_ALL.to_owned(), |id| id.to_string()))
}

/// A number of rows as SQL integers count.
pub fn limit(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

/// The first records of a list, without those that cannot be read. No row is read once there are enough.
///
/// # Errors
/// [`StoreError::Unavailable`] if the rows cannot be read.
pub async fn first<Row, T>(
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
///
/// # Errors
/// As [`first`].
pub async fn page_of<Row, T, Id: fmt::Display>(
    rows: impl Stream<Item = sqlx::Result<Row>>,
    page: &PageRequest,
    read: impl Fn(&Row) -> Option<T>,
    id: impl Fn(&T) -> Id,
) -> Result<Page<T>, StoreError> {
    // One more row than the page has shows whether there are more.
    let mut items = first(rows, page.limit.saturating_add(1), read).await?;
    let more = items.len() > page.limit;
    items.truncate(page.limit);
    let last = items.last().filter(|_| more);
    let next = last.map(|last| id(last).to_string());
    Ok(Page::new(items, next))
}
