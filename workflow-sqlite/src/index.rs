//! The search index: a task that builds blocks of runs.
//!
//! It reads runs beside the readers, builds a block on a thread of its own, and hands it to the writer.

use std::{sync::Arc, time::Duration};

use sqlx::{
    Row, query, query_scalar,
    sqlite::{SqlitePool, SqliteRow},
};
use tokio::{
    sync::mpsc,
    task::spawn_blocking,
    time::{Instant, timeout_at},
};
use workflow_core::store::StoreError;
use workflow_sqlkit::{
    limit,
    search::{Built, EncodedBlock, IndexedRun, Replacements, first_stale, next_build},
    unavailable,
};

use crate::{
    block::{IndexSignal, NewBlock, RUNS_IN},
    search::heads,
    write::Write,
    writer::{Job, write},
};

pub(crate) const NEWEST: &str = "SELECT max(number) FROM run";
pub(crate) const RUNS: &str = "SELECT number, id, workflow, status, ended_at IS NOT NULL, name, excerpt \
     FROM run WHERE number BETWEEN ? AND ? ORDER BY number LIMIT ?";

/// When a build is tried again that failed.
const RETRY_AFTER: Duration = Duration::from_mins(1);

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
                Err(_) if self.queue.upgrade().is_none() || self.readers.is_closed() => return,
                Err(error) => {
                    tracing::warn!(%error, "the search index could not be extended, so searches take longer: the next attempt is in {RETRY_AFTER:?}");
                    Some(Instant::now() + RETRY_AFTER)
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
        let _building = self.signal.building.lock().await;
        let mut heads = heads(&self.readers).await.map_err(unavailable)?;
        self.signal.damaged.mark(&mut heads);
        let may_replace = replacements.is_due(&heads);
        if let Some(stale) = first_stale(&mut heads, may_replace) {
            stale.runs = query_scalar(RUNS_IN)
                .bind(stale.range.0)
                .bind(stale.range.1)
                .fetch_one(&self.readers)
                .await
                .map_err(unavailable)?;
        }
        let next = next_build(&heads, may_replace);
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
        let is_replacement = !next.replaces.is_empty();
        let replaces = next.replaces;
        let block = Write::Block(Box::new(NewBlock { block, replaces }));
        // Refused if a run was deleted meanwhile: then it is built again at once.
        if write(&self.queue, block).await? && is_replacement {
            replacements.record();
        }
        Ok(Built::Block)
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
