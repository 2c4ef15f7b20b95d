//! Reading workflows and their versions.

use sqlx::{query_scalar, sqlite::SqlitePool};
use workflow_core::{Page, PageRequest, StoreError, WorkflowId, WorkflowRecord};

use crate::{
    json::{record, unavailable},
    page::{AFTER_ALL, cursor, fetched, page_of},
};

const NEWEST: &str = "SELECT record FROM workflow JOIN version ON workflow = id AND version = newest \
     WHERE id = ? AND NOT deleted";
const VERSION: &str = "SELECT record FROM version WHERE workflow = ? AND version = ?";
const NAMED: &str = "SELECT record FROM workflow JOIN version ON workflow = id AND version = newest \
     WHERE name = ? AND NOT deleted ORDER BY id DESC LIMIT 1";
const LISTED: &str = "SELECT record FROM workflow JOIN version ON workflow = id AND version = newest \
     WHERE id < ? AND NOT deleted ORDER BY id DESC LIMIT ?";
const VERSIONS: &str = "SELECT record FROM version \
     WHERE workflow = (SELECT id FROM workflow WHERE id = ? AND NOT deleted) AND version < ? \
     ORDER BY version DESC LIMIT ?";

/// A version, or the newest of a workflow that is not deleted.
pub(crate) async fn find(
    readers: &SqlitePool,
    id: WorkflowId,
    version: Option<u32>,
) -> Result<Option<WorkflowRecord>, StoreError> {
    let found = match version {
        Some(version) => query_scalar(VERSION).bind(id.to_string()).bind(version),
        None => query_scalar(NEWEST).bind(id.to_string()),
    };
    let found: Option<String> = found.fetch_optional(readers).await.map_err(unavailable)?;
    found.as_deref().map(record).transpose()
}

/// The newest workflow of this name.
pub(crate) async fn named(
    readers: &SqlitePool,
    name: &str,
) -> Result<Option<WorkflowRecord>, StoreError> {
    let found = query_scalar(NAMED).bind(name).fetch_optional(readers).await;
    let found: Option<String> = found.map_err(unavailable)?;
    found.as_deref().map(record).transpose()
}

/// A part of the list of workflows.
pub(crate) async fn page(
    readers: &SqlitePool,
    page: &PageRequest,
) -> Result<Page<WorkflowRecord>, StoreError> {
    let before =
        cursor::<WorkflowId>(page)?.map_or_else(|| AFTER_ALL.to_owned(), |id| id.to_string());
    let listed = query_scalar(LISTED)
        .bind(before)
        .bind(fetched(page))
        .fetch_all(readers)
        .await;
    page_of(
        listed.map_err(unavailable)?,
        page,
        |text: String| record(&text),
        |last: &WorkflowRecord| last.id,
    )
}

/// A part of the list of a workflow's versions.
pub(crate) async fn versions(
    readers: &SqlitePool,
    id: WorkflowId,
    page: &PageRequest,
) -> Result<Page<WorkflowRecord>, StoreError> {
    let before = cursor::<u32>(page)?.unwrap_or(u32::MAX);
    let listed = query_scalar(VERSIONS)
        .bind(id.to_string())
        .bind(before)
        .bind(fetched(page))
        .fetch_all(readers)
        .await;
    page_of(
        listed.map_err(unavailable)?,
        page,
        |text: String| record(&text),
        |last: &WorkflowRecord| last.version,
    )
}
