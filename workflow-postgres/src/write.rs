//! Changes. Each is one statement, which happens whole or not at all, also if its future is dropped.

use sqlx::{postgres::PgPool, query, query_scalar};
use workflow_core::{RunId, WorkflowId, store::StoreError};
use workflow_sqlkit::{
    EncodedAppend, EncodedEvent, EncodedRun, EncodedVersion, of_workflow, row_seq,
};

use crate::error::failed;

pub(crate) const CREATE_WORKFLOW: &str = "WITH new AS ( \
         INSERT INTO workflow_runner.workflow (id, name, newest, checksum) VALUES ($1, $2, $3, $4) \
     ) INSERT INTO workflow_runner.version (workflow, version, record, checksum) VALUES ($1, $3, $5, $6)";

/// A second writer of the same version waits for the first one's commit, then finds another `newest`.
pub(crate) const UPDATE_WORKFLOW: &str = "WITH moved AS ( \
         UPDATE workflow_runner.workflow SET name = $2, newest = $3, checksum = $4 \
         WHERE id = $1 AND newest = $3 - 1 AND NOT deleted RETURNING id \
     ) INSERT INTO workflow_runner.version (workflow, version, record, checksum) \
       SELECT id, $3, $5, $6 FROM moved";

pub(crate) const CREATE_RUN: &str = "WITH new AS ( \
         INSERT INTO workflow_runner.run (id, workflow, status, last_seq, ended_at, name, excerpt, \
             key_scope, key, request, record, head, checksum, head_checksum) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) \
         ON CONFLICT (key_scope, key) WHERE key IS NOT NULL DO NOTHING RETURNING number \
     ) INSERT INTO workflow_runner.event (run, seq, body, checksum) \
       SELECT number, seq, body, checksum \
       FROM new, unnest($15::bigint[], $16::text[], $17::bigint[]) AS first (seq, body, checksum)";

/// The compare-and-set of a log. READ COMMITTED is enough: the second of two appends waits for the row, then finds
/// another `last_seq` and writes nothing.
pub(crate) const APPEND: &str = "WITH moved AS ( \
         UPDATE workflow_runner.run SET status = $3, last_seq = $4, ended_at = $5, head = $6, head_checksum = $7 \
         WHERE id = $1 AND last_seq = $2 RETURNING number \
     ), written AS ( \
         INSERT INTO workflow_runner.event (run, seq, body, checksum) \
         SELECT number, seq, body, checksum \
         FROM moved, unnest($8::bigint[], $9::text[], $10::bigint[]) AS new (seq, body, checksum) \
     ) SELECT number FROM moved";

/// Its events are deleted later: a log may have a million.
pub(crate) const DELETE_RUN: &str = "WITH gone AS ( \
         DELETE FROM workflow_runner.run WHERE id = $1 RETURNING number \
     ) INSERT INTO workflow_runner.deleted_run (number) SELECT number FROM gone";

const LAST_SEQ: &str = "SELECT last_seq FROM workflow_runner.run WHERE id = $1";

const PROBE: &str = "INSERT INTO workflow_runner.probe (id, times) VALUES (1, 1) \
     ON CONFLICT (id) DO UPDATE SET times = probe.times + 1";

pub(crate) async fn create_workflow(pool: &PgPool, new: &EncodedVersion) -> Result<(), StoreError> {
    version(pool, CREATE_WORKFLOW, new).await.map(|_| ())
}

/// Whether the version followed the newest one.
pub(crate) async fn update_workflow(
    pool: &PgPool,
    next: &EncodedVersion,
) -> Result<bool, StoreError> {
    version(pool, UPDATE_WORKFLOW, next).await
}

async fn version(
    pool: &PgPool,
    sql: &'static str,
    version: &EncodedVersion,
) -> Result<bool, StoreError> {
    let written = query(sql)
        .bind(&version.id)
        .bind(version.name.as_deref().map(str::as_bytes))
        .bind(i64::from(version.number))
        .bind(version.shared_checksum)
        .bind(&version.record)
        .bind(version.checksum)
        .execute(pool)
        .await;
    Ok(written.map_err(failed)?.rows_affected() > 0)
}

/// Whether there was such a workflow, with this as its newest version.
///
/// Two statements, since the checksum depends on the row: the second changes it only if it is as it was read.
pub(crate) async fn delete_workflow(
    pool: &PgPool,
    id: WorkflowId,
    if_version: Option<u32>,
) -> Result<bool, StoreError> {
    let id = id.to_string();
    loop {
        let found: Option<(Option<Vec<u8>>, i64)> = sqlx::query_as(
            "SELECT name, newest FROM workflow_runner.workflow \
             WHERE id = $1 AND newest = coalesce($2, newest) AND NOT deleted",
        )
        .bind(&id)
        .bind(if_version.map(i64::from))
        .fetch_optional(pool)
        .await
        .map_err(failed)?;
        let Some((name, newest)) = found else {
            return Ok(false);
        };
        let deleted = query(
            "UPDATE workflow_runner.workflow SET deleted = true, checksum = $3 \
             WHERE id = $1 AND newest = $2 AND NOT deleted",
        )
        .bind(&id)
        .bind(newest)
        .bind(of_workflow(id.as_bytes(), name.as_deref(), newest, true))
        .execute(pool)
        .await
        .map_err(failed)?;
        // Otherwise another version was written in between.
        if deleted.rows_affected() > 0 {
            return Ok(true);
        }
    }
}

pub(crate) async fn create_run(pool: &PgPool, run: &EncodedRun) -> Result<(), StoreError> {
    let key = run.key.as_ref();
    let (seqs, bodies, checksums) = columns(&run.events);
    let created = query(CREATE_RUN)
        .bind(&run.id)
        .bind(&run.workflow)
        .bind(run.head.status)
        .bind(run.head.last_seq)
        .bind(&run.head.ended_at)
        .bind(run.name.as_bytes())
        .bind(run.excerpt.as_bytes())
        .bind(key.map(|key| key.scope.as_bytes()))
        .bind(key.map(|key| key.key.as_bytes()))
        .bind(key.map(|key| key.request.as_bytes()))
        .bind(&run.record)
        .bind(&run.head.json)
        .bind(run.checksum)
        .bind(run.head.checksum)
        .bind(seqs)
        .bind(bodies)
        .bind(checksums)
        .execute(pool)
        .await
        .map_err(failed)?;
    match created.rows_affected() {
        0 => Err(StoreError::KeyTaken),
        _ => Ok(()),
    }
}

/// Numbers, bodies and checksums, each as an array of its own.
fn columns(events: &[EncodedEvent]) -> (Vec<i64>, Vec<&str>, Vec<i64>) {
    let columns = events
        .iter()
        .map(|event| (event.seq, event.body.as_str(), event.checksum));
    columns.collect()
}

pub(crate) async fn append(pool: &PgPool, append: &EncodedAppend) -> Result<(), StoreError> {
    let (seqs, bodies, checksums) = columns(&append.events);
    let run = append.run.to_string();
    let moved: Option<i64> = query_scalar(APPEND)
        .bind(&run)
        .bind(row_seq(append.expected))
        .bind(append.head.status)
        .bind(append.head.last_seq)
        .bind(&append.head.ended_at)
        .bind(&append.head.json)
        .bind(append.head.checksum)
        .bind(seqs)
        .bind(bodies)
        .bind(checksums)
        .fetch_optional(pool)
        .await
        .map_err(failed)?;
    if moved.is_some() {
        return Ok(());
    }
    let actual: Option<i64> = query_scalar(LAST_SEQ)
        .bind(&run)
        .fetch_optional(pool)
        .await
        .map_err(failed)?;
    let actual = actual.ok_or(StoreError::NoSuchRun(append.run))?;
    Err(StoreError::Conflict {
        run: append.run,
        expected: append.expected,
        actual: u64::try_from(actual).unwrap_or(0),
    })
}

/// Whether there was such a run.
pub(crate) async fn delete_run(pool: &PgPool, run: RunId) -> Result<bool, StoreError> {
    let deleted = query(DELETE_RUN).bind(run.to_string()).execute(pool).await;
    Ok(deleted.map_err(failed)?.rows_affected() > 0)
}

/// Writes a row: a full disk, a standby and missing tables are found.
pub(crate) async fn probe(pool: &PgPool) -> Result<(), StoreError> {
    let written = query(PROBE).execute(pool).await;
    written.map(|_| ()).map_err(failed)
}
