//! The search index: blocks of runs are built in the background, by one instance at a time.

use std::time::Duration;

use sqlx::{
    Connection, PgConnection, Row,
    postgres::{PgPool, PgRow},
    query, query_scalar,
};
use tokio::{task::spawn_blocking, time::sleep};
use workflow_sqlkit::{
    limit,
    search::{
        Built, DamagedBlocks, EncodedBlock, IndexedRun, Replacements, first_stale, next_build,
        row_id, row_ids,
    },
};

use crate::{
    advisory::{INDEXING, try_lock},
    search::heads,
};

pub(crate) const NEWEST: &str = "SELECT max(number) FROM workflow_runner.run";
pub(crate) const RUNS: &str = "SELECT number, id, workflow, status, ended_at IS NOT NULL, name, excerpt \
     FROM workflow_runner.run WHERE number BETWEEN $1 AND $2 ORDER BY number LIMIT $3";
pub(crate) const RUNS_IN: &str =
    "SELECT count(*) FROM workflow_runner.run WHERE number BETWEEN $1 AND $2";

/// Marks the last block that was built if a run is missing: its builder may have ended before it could find that a deletion under
/// way had not found the block.
pub(crate) const SETTLE_LAST: &str = "UPDATE workflow_runner.run_block SET stale = true \
     WHERE block = (SELECT max(block) FROM workflow_runner.run_block) AND NOT stale \
         AND runs <> (SELECT count(*) FROM workflow_runner.run WHERE number BETWEEN first AND last)";

/// The transactions that have changed runs, or are about to: a number is assigned under this lock.
const WRITERS: &str = "SELECT coalesce(array_agg(virtualtransaction), '{}') FROM pg_locks \
     WHERE relation = 'workflow_runner.run'::regclass AND mode = 'RowExclusiveLock' \
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

/// How often, and how long apart, to look whether such transactions have ended.
const LOOKS: usize = 20;
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// Builds the next block, if there is one to build and no other instance builds.
pub(crate) async fn build_next(
    pool: &PgPool,
    replacements: &mut Replacements,
    damaged: &DamagedBlocks,
    block_runs: usize,
) -> sqlx::Result<Built> {
    let mut connection = pool.acquire().await?;
    let mut transaction = connection.begin().await?;
    if !try_lock(&mut transaction, INDEXING).await? {
        return Ok(Built::Nothing { is_stale: false });
    }
    query(SETTLE_LAST).execute(&mut *transaction).await?;
    let mut heads = heads(&mut transaction).await?;
    damaged.mark(&mut heads);
    let may_replace = replacements.is_due(&heads);
    if let Some(stale) = first_stale(&mut heads, may_replace) {
        stale.runs = runs_in(&mut transaction, stale.range).await?;
    }
    let next = next_build(&heads, may_replace);
    let nothing = Built::Nothing {
        is_stale: heads.iter().any(|head| head.is_stale),
    };
    let (first, mut last) = next.range;
    if next.is_newest {
        let newest: Option<i64> = query_scalar(NEWEST).fetch_one(&mut *transaction).await?;
        last = newest.unwrap_or(0);
        // Lower numbers may be committed later.
        if last - first < limit(block_runs) - 1 || !writers_end(&mut transaction).await? {
            transaction.commit().await?;
            return Ok(nothing);
        }
    }
    let runs = query(RUNS).bind(first).bind(last).bind(limit(block_runs));
    let runs = runs.fetch_all(&mut *transaction).await?;
    let runs: Vec<IndexedRun> = runs.iter().map(indexed).collect::<sqlx::Result<_>>()?;
    match runs.last() {
        Some(run) if runs.len() >= block_runs => last = run.number,
        _ if next.is_newest => {
            transaction.commit().await?;
            return Ok(nothing);
        }
        _ => {}
    }
    let block = spawn_blocking(move || EncodedBlock::of((first, last), runs)).await;
    let block = block.map_err(|error| sqlx::Error::Io(error.into()))?;
    for old in &next.replaces {
        delete(&mut transaction, *old).await?;
    }
    let number = insert(&mut transaction, &block).await?;
    transaction.commit().await?;
    // From here on a deletion finds the block. One before that may not have.
    let is_settled = writers_end(&mut connection).await?;
    let runs = runs_in(&mut connection, block.range).await?;
    if !is_settled || runs != block.runs {
        let stale = query("UPDATE workflow_runner.run_block SET stale = true WHERE block = $1");
        stale.bind(number).execute(&mut *connection).await?;
    }
    if !next.replaces.is_empty() {
        replacements.record();
    }
    Ok(Built::Block)
}

async fn runs_in(connection: &mut PgConnection, (first, last): (i64, i64)) -> sqlx::Result<i64> {
    let runs = query_scalar(RUNS_IN).bind(first).bind(last);
    runs.fetch_one(connection).await
}

/// Waits a little for the transactions that change runs. Returns whether all that there were have ended.
async fn writers_end(connection: &mut PgConnection) -> sqlx::Result<bool> {
    let before: Vec<String> = query_scalar(WRITERS).fetch_one(&mut *connection).await?;
    for _ in 0..LOOKS {
        let now: Vec<String> = query_scalar(WRITERS).fetch_one(&mut *connection).await?;
        if !before.iter().any(|writer| now.contains(writer)) {
            return Ok(true);
        }
        sleep(BETWEEN_LOOKS).await;
    }
    Ok(false)
}

fn indexed(row: &PgRow) -> sqlx::Result<IndexedRun> {
    Ok(IndexedRun {
        number: row.try_get(0)?,
        id: row.try_get(1)?,
        workflow: row.try_get(2)?,
        status: row.try_get(3)?,
        has_ended: row.try_get(4)?,
        name: row.try_get(5)?,
        excerpt: row.try_get(6)?,
    })
}

async fn delete(connection: &mut PgConnection, block: i64) -> sqlx::Result<()> {
    let (first, last) = row_ids(block);
    query("DELETE FROM workflow_runner.run_token WHERE id BETWEEN $1 AND $2")
        .bind(first)
        .bind(last)
        .execute(&mut *connection)
        .await?;
    let head = query("DELETE FROM workflow_runner.run_block WHERE block = $1").bind(block);
    head.execute(connection).await.map(|_| ())
}

async fn insert(connection: &mut PgConnection, block: &EncodedBlock) -> sqlx::Result<i64> {
    let number: i64 = query_scalar(
        "INSERT INTO workflow_runner.run_block (first, last, runs, min_id, max_id) \
         VALUES ($1, $2, $3, $4, $5) RETURNING block",
    )
    .bind(block.range.0)
    .bind(block.range.1)
    .bind(block.runs)
    .bind(&block.min_id)
    .bind(&block.max_id)
    .fetch_one(&mut *connection)
    .await?;
    let ids: Vec<i64> = (0..)
        .zip(&block.rows)
        .map(|(at, _)| row_id(number, at))
        .collect();
    query(
        "INSERT INTO workflow_runner.run_token (id, bytes) SELECT * FROM unnest($1::bigint[], $2::bytea[])",
    )
    .bind(ids)
    .bind(&block.rows)
    .execute(connection)
    .await?;
    Ok(number)
}
