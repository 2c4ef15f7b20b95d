//! Statements that read workflows and their versions.

use sqlx::{query_as, query_scalar, sqlite::SqlitePool};
use workflow_core::{
    WorkflowId,
    record::{Page, PageRequest, WorkflowRecord},
    store::StoreError,
};
use workflow_sqlkit::{AFTER_ALL, UnreadableRows, VersionRow, cursor, limit, page_of, unavailable};

use crate::error::is_damage;

pub(crate) const NEWEST: &str = "SELECT workflow, version, record, version.checksum, name, newest, deleted, workflow.checksum \
     FROM workflow JOIN version ON workflow = id AND version = newest \
     WHERE id = ? AND NOT deleted";
pub(crate) const VERSION: &str =
    "SELECT workflow, version, record, checksum FROM version WHERE workflow = ? AND version = ?";
pub(crate) const NAMED: &str =
    "SELECT id FROM workflow WHERE name = ? AND NOT deleted ORDER BY id DESC LIMIT ?";
pub(crate) const NAMES: &str =
    "SELECT DISTINCT name FROM workflow WHERE name >= '' AND NOT deleted LIMIT ?";
pub(crate) const LISTED: &str = "SELECT workflow, version, record, version.checksum, name, newest, deleted, workflow.checksum \
     FROM workflow JOIN version ON workflow = id AND version = newest \
     WHERE id < ? AND NOT deleted ORDER BY id DESC";
pub(crate) const VERSIONS: &str = "SELECT workflow, version, record, checksum FROM version \
     WHERE workflow = (SELECT id FROM workflow WHERE id = ? AND NOT deleted) AND version < ? \
     ORDER BY version DESC";

/// A version of a workflow, or the newest one if none is named. A named version of a deleted workflow still
/// exists, because its runs need it.
pub(crate) async fn find(
    readers: &SqlitePool,
    id: WorkflowId,
    version: Option<u32>,
) -> Result<Option<WorkflowRecord>, StoreError> {
    let found = match version {
        Some(version) => query_as(VERSION).bind(id.to_string()).bind(version),
        None => query_as(NEWEST).bind(id.to_string()),
    };
    let damaged = |source| StoreError::DamagedWorkflow {
        workflow: id,
        source,
    };
    let found: Option<VersionRow> = match found.fetch_optional(readers).await {
        Err(error) if is_damage(&error) => return Err(damaged(error.into())),
        found => found.map_err(unavailable)?,
    };
    let record = found.as_ref().map(VersionRow::record).transpose();
    record.map_err(damaged)
}

/// The workflows with this name, newest first.
pub(crate) async fn named(
    readers: &SqlitePool,
    name: &str,
    most: usize,
) -> Result<Vec<WorkflowId>, StoreError> {
    let found = query_scalar(NAMED).bind(name).bind(limit(most));
    let ids: Vec<String> = found.fetch_all(readers).await.map_err(unavailable)?;
    Ok(ids.iter().filter_map(|id| id.parse().ok()).collect())
}

/// The names of workflows, for suggestions.
pub(crate) async fn names(readers: &SqlitePool, most: usize) -> Result<Vec<String>, StoreError> {
    let found = query_scalar(NAMES).bind(limit(most));
    found.fetch_all(readers).await.map_err(unavailable)
}

/// A page of the list of workflows.
pub(crate) async fn page(
    readers: &SqlitePool,
    unreadable: &UnreadableRows,
    page: &PageRequest,
) -> Result<Page<WorkflowRecord>, StoreError> {
    let before =
        cursor::<WorkflowId>(page)?.map_or_else(|| AFTER_ALL.to_owned(), |id| id.to_string());
    let rows = query_as(LISTED).bind(before).fetch(readers);
    page_of(rows, page, |row| unreadable.version(row), |last| last.id).await
}

/// A page of the versions of a workflow, newest first.
pub(crate) async fn versions(
    readers: &SqlitePool,
    unreadable: &UnreadableRows,
    id: WorkflowId,
    page: &PageRequest,
) -> Result<Page<WorkflowRecord>, StoreError> {
    let before = cursor::<u32>(page)?.unwrap_or(u32::MAX);
    let rows = query_as(VERSIONS)
        .bind(id.to_string())
        .bind(before)
        .fetch(readers);
    page_of(
        rows,
        page,
        |row| unreadable.version(row),
        |last| last.version,
    )
    .await
}
