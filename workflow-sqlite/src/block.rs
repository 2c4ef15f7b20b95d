//! Blocks of the search index: the statements that replace them, and when the task that builds them looks.

use std::sync::atomic::{AtomicUsize, Ordering};

use sqlx::{QueryBuilder, Sqlite, SqliteConnection, query, query_scalar};
use tokio::sync::{Mutex, Notify};
use workflow_sqlkit::search::{DamagedBlocks, EncodedBlock, LOOK_AFTER_RUNS, row_id, row_ids};

pub(crate) const RUNS_IN: &str = "SELECT count(*) FROM run WHERE number BETWEEN ? AND ?";

/// The rows of a block that one statement inserts.
const ROWS_AT_ONCE: usize = 64;

/// How the writer and searches wake the task that builds blocks.
#[derive(Debug, Default)]
pub(crate) struct IndexSignal {
    created: AtomicUsize,
    pub(crate) damaged: DamagedBlocks,
    /// Held while a block is read, built and written: another one must not replace the same blocks meanwhile.
    pub(crate) building: Mutex<()>,
    pub(crate) changed: Notify,
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

    /// Records a block that a search could not read.
    pub(crate) fn report_damage(&self, block: i64) {
        if self.damaged.add(block) {
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
    pub(crate) block: EncodedBlock,
    pub(crate) replaces: Vec<i64>,
}

/// Stores a block, unless a run of its range was deleted since it was read.
pub(crate) async fn replace(file: &mut SqliteConnection, new: &NewBlock) -> sqlx::Result<bool> {
    let NewBlock { block, replaces } = new;
    let (first, last) = block.range;
    let runs: i64 = query_scalar(RUNS_IN)
        .bind(first)
        .bind(last)
        .fetch_one(&mut *file)
        .await?;
    if runs != block.runs {
        return Ok(false);
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
    Ok(true)
}
