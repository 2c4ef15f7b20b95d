//! The writer: one task that writes all queued changes in one transaction and answers after the commit.
//!
//! The commit waits for the disk, so its time is shared by all changes of a batch. Between batches the
//! task deletes expired runs. Only this task writes the database.

use std::{iter::zip, sync::Arc};

use sqlx::{
    Connection, SqliteConnection, query,
    sqlite::{SqliteConnectOptions, SqlitePool},
};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::timeout_at,
};

use workflow_sqlkit::{Cause, unavailable};

use crate::{
    block::IndexSignal,
    file::{FileHealth, FileLock},
    newest::NewestVersions,
    retention::{Retention, RetentionSchedule, delete_orphans},
    write::{Write, WriteResult, apply},
};

/// The most changes in one transaction, and the most in the queue.
const BATCH: usize = 256;

/// A change and the channel for its result. The receiver may have been dropped.
pub(crate) struct Job {
    pub(crate) write: Write,
    pub(crate) answer: oneshot::Sender<WriteResult>,
}

/// Queues a change of a background task, which does not keep the store open, and waits for its result.
pub(crate) async fn write(queue: &mpsc::WeakSender<Job>, write: Write) -> WriteResult {
    let closed = || unavailable("the store is closed");
    let (answer, answered) = oneshot::channel();
    let open = queue.upgrade().ok_or_else(closed)?;
    let queued = open.send(Job { write, answer }).await;
    queued.map_err(|_| closed())?;
    drop(open);
    answered.await.map_err(|_| closed())?
}

/// The queue of the writer and its task.
pub(crate) type WriterHandle = (mpsc::Sender<Job>, JoinHandle<()>);

/// Starts the writer. It ends after all senders are dropped, the queue is empty, and all reads have ended.
pub(crate) fn spawn(writer: Writer, readers: SqlitePool, health: Arc<FileHealth>) -> WriterHandle {
    let (queue, jobs) = mpsc::channel(BATCH);
    let signal = Arc::clone(&writer.index);
    let writing = async move {
        let writer = writer.run(jobs, &health).await;
        signal.end();
        // SQLite can truncate the write-ahead log only if no connection reads it.
        readers.close().await;
        writer.close().await;
    };
    (queue, tokio::spawn(writing))
}

/// The owner of the connection that writes.
pub(crate) struct Writer {
    options: SqliteConnectOptions,
    /// `None` after a failed transaction: its connection is not used again.
    file: Option<SqliteConnection>,
    schedule: RetentionSchedule,
    /// Whether there may be events of deleted runs. True at start, because a crash may have left some.
    has_orphans: bool,
    index: Arc<IndexSignal>,
    newest: NewestVersions,
    _lock: FileLock,
}

impl Writer {
    pub(crate) fn new(
        options: SqliteConnectOptions,
        file: SqliteConnection,
        retention: Retention,
        newest: NewestVersions,
        index: Arc<IndexSignal>,
        lock: FileLock,
    ) -> Self {
        Self {
            options,
            file: Some(file),
            schedule: RetentionSchedule::new(retention),
            has_orphans: true,
            index,
            newest,
            _lock: lock,
        }
    }

    /// The connection. Opens one if there is none.
    async fn file(&mut self) -> sqlx::Result<&mut SqliteConnection> {
        let file = match self.file.take() {
            Some(file) => file,
            None => SqliteConnection::connect_with(&self.options).await?,
        };
        Ok(self.file.insert(file))
    }

    /// Writes batches until the queue is closed and empty. Returns itself, to be closed after the readers.
    async fn run(mut self, mut jobs: mpsc::Receiver<Job>, health: &FileHealth) -> Self {
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            // Delete one portion between two batches, and more while the queue is empty and open.
            while health.check_writable().is_ok()
                && self.clean_up().await
                && jobs.is_empty()
                && !jobs.is_closed()
            {}
            // While one batch is written, the next one queues up.
            let gathered = jobs.recv_many(&mut batch, BATCH);
            match timeout_at(self.schedule.next_check(), gathered).await {
                Ok(0) => return self,
                Ok(_) => self.answer(&mut batch, health).await,
                Err(_) => {}
            }
        }
    }

    /// Writes a batch and sends the results.
    async fn answer(&mut self, batch: &mut Vec<Job>, health: &FileHealth) {
        let ended = batch.iter().filter(|job| job.write.ends_a_run()).count();
        self.schedule.record_ended(ended);
        let has_deleted = batch.iter().any(|job| job.write.deletes_a_run());
        self.has_orphans |= has_deleted;
        let created = batch.iter().filter(|job| job.write.creates_a_run()).count();
        let (writes, waiting): (Vec<Write>, Vec<_>) =
            batch.drain(..).map(|job| (job.write, job.answer)).unzip();
        let answers = self.write_in_place(&writes, health).await;
        if writes.iter().any(Write::changes_a_workflow) {
            self.newest.changed();
        }
        for (answer, waits) in zip(answers, waiting) {
            // The receiver may be gone. The change was made nevertheless.
            let _ = waits.send(answer);
        }
        self.index.record(created, has_deleted);
    }

    /// Writes a batch, and fails if the file is not at its path before or after it: then the writes are
    /// lost, even if SQLite has committed them.
    async fn write_in_place(&mut self, writes: &[Write], health: &FileHealth) -> Vec<WriteResult> {
        let refused = |cause: Cause| -> Vec<WriteResult> {
            let cause = cause.to_string();
            let refusal = || Err(unavailable(cause.clone()));
            writes.iter().map(|_| refusal()).collect()
        };
        if let Err(cause) = health.check_writable() {
            return refused(cause);
        }
        let answers = self.write(writes).await;
        match health.check_paths() {
            Ok(()) => answers,
            Err(cause) => refused(cause),
        }
    }

    /// Writes a batch in one transaction. If that fails, each change gets its own transaction, so that one
    /// change that cannot be written does not fail the others.
    async fn write(&mut self, writes: &[Write]) -> Vec<WriteResult> {
        let error = match self.commit(writes).await {
            Ok(answers) => return answers,
            Err(error) => error,
        };
        if writes.len() == 1 {
            return vec![Err(unavailable(error))];
        }
        let mut answers = Vec::with_capacity(writes.len());
        for alone in writes.chunks(1) {
            match self.commit(alone).await {
                Ok(answer) => answers.extend(answer),
                Err(error) => answers.push(Err(unavailable(error))),
            }
        }
        answers
    }

    /// Writes changes in one transaction. After an error, the connection is discarded, which also rolls the
    /// transaction back.
    async fn commit(&mut self, writes: &[Write]) -> sqlx::Result<Vec<WriteResult>> {
        let outcome = transaction(self.file().await?, writes).await;
        if outcome.is_err() {
            self.discard_connection().await;
        }
        outcome
    }

    /// Deletes some expired runs, or else some events of deleted runs. Returns whether there may be more.
    async fn clean_up(&mut self) -> bool {
        if self.delete_expired().await {
            return true;
        }
        if !self.has_orphans {
            return false;
        }
        let more = match self.file().await {
            Ok(file) => delete_orphans(file).await,
            Err(error) => Err(error),
        };
        self.has_orphans = more.unwrap_or_else(|error| {
            tracing::warn!(%error, "events of deleted runs could not be deleted: the next attempt is when another run is deleted, or at the next start");
            false
        });
        self.has_orphans
    }

    /// Deletes some expired runs if a check is due. Returns whether there may be more.
    async fn delete_expired(&mut self) -> bool {
        if !self.schedule.is_due() {
            return false;
        }
        let more = match self.try_delete_expired().await {
            Ok(more) => {
                self.has_orphans |= more;
                self.index.record(0, more);
                more
            }
            Err(error) => {
                tracing::warn!(%error, "expired runs could not be deleted: the next attempt is when more runs have ended, or within an hour");
                self.discard_connection().await;
                false
            }
        };
        self.schedule.completed(more);
        more
    }

    async fn try_delete_expired(&mut self) -> sqlx::Result<bool> {
        let retention = self.schedule.retention();
        if !retention.is_enabled() {
            return Ok(false);
        }
        retention.delete_expired(self.file().await?).await
    }

    /// Closes the connection and ignores errors. This rolls an open transaction back.
    async fn discard_connection(&mut self) {
        if let Some(file) = self.file.take() {
            let _ = file.close_hard().await;
        }
    }

    /// Moves the write-ahead log into the database and closes the connection.
    async fn close(mut self) {
        let Some(mut file) = self.file.take() else {
            return;
        };
        let moved = query("PRAGMA wal_checkpoint(TRUNCATE)")
            .execute(&mut file)
            .await;
        if let Err(error) = moved.and(file.close().await) {
            tracing::warn!(%error, "the store was closed, but its write-ahead log could not be moved into the file; the next start does it");
        }
    }
}

/// `BEGIN IMMEDIATE` takes the write lock at once: a later upgrade of the lock could fail with `SQLITE_BUSY`.
async fn transaction(
    file: &mut SqliteConnection,
    writes: &[Write],
) -> sqlx::Result<Vec<WriteResult>> {
    let mut transaction = file.begin_with("BEGIN IMMEDIATE").await?;
    let answers = apply(&mut transaction, writes).await?;
    transaction.commit().await?;
    Ok(answers)
}
