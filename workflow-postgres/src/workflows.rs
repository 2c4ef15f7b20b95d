//! Reading workflows and their versions.

use sqlx::{postgres::PgPool, query_as, query_scalar};
use workflow_core::{
    WorkflowId,
    record::{Page, PageRequest, WorkflowRecord},
    store::StoreError,
};
use workflow_sqlkit::{AFTER_ALL, UnreadableRows, VersionRow, cursor, limit, page_of};

use crate::{error::failed, page::batches};

macro_rules! newest {
    ($rest:literal) => {
        concat!(
            "SELECT workflow, version, record, version.checksum, \
             name, newest, deleted::int::bigint, workflow.checksum \
             FROM workflow_runner.workflow \
             JOIN workflow_runner.version ON version.workflow = workflow.id AND version = newest WHERE ",
            $rest
        )
    };
}

pub(crate) const NEWEST: &str = newest!("id = $1 AND NOT deleted");
pub(crate) const LISTED: &str = newest!("id < $1 AND NOT deleted ORDER BY id DESC LIMIT $2");
pub(crate) const VERSION: &str = "SELECT workflow, version, record, checksum \
     FROM workflow_runner.version WHERE workflow = $1 AND version = $2";
pub(crate) const VERSIONS: &str = "SELECT workflow, version, record, checksum \
     FROM workflow_runner.version \
     WHERE workflow = (SELECT id FROM workflow_runner.workflow WHERE id = $1 AND NOT deleted) \
     AND version < $2 ORDER BY version DESC LIMIT $3";
pub(crate) const NAMED: &str = "SELECT id FROM workflow_runner.workflow \
     WHERE name = $1 AND NOT deleted ORDER BY id DESC LIMIT $2";
/// Each name is one look-up in the index, however many workflows have it.
pub(crate) const NAMES: &str = "WITH RECURSIVE names AS ( \
         (SELECT name FROM workflow_runner.workflow \
          WHERE NOT deleted AND name IS NOT NULL ORDER BY name LIMIT 1) \
         UNION ALL \
         SELECT (SELECT next.name FROM workflow_runner.workflow AS next \
                 WHERE NOT next.deleted AND next.name > names.name ORDER BY next.name LIMIT 1) \
         FROM names WHERE names.name IS NOT NULL \
     ) SELECT name FROM names WHERE name IS NOT NULL LIMIT $1";

/// A version, or the newest of a workflow that is not deleted.
pub(crate) async fn find(
    pool: &PgPool,
    id: WorkflowId,
    version: Option<u32>,
) -> Result<Option<WorkflowRecord>, StoreError> {
    let statement = match version {
        Some(version) => query_as(VERSION)
            .bind(id.to_string())
            .bind(i64::from(version)),
        None => query_as(NEWEST).bind(id.to_string()),
    };
    let found: Option<VersionRow> = statement.fetch_optional(pool).await.map_err(failed)?;
    let record = found.as_ref().map(VersionRow::record).transpose();
    record.map_err(|source| StoreError::DamagedWorkflow {
        workflow: id,
        source,
    })
}

/// The workflows of this name, newest first.
pub(crate) async fn named(
    pool: &PgPool,
    name: &str,
    most: usize,
) -> Result<Vec<WorkflowId>, StoreError> {
    let found = query_scalar(NAMED).bind(name.as_bytes()).bind(limit(most));
    let ids: Vec<String> = found.fetch_all(pool).await.map_err(failed)?;
    Ok(ids.iter().filter_map(|id| id.parse().ok()).collect())
}

/// Names that workflows have.
pub(crate) async fn names(pool: &PgPool, most: usize) -> Result<Vec<String>, StoreError> {
    let found = query_scalar(NAMES).bind(limit(most));
    let names: Vec<Vec<u8>> = found.fetch_all(pool).await.map_err(failed)?;
    let names = names.into_iter();
    Ok(names
        .filter_map(|name| String::from_utf8(name).ok())
        .collect())
}

/// A page of the list of workflows.
pub(crate) async fn page(
    pool: &PgPool,
    unreadable: &UnreadableRows,
    page: &PageRequest,
) -> Result<Page<WorkflowRecord>, StoreError> {
    let before = cursor::<WorkflowId>(page)?;
    let before = before.map_or_else(|| AFTER_ALL.to_owned(), |id| id.to_string());
    let rows = batches(
        before,
        page.limit.saturating_add(1),
        |before, size| query_as(LISTED).bind(before).bind(size).fetch_all(pool),
        |row: &VersionRow| String::from_utf8_lossy(&row.workflow).into_owned(),
    );
    page_of(rows, page, |row| unreadable.version(row), |last| last.id).await
}

/// A page of the list of a workflow's versions.
pub(crate) async fn versions(
    pool: &PgPool,
    unreadable: &UnreadableRows,
    id: WorkflowId,
    page: &PageRequest,
) -> Result<Page<WorkflowRecord>, StoreError> {
    let before = cursor::<u32>(page)?.map_or(i64::MAX, i64::from);
    let id = &id.to_string();
    let rows = batches(
        before,
        page.limit.saturating_add(1),
        |before, size| {
            let listed = query_as(VERSIONS).bind(id.clone()).bind(before);
            listed.bind(size).fetch_all(pool)
        },
        |row: &VersionRow| row.version,
    );
    page_of(
        rows,
        page,
        |row| unreadable.version(row),
        |last| last.version,
    )
    .await
}
