//! The search index: a task that builds blocks of runs, and the statements that replace them.
//!
//! The task reads runs beside the readers, builds a block on a thread of its own, and hands it to the writer.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use sqlx::{
    QueryBuilder, Row, Sqlite, SqliteConnection, query, query_scalar,
    sqlite::{SqlitePool, SqliteRow},
};
use tokio::{
    sync::{Notify, mpsc, oneshot},
    task::spawn_blocking,
    time::timeout_at,
};
use workflow_core::store::StoreError;
use workflow_sqlkit::{
    limit,
    search::{
        BLOCK_RUNS, Built, EncodedBlock, IndexedRun, Replacements, next_build, row_id, row_ids,
    },
    unavailable,
};

use crate::{
    search::heads,
    write::{Write, WriteResult},
    writer::Job,
};

pub(crate) const NEWEST: &str = "SELECT max(number) FROM run";
pub(crate) const RUNS: &str = "SELECT number, id, workflow, status, ended_at IS NOT NULL, name, excerpt \
     FROM run WHERE number BETWEEN ? AND ? ORDER BY number LIMIT ?";
pub(crate) const RUNS_IN: &str = "SELECT count(*) FROM run WHERE number BETWEEN ? AND ?";

/// The number of new runs after which the index is looked at.
const LOOK_AFTER_RUNS: usize = BLOCK_RUNS / 8;

/// The rows of a block that one statement inserts.
const ROWS_AT_ONCE: usize = 64;

/// What the writer tells the task.
#[derive(Debug, Default)]
pub(crate) struct IndexSignal {
    created: AtomicUsize,
    changed: Notify,
}

impl IndexSignal {
    /// Records new runs, and whether runs were deleted.
    pub(crate) fn record(&self, created: usize, has_deleted: bool) {
        let before = self.created.fetch_add(created, Ordering::Relaxed);
        if has_deleted || before + created >= LOOK_AFTER_RUNS {
            self.created.store(0, Ordering::Relaxed);
            self.changed.notify_one();
        }
    }

    /// Wakes the task when the writer has ended.
    pub(crate) fn end(&self) {
        self.changed.notify_one();
    }
}

/// A block and those that it replaces.
#[derive(Debug)]
pub(crate) struct NewBlock {
    block: EncodedBlock,
    replaces: Vec<i64>,
}

/// The task that builds blocks. It ends when the writer does.
pub(crate) struct Indexer {
    pub(crate) readers: SqlitePool,
    pub(crate) queue: mpsc::WeakSender<Job>,
    pub(crate) signal: Arc<IndexSignal>,
    /// The most runs of a block.
    pub(crate) block_runs: usize,
}

impl Indexer {
    /// Builds blocks until the store is closed.
    pub(crate) async fn run(self) {
        let mut replacements = Replacements::new();
        loop {
            let wait = match self.build_next(&mut replacements).await {
                Err(_) if self.queue.upgrade().is_none() => return,
                Err(error) => {
                    tracing::warn!(%error, "the search index could not be extended, so searches take longer: the next attempt is when more runs were created");
                    None
                }
                Ok(Built::Block) => continue,
                Ok(Built::Nothing { is_stale }) => is_stale.then_some(replacements.due()),
            };
            let changed = self.signal.changed.notified();
            match wait {
                None => changed.await,
                Some(due) => _ = timeout_at(due, changed).await,
            }
            if self.queue.upgrade().is_none() {
                return;
            }
        }
    }

    /// Builds the next block, if there is one to build.
    pub(crate) async fn build_next(
        &self,
        replacements: &mut Replacements,
    ) -> Result<Built, StoreError> {
        let heads = heads(&self.readers).await.map_err(unavailable)?;
        let next = next_build(&heads, replacements.is_due(&heads));
        let is_stale = heads.iter().any(|head| head.is_stale);
        let (first, last) = next.range;
        if next.is_newest {
            let newest: Option<i64> = query_scalar(NEWEST)
                .fetch_one(&self.readers)
                .await
                .map_err(unavailable)?;
            if newest.unwrap_or(0) - first < limit(self.block_runs) - 1 {
                return Ok(Built::Nothing { is_stale });
            }
        }
        let runs = query(RUNS)
            .bind(first)
            .bind(last)
            .bind(limit(self.block_runs));
        let runs = runs.fetch_all(&self.readers).await.map_err(unavailable)?;
        let runs: Vec<IndexedRun> = runs
            .iter()
            .map(indexed)
            .collect::<sqlx::Result<_>>()
            .map_err(unavailable)?;
        let last = match runs.last() {
            Some(run) if runs.len() >= self.block_runs => run.number,
            _ if next.is_newest => return Ok(Built::Nothing { is_stale }),
            _ => last,
        };
        let block = spawn_blocking(move || EncodedBlock::of((first, last), runs));
        let block = block.await.map_err(unavailable)?;
        replacements.record(!next.replaces.is_empty());
        self.write(NewBlock {
            block,
            replaces: next.replaces,
        })
        .await?;
        Ok(Built::Block)
    }

    async fn write(&self, block: NewBlock) -> WriteResult {
        let closed = || unavailable("the store is closed");
        let (answer, answered) = oneshot::channel();
        let write = Write::Block(Box::new(block));
        let queue = self.queue.upgrade().ok_or_else(closed)?;
        queue
            .send(Job { write, answer })
            .await
            .map_err(|_| closed())?;
        drop(queue);
        answered.await.map_err(|_| closed())?
    }
}

fn indexed(row: &SqliteRow) -> sqlx::Result<IndexedRun> {
    let bytes = |at| {
        row.try_get_unchecked::<Option<Vec<u8>>, _>(at)
            .map(Option::unwrap_or_default)
    };
    let text = |at| bytes(at).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    Ok(IndexedRun {
        number: row.try_get_unchecked(0)?,
        id: text(1)?,
        workflow: text(2)?,
        status: text(3)?,
        has_ended: row.try_get_unchecked(4)?,
        name: bytes(5)?,
        excerpt: bytes(6)?,
    })
}

/// Stores a block, unless a run of its range was deleted since it was read.
pub(crate) async fn replace(
    file: &mut SqliteConnection,
    new: &NewBlock,
) -> sqlx::Result<WriteResult> {
    let NewBlock { block, replaces } = new;
    let (first, last) = block.range;
    let runs: i64 = query_scalar(RUNS_IN)
        .bind(first)
        .bind(last)
        .fetch_one(&mut *file)
        .await?;
    if runs != block.runs {
        return Ok(Ok(false));
    }
    for old in replaces {
        let (first, last) = row_ids(*old);
        query("DELETE FROM run_token WHERE id BETWEEN ? AND ?")
            .bind(first)
            .bind(last)
            .execute(&mut *file)
            .await?;
        query("DELETE FROM run_block WHERE block = ?")
            .bind(old)
            .execute(&mut *file)
            .await?;
    }
    let number: i64 = query_scalar(
        "INSERT INTO run_block (first, last, runs, min_id, max_id) VALUES (?, ?, ?, ?, ?) RETURNING block",
    )
    .bind(first)
    .bind(last)
    .bind(block.runs)
    .bind(&block.min_id)
    .bind(&block.max_id)
    .fetch_one(&mut *file)
    .await?;
    let rows: Vec<(i64, &Vec<u8>)> = (0..)
        .zip(&block.rows)
        .map(|(at, row)| (row_id(number, at), row))
        .collect();
    for rows in rows.chunks(ROWS_AT_ONCE) {
        let mut sql = QueryBuilder::<Sqlite>::new("INSERT INTO run_token (id, bytes) ");
        sql.push_values(rows, |mut values, (id, bytes)| {
            values.push_bind(id).push_bind(bytes);
        });
        sql.build().execute(&mut *file).await?;
    }
    Ok(Ok(true))
}
