//! Reading runs and their logs.

use futures::TryStreamExt;
use sqlx::{QueryBuilder, Sqlite, query_as, query_scalar, sqlite::SqlitePool};
use workflow_core::{
    KeyedRun, Page, RunCounts, RunId, RunKey, RunQuery, RunRecord, RunStatus, StepEvent, StoreError,
};

use crate::{
    encode::row_seq,
    json::{self, RunRow, unavailable},
    left_out::LeftOut,
    page::{AFTER_ALL, cursor, first, limit, page_of},
};

/// How much JSON of events is about the most that is read at once: one event is, however large.
const READ_BYTES: usize = 1024 * 1024;

pub(crate) const RUN: &str = "SELECT id, record, head FROM run WHERE id = ?";
pub(crate) const NUMBER: &str = "SELECT number FROM run WHERE id = ?";
pub(crate) const OF_KEY: &str = "SELECT id, request FROM run WHERE key_scope = ? AND key = ?";
pub(crate) const UNFINISHED: &str =
    "SELECT id, record, head FROM run WHERE id > ? AND ended_at IS NULL ORDER BY id";
pub(crate) const LOG: &str = "SELECT seq, body FROM event \
     WHERE run = (SELECT number FROM run WHERE id = ?) AND seq > ? ORDER BY seq LIMIT ?";

/// The record of a run.
pub(crate) async fn find(
    readers: &SqlitePool,
    run: RunId,
) -> Result<Option<RunRecord>, StoreError> {
    let found: Option<RunRow> = query_as(RUN)
        .bind(run.to_string())
        .fetch_optional(readers)
        .await
        .map_err(unavailable)?;
    let record = found.as_ref().map(json::run).transpose();
    record.map_err(|source| StoreError::DamagedRun { run, source })
}

/// The run that was asked for by a key.
pub(crate) async fn of_key(
    readers: &SqlitePool,
    key: &RunKey,
) -> Result<Option<KeyedRun>, StoreError> {
    let found: Option<(String, String)> = query_as(OF_KEY)
        .bind(&key.scope)
        .bind(&key.key)
        .fetch_optional(readers)
        .await
        .map_err(unavailable)?;
    let Some((id, request)) = found else {
        return Ok(None);
    };
    let record = find(readers, id.parse().map_err(unavailable)?).await?;
    Ok(record.map(|record| KeyedRun::new(record, request)))
}

/// A part of a log.
pub(crate) async fn log(
    readers: &SqlitePool,
    run: RunId,
    after: u64,
    most: usize,
) -> Result<Vec<StepEvent>, StoreError> {
    let events = events(readers, run, after, most).await?;
    if events.is_empty() && !is_there(readers, run).await? {
        return Err(StoreError::NoSuchRun(run));
    }
    Ok(events)
}

/// The next events, up to one that cannot be read: that is told of when it is the first.
async fn events(
    readers: &SqlitePool,
    run: RunId,
    after: u64,
    most: usize,
) -> Result<Vec<StepEvent>, StoreError> {
    let mut rows = query_as(LOG)
        .bind(run.to_string())
        .bind(row_seq(after))
        .bind(limit(most))
        .fetch(readers);
    let mut events: Vec<StepEvent> = Vec::new();
    let mut bytes = 0;
    while bytes < READ_BYTES {
        let row: Option<(u64, Vec<u8>)> = rows.try_next().await.map_err(unavailable)?;
        let Some((found, body)) = row else {
            break;
        };
        bytes += body.len();
        let last = events.last().map_or(after, |last| last.seq);
        match json::event(run, last + 1, found, &body) {
            Ok(event) => events.push(event),
            Err(error) if events.is_empty() => return Err(error),
            Err(_) => break,
        }
    }
    Ok(events)
}

async fn is_there(readers: &SqlitePool, run: RunId) -> Result<bool, StoreError> {
    let number: Option<i64> = query_scalar(NUMBER)
        .bind(run.to_string())
        .fetch_optional(readers)
        .await
        .map_err(unavailable)?;
    Ok(number.is_some())
}

/// The records of runs that have not ended.
pub(crate) async fn unfinished(
    readers: &SqlitePool,
    left_out: &LeftOut,
    after: Option<RunId>,
    most: usize,
) -> Result<Vec<RunRecord>, StoreError> {
    let rows = query_as(UNFINISHED)
        .bind(after.map(|id| id.to_string()).unwrap_or_default())
        .fetch(readers);
    first(rows, most, |row| left_out.run(row)).await
}

/// A part of the list of runs.
pub(crate) async fn page(
    readers: &SqlitePool,
    left_out: &LeftOut,
    query: &RunQuery,
) -> Result<Page<RunRecord>, StoreError> {
    let mut sql = listed(query)?;
    let rows = sql.build_query_as().fetch(readers);
    page_of(rows, &query.page, |row| left_out.run(row), |last| last.id).await
}

/// The question for it. Each part of it has an index, but for the text.
pub(crate) fn listed(query: &RunQuery) -> Result<QueryBuilder<Sqlite>, StoreError> {
    let before = cursor::<RunId>(&query.page)?;
    let mut sql = QueryBuilder::new("SELECT id, record, head FROM run WHERE id < ");
    sql.push_bind(before.map_or_else(|| AFTER_ALL.to_owned(), |id| id.to_string()));
    if let Some(wanted) = query.status {
        sql.push(" AND status = ").push_bind(wanted.as_str());
    }
    push_wanted(&mut sql, query);
    sql.push(" ORDER BY id DESC");
    Ok(sql)
}

/// How many runs there are of each status that this version knows.
pub(crate) async fn count(readers: &SqlitePool, query: &RunQuery) -> Result<RunCounts, StoreError> {
    let rows: Vec<(Vec<u8>, u64)> = counted(query)
        .build_query_as()
        .fetch_all(readers)
        .await
        .map_err(unavailable)?;
    let mut counts = RunCounts::default();
    for (word, runs) in rows {
        let mut known = RunStatus::ALL.into_iter();
        if let Some(status) = known.find(|status| status.as_str().as_bytes() == word) {
            counts.add(status, runs);
        }
    }
    Ok(counts)
}

/// The question for it.
pub(crate) fn counted(query: &RunQuery) -> QueryBuilder<Sqlite> {
    let mut sql = QueryBuilder::new("SELECT status, count(*) FROM run WHERE TRUE");
    push_wanted(&mut sql, query);
    sql.push(" GROUP BY status");
    sql
}

/// Which runs a query wants, whatever their status.
fn push_wanted(sql: &mut QueryBuilder<Sqlite>, query: &RunQuery) {
    if let Some(workflow) = query.workflow_id {
        sql.push(" AND workflow = ").push_bind(workflow.to_string());
    }
    if let Some(text) = &query.text {
        let text = text.to_lowercase();
        sql.push(" AND (instr(id, ").push_bind(text.clone());
        sql.push(") OR instr(name, ").push_bind(text.clone());
        sql.push(") OR instr(excerpt, ").push_bind(text).push("))");
    }
}
