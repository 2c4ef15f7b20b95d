//! Statements that read runs and their logs.

use futures::TryStreamExt;
use sqlx::{
    QueryBuilder, Sqlite, query, query_as,
    sqlite::{SqlitePool, SqliteRow},
};
use workflow_core::{
    RunId, RunRecord, StepEvent,
    record::{KeyedRun, Page, RunCounts, RunKey, RunQuery},
    store::StoreError,
};
use workflow_sqlkit::{
    Cause, EventRow, RunRow, UnreadableRows, before, first, limit, number, page_of, row_seq,
    search::{Wanted, count as count_matching, search as search_runs, searched},
    unavailable,
};

use crate::{
    block::IndexSignal,
    error::is_damage,
    search::{self, TextSearch},
};

/// About the most bytes of events in one read. At least one event is read, whatever its size.
const READ_BYTES: usize = 1024 * 1024;

pub(crate) const RUN: &str = concat!(
    "SELECT ",
    workflow_sqlkit::run_columns!(),
    " FROM run WHERE id = ?"
);
pub(crate) const BY_KEY: &str = concat!(
    "SELECT ",
    workflow_sqlkit::run_columns!(),
    " FROM run WHERE key_scope = ? AND key = ?"
);
pub(crate) const UNFINISHED: &str = concat!(
    "SELECT ",
    workflow_sqlkit::run_columns!(),
    " FROM run WHERE id > ? AND ended_at IS NULL ORDER BY id"
);
const LISTED: &str = concat!(
    "SELECT ",
    workflow_sqlkit::run_columns!(),
    " FROM run WHERE id < "
);
/// An outer join, so that an existing run without further events has one row, and a missing run none.
pub(crate) const LOG: &str = "SELECT last_seq, seq, body, event.checksum \
     FROM run LEFT JOIN event ON event.run = run.number AND seq > ?2 \
     WHERE id = ?1 ORDER BY seq LIMIT ?3";

/// The record of a run; `None` if it does not exist.
///
/// # Errors
/// [`StoreError::DamagedRun`] if the row is damaged.
pub(crate) async fn find(
    readers: &SqlitePool,
    run: RunId,
) -> Result<Option<RunRecord>, StoreError> {
    let found = query_as(RUN).bind(run.to_string());
    let damaged = |source| StoreError::DamagedRun { run, source };
    let found: Option<RunRow> = match found.fetch_optional(readers).await {
        Err(error) if is_damage(&error) => return Err(damaged(error.into())),
        found => found.map_err(unavailable)?,
    };
    let record = found.as_ref().map(RunRow::record).transpose();
    record.map_err(damaged)
}

/// The run with this idempotency key.
pub(crate) async fn by_key(
    readers: &SqlitePool,
    key: &RunKey,
) -> Result<Option<KeyedRun>, StoreError> {
    let found: Option<RunRow> = query_as(BY_KEY)
        .bind(&key.scope)
        .bind(&key.key)
        .fetch_optional(readers)
        .await
        .map_err(unavailable)?;
    let Some(row) = found else {
        return Ok(None);
    };
    let id = String::from_utf8_lossy(&row.id);
    let run = id.parse().map_err(unavailable)?;
    let record = row.record();
    let record = record.map_err(|source| StoreError::DamagedRun { run, source })?;
    let request = String::from_utf8(row.request.unwrap_or_default()).map_err(unavailable)?;
    Ok(Some(KeyedRun::new(record, request)))
}

/// The events of a run after number `after`, in order and without gaps. Ends before a damaged event; if
/// that is the first one, it is the error.
pub(crate) async fn log(
    readers: &SqlitePool,
    run: RunId,
    after: u64,
    most: usize,
) -> Result<Vec<StepEvent>, StoreError> {
    let mut rows = query(LOG)
        .bind(run.to_string())
        .bind(row_seq(after))
        // At least one row, to find out whether the run exists.
        .bind(limit(most.max(1)))
        .fetch(readers);
    let mut events: Vec<StepEvent> = Vec::new();
    let mut bytes = 0;
    loop {
        let next = events
            .last()
            .map_or(after, |last| last.seq)
            .saturating_add(1);
        let row = rows.try_next().await;
        if most == 0 && matches!(row, Ok(Some(_))) {
            return Ok(events);
        }
        match event_of(row, run, next, events.is_empty()) {
            Ok(Some((size, event))) => {
                bytes += size;
                events.push(event);
            }
            Ok(None) => return Ok(events),
            Err(StoreError::Damaged { .. }) if !events.is_empty() => return Ok(events),
            Err(error) => return Err(error),
        }
        if bytes >= READ_BYTES || events.len() >= most {
            return Ok(events);
        }
    }
}

/// The event of the next row and its size. `None` at the end of the log, which the record of the run
/// knows: a row that is missing before it is damage. The log may be longer if events were appended
/// meanwhile.
fn event_of(
    row: sqlx::Result<Option<SqliteRow>>,
    run: RunId,
    seq: u64,
    is_first: bool,
) -> Result<Option<(usize, StepEvent)>, StoreError> {
    let row = row.map_err(|error| {
        if is_damage(&error) {
            damaged(run, seq, error)
        } else {
            unavailable(error)
        }
    })?;
    let Some(row) = row else {
        return if is_first {
            Err(StoreError::NoSuchRun(run))
        } else {
            Ok(None)
        };
    };
    let ends_at = number(&row, 0).map_err(unavailable)?;
    match EventRow::at(&row, 1).map_err(unavailable)? {
        None if ends_at < row_seq(seq) => Ok(None),
        Some(found) if found.seq == row_seq(seq) => {
            let event = found.event(run, seq)?;
            Ok(Some((found.body.len(), event)))
        }
        _ => Err(damaged(run, seq, "it is missing")),
    }
}

fn damaged(run: RunId, seq: u64, source: impl Into<Cause>) -> StoreError {
    let source = source.into();
    StoreError::Damaged { run, seq, source }
}

/// The records of unfinished runs, by id, after the run `after`. Used for recovery.
pub(crate) async fn unfinished(
    readers: &SqlitePool,
    unreadable: &UnreadableRows,
    after: Option<RunId>,
    most: usize,
) -> Result<Vec<RunRecord>, StoreError> {
    let rows = query_as(UNFINISHED)
        .bind(after.map(|id| id.to_string()).unwrap_or_default())
        .fetch(readers);
    first(rows, most, |row| unreadable.run(row)).await
}

/// A page of the list of runs.
pub(crate) async fn page(
    readers: &SqlitePool,
    unreadable: &UnreadableRows,
    index: &IndexSignal,
    query: &RunQuery,
) -> Result<Page<RunRecord>, StoreError> {
    if let Some(text) = searched(query) {
        let wanted = Wanted::of(query, &text);
        let reader = TextSearch::new(readers, query, &text, index)?;
        return search_runs(&reader, &wanted, query, unreadable).await;
    }
    let mut sql = list_query(query)?;
    let rows = sql.build_query_as().fetch(readers);
    page_of(rows, &query.page, |row| unreadable.run(row), |last| last.id).await
}

/// The statement of a page without a text. Every filter has an index; see the tests in `plans`.
pub(crate) fn list_query(query: &RunQuery) -> Result<QueryBuilder<Sqlite>, StoreError> {
    let mut sql = QueryBuilder::new(LISTED);
    sql.push_bind(before(&query.page)?);
    if let Some(wanted) = query.status {
        sql.push(" AND status = ").push_bind(wanted.as_str());
    }
    push_workflow(&mut sql, query);
    sql.push(" ORDER BY id DESC");
    Ok(sql)
}

/// The number of runs by status. Statuses that this version does not know are omitted.
pub(crate) async fn count(
    readers: &SqlitePool,
    index: &IndexSignal,
    query: &RunQuery,
) -> Result<RunCounts, StoreError> {
    let Some(text) = searched(query) else {
        return search::counts(readers, count_query(query)).await;
    };
    // Neither the status nor the page counts.
    let mut of_all = RunQuery::default();
    of_all.workflow_id = query.workflow_id;
    let reader = TextSearch::new(readers, &of_all, &text, index)?;
    count_matching(&reader, &Wanted::of(&of_all, &text)).await
}

/// The statement of a count without a text.
pub(crate) fn count_query(query: &RunQuery) -> QueryBuilder<Sqlite> {
    let mut sql = QueryBuilder::new("SELECT status, sum(runs) FROM run_count WHERE TRUE");
    push_workflow(&mut sql, query);
    sql.push(" GROUP BY status");
    sql
}

fn push_workflow(sql: &mut QueryBuilder<Sqlite>, query: &RunQuery) {
    if let Some(workflow) = query.workflow_id {
        sql.push(" AND workflow = ").push_bind(workflow.to_string());
    }
}
