//! Reading runs and their logs.

use sqlx::{
    Postgres, QueryBuilder, Row,
    postgres::{PgPool, PgRow},
    query, query_as,
};
use workflow_core::{
    RunId, RunRecord, StepEvent,
    record::{KeyedRun, Page, RunCounts, RunKey, RunQuery},
    store::StoreError,
};
use workflow_sqlkit::{
    Cause, EventRow, RunRow, UnreadableRows, before, first, limit, page_of, row_seq, run_columns,
    search::{Wanted, count as count_matching, search as search_runs, searched},
    unavailable,
};

use crate::{
    error::failed,
    page::batches,
    search::{self, TextSearch},
    signals::Signals,
};

/// The most JSON of events that is read at once, but for one event, which may be larger.
const READ_BYTES: i64 = 1024 * 1024;

macro_rules! runs {
    ($rest:literal) => {
        concat!(
            "SELECT ",
            run_columns!(),
            " FROM workflow_runner.run WHERE ",
            $rest
        )
    };
}

pub(crate) const RUN: &str = runs!("id = $1");
pub(crate) const OF_KEY: &str = runs!("key_scope = $1 AND key = $2");
pub(crate) const UNFINISHED: &str = runs!("id > $1 AND ended_at IS NULL ORDER BY id LIMIT $2");
const LISTED: &str = runs!("id < ");
/// The row of a run without further events has none in it: there is a row whenever there is such a run. The sizes
/// are known without reading the bodies, so that Postgres reads and sends no more of them than fit.
pub(crate) const LOG: &str = "SELECT last_seq, seq, body, next.checksum FROM workflow_runner.run \
     LEFT JOIN LATERAL ( \
         SELECT seq, body, checksum FROM ( \
             SELECT seq, body, checksum, \
                 sum(octet_length(body)) OVER (ORDER BY seq) - octet_length(body) AS before \
             FROM (SELECT seq, body, checksum FROM workflow_runner.event \
                   WHERE event.run = run.number AND seq > $2 ORDER BY seq LIMIT $3) AS few \
         ) AS sized WHERE before < $4 \
     ) AS next ON true WHERE id = $1 ORDER BY seq";

/// The record of a run.
pub(crate) async fn find(pool: &PgPool, run: RunId) -> Result<Option<RunRecord>, StoreError> {
    let found = query_as(RUN).bind(run.to_string());
    let found: Option<RunRow> = found.fetch_optional(pool).await.map_err(failed)?;
    let record = found.as_ref().map(RunRow::record).transpose();
    record.map_err(|source| StoreError::DamagedRun { run, source })
}

/// The run that was requested with a key.
pub(crate) async fn of_key(pool: &PgPool, key: &RunKey) -> Result<Option<KeyedRun>, StoreError> {
    let found: Option<RunRow> = query_as(OF_KEY)
        .bind(key.scope.as_bytes())
        .bind(key.key.as_bytes())
        .fetch_optional(pool)
        .await
        .map_err(failed)?;
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

/// The next events of a run, up to one that cannot be decoded: the error names it when it is the first.
pub(crate) async fn log(
    pool: &PgPool,
    run: RunId,
    after: u64,
    most: usize,
) -> Result<Vec<StepEvent>, StoreError> {
    let rows = query(LOG)
        .bind(run.to_string())
        .bind(row_seq(after))
        .bind(limit(most))
        .bind(READ_BYTES)
        .fetch_all(pool)
        .await
        .map_err(failed)?;
    if rows.is_empty() {
        return Err(StoreError::NoSuchRun(run));
    }
    let mut events: Vec<StepEvent> = Vec::new();
    if most == 0 {
        return Ok(events);
    }
    for row in &rows {
        let last = events.last().map_or(after, |last| last.seq);
        match event_of(row, run, last.saturating_add(1)) {
            Ok(Some(event)) => events.push(event),
            Ok(None) => break,
            Err(StoreError::Damaged { .. }) if !events.is_empty() => break,
            Err(error) => return Err(error),
        }
    }
    Ok(events)
}

/// Event number `seq`; none at the end of the log, which the record of the run states.
fn event_of(row: &PgRow, run: RunId, seq: u64) -> Result<Option<StepEvent>, StoreError> {
    let last_seq: i64 = row.try_get(0).map_err(failed)?;
    match EventRow::at(row, 1).map_err(failed)? {
        None if last_seq < row_seq(seq) => Ok(None),
        Some(found) if found.seq == row_seq(seq) => found.event(run, seq).map(Some),
        _ => Err(damaged(run, seq, "it is missing")),
    }
}

fn damaged(run: RunId, seq: u64, source: impl Into<Cause>) -> StoreError {
    let source = source.into();
    StoreError::Damaged { run, seq, source }
}

/// The records of runs that have not ended, oldest first.
pub(crate) async fn unfinished(
    pool: &PgPool,
    unreadable: &UnreadableRows,
    after: Option<RunId>,
    most: usize,
) -> Result<Vec<RunRecord>, StoreError> {
    let after = after.map(|id| id.to_string()).unwrap_or_default();
    let rows = batches(
        after,
        most,
        |after, size| query_as(UNFINISHED).bind(after).bind(size).fetch_all(pool),
        id_of,
    );
    first(rows, most, |row| unreadable.run(row)).await
}

/// A page of the list of runs.
pub(crate) async fn page(
    pool: &PgPool,
    unreadable: &UnreadableRows,
    signals: &Signals,
    query: &RunQuery,
) -> Result<Page<RunRecord>, StoreError> {
    if let Some(text) = searched(query) {
        let wanted = Wanted::of(query, &text);
        let reader = TextSearch::new(pool, query, &text, signals)?;
        return search_runs(&reader, &wanted, query, unreadable).await;
    }
    let before = before(&query.page)?;
    let rows = batches(
        before,
        query.page.limit.saturating_add(1),
        |before, size| async move {
            let mut sql = listed(query, before, size);
            sql.build_query_as().fetch_all(pool).await
        },
        id_of,
    );
    page_of(rows, &query.page, |row| unreadable.run(row), |last| last.id).await
}

fn id_of(row: &RunRow) -> String {
    String::from_utf8_lossy(&row.id).into_owned()
}

/// The statement for it, without a text. Each condition has an index.
pub(crate) fn listed(query: &RunQuery, before: String, size: i64) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::new(LISTED);
    sql.push_bind(before);
    if let Some(wanted) = query.status {
        sql.push(" AND status = ").push_bind(wanted.as_str());
    }
    push_workflow(&mut sql, query);
    sql.push(" ORDER BY id DESC LIMIT ").push_bind(size);
    sql
}

/// How many runs there are of each status that this version knows.
pub(crate) async fn count(
    pool: &PgPool,
    signals: &Signals,
    query: &RunQuery,
) -> Result<RunCounts, StoreError> {
    let Some(text) = searched(query) else {
        return search::counts(pool, counted(query)).await;
    };
    // Neither the status nor the page counts.
    let mut of_all = RunQuery::default();
    of_all.workflow_id = query.workflow_id;
    let reader = TextSearch::new(pool, &of_all, &text, signals)?;
    count_matching(&reader, &Wanted::of(&of_all, &text)).await
}

/// The statement for it, without a text.
pub(crate) fn counted(query: &RunQuery) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::new(
        "SELECT status, sum(runs)::bigint FROM ( \
             SELECT * FROM workflow_runner.run_count \
             UNION ALL SELECT * FROM workflow_runner.run_count_change \
         ) AS counted WHERE true",
    );
    push_workflow(&mut sql, query);
    sql.push(" GROUP BY status");
    sql
}

fn push_workflow(sql: &mut QueryBuilder<Postgres>, query: &RunQuery) {
    if let Some(workflow) = query.workflow_id {
        sql.push(" AND workflow = ").push_bind(workflow.to_string());
    }
}
