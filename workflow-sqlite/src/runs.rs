//! Reading runs and their logs.

use sqlx::{QueryBuilder, Sqlite, query_as, sqlite::SqlitePool};
use workflow_core::{
    KeyedRun, Page, RunCounts, RunId, RunKey, RunQuery, RunRecord, StepEvent, StoreError,
};

use crate::{
    encode::row_seq,
    json::{self, status, unavailable, word},
    page::{cursor, fetched, limit, page_of},
};

const RUN: &str = "SELECT record, head FROM run WHERE id = ?";
const OF_KEY: &str = "SELECT request, record, head FROM run WHERE key_scope = ? AND key = ?";
const UNFINISHED: &str =
    "SELECT record, head FROM run WHERE id > ? AND ended_at IS NULL ORDER BY id LIMIT ?";
const LOG: &str = "SELECT seq, body FROM event \
     WHERE run = (SELECT number FROM run WHERE id = ?) AND seq > ? ORDER BY seq LIMIT ?";

/// The record of a run.
pub(crate) async fn find(
    readers: &SqlitePool,
    run: RunId,
) -> Result<Option<RunRecord>, StoreError> {
    let found = query_as(RUN)
        .bind(run.to_string())
        .fetch_optional(readers)
        .await;
    found.map_err(unavailable)?.map(json::run).transpose()
}

/// The run that was asked for by a key.
pub(crate) async fn of_key(
    readers: &SqlitePool,
    key: &RunKey,
) -> Result<Option<KeyedRun>, StoreError> {
    let found: Option<(String, String, String)> = query_as(OF_KEY)
        .bind(&key.scope)
        .bind(&key.key)
        .fetch_optional(readers)
        .await
        .map_err(unavailable)?;
    let Some((request, record, head)) = found else {
        return Ok(None);
    };
    Ok(Some(KeyedRun::new(json::run((record, head))?, request)))
}

/// A part of a log.
pub(crate) async fn log(
    readers: &SqlitePool,
    run: RunId,
    after: u64,
    most: usize,
) -> Result<Vec<StepEvent>, StoreError> {
    let rows: Vec<(u64, String)> = query_as(LOG)
        .bind(run.to_string())
        .bind(row_seq(after))
        .bind(limit(most))
        .fetch_all(readers)
        .await
        .map_err(unavailable)?;
    if rows.is_empty() && find(readers, run).await?.is_none() {
        return Err(StoreError::NoSuchRun(run));
    }
    let numbered = rows.into_iter().zip(after.saturating_add(1)..);
    numbered
        .map(|((found, body), seq)| json::event(run, seq, found, &body))
        .collect()
}

/// The records of runs that have not ended.
pub(crate) async fn unfinished(
    readers: &SqlitePool,
    after: Option<RunId>,
    most: usize,
) -> Result<Vec<RunRecord>, StoreError> {
    let rows = query_as(UNFINISHED)
        .bind(after.map(|id| id.to_string()).unwrap_or_default())
        .bind(limit(most))
        .fetch_all(readers)
        .await;
    rows.map_err(unavailable)?
        .into_iter()
        .map(json::run)
        .collect()
}

/// A part of the list of runs.
pub(crate) async fn page(
    readers: &SqlitePool,
    query: &RunQuery,
) -> Result<Page<RunRecord>, StoreError> {
    let mut sql = listed(query)?;
    let rows = sql.build_query_as().fetch_all(readers).await;
    page_of(rows.map_err(unavailable)?, &query.page, json::run, |last| {
        last.id
    })
}

fn listed(query: &RunQuery) -> Result<QueryBuilder<Sqlite>, StoreError> {
    let mut sql = QueryBuilder::new("SELECT record, head FROM run WHERE TRUE");
    wanted(query, &mut sql);
    if let Some(wanted) = query.status {
        sql.push(" AND status = ").push_bind(word(wanted)?);
    }
    if let Some(before) = cursor::<RunId>(&query.page)? {
        sql.push(" AND id < ").push_bind(before.to_string());
    }
    sql.push(" ORDER BY id DESC LIMIT ")
        .push_bind(fetched(&query.page));
    Ok(sql)
}

/// How many runs there are of each status.
pub(crate) async fn count(readers: &SqlitePool, query: &RunQuery) -> Result<RunCounts, StoreError> {
    let rows: Vec<(String, u64)> = counted(query)
        .build_query_as()
        .fetch_all(readers)
        .await
        .map_err(unavailable)?;
    let mut counts = RunCounts::default();
    for (word, runs) in rows {
        counts.add(status(word)?, runs);
    }
    Ok(counts)
}

fn counted(query: &RunQuery) -> QueryBuilder<Sqlite> {
    let mut sql = QueryBuilder::new("SELECT status, count(*) FROM run WHERE TRUE");
    wanted(query, &mut sql);
    sql.push(" GROUP BY status");
    sql
}

/// Which runs a query wants, whatever their status.
fn wanted(query: &RunQuery, sql: &mut QueryBuilder<Sqlite>) {
    if let Some(workflow) = query.workflow_id {
        sql.push(" AND workflow = ").push_bind(workflow.to_string());
    }
    if let Some(text) = &query.text {
        let text = text.to_lowercase();
        for (column, before) in [("id", " AND ("), ("name", " OR "), ("excerpt", " OR ")] {
            sql.push(before).push("instr(").push(column).push(", ");
            sql.push_bind(text.clone()).push(") > 0");
        }
        sql.push(")");
    }
}
