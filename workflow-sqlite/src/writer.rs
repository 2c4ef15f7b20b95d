//! The one task that writes: what is queued goes into one transaction, and is answered once that is on the disk.

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
    file::{Condition, FileLock},
    retention::{Forgetting, Retention, delete_some_events},
    write::{Answer, Write, apply},
};

/// The most changes in one transaction, and the most that wait for the next one.
const BATCH: usize = 256;

/// A change, and who waits for it; perhaps nobody any more.
pub(crate) struct Job {
    pub(crate) write: Write,
    pub(crate) answer: oneshot::Sender<Answer>,
}

/// The writer's queue, and the task that empties it.
pub(crate) type Writing = (mpsc::Sender<Job>, JoinHandle<()>);

/// Starts the writer. It ends once there is no sender, all that was queued is written, and nobody reads.
pub(crate) fn spawn(writer: Writer, readers: SqlitePool, condition: Arc<Condition>) -> Writing {
    let (queue, jobs) = mpsc::channel(BATCH);
    let writing = async move {
        let writer = writer.run(jobs, &condition).await;
        // The write-ahead log is moved into the file when nobody reads it.
        readers.close().await;
        writer.close().await;
    };
    (queue, tokio::spawn(writing))
}

/// Owns the connection that writes.
pub(crate) struct Writer {
    options: SqliteConnectOptions,
    /// None after a failure: what a failed transaction leaves of a connection is not used again.
    file: Option<SqliteConnection>,
    forgetting: Forgetting,
    /// Whether a deleted run may have left events.
    left_over: bool,
    _lock: FileLock,
}

impl Writer {
    pub(crate) fn new(
        options: SqliteConnectOptions,
        file: SqliteConnection,
        retention: Retention,
        lock: FileLock,
    ) -> Self {
        Self {
            options,
            file: Some(file),
            forgetting: Forgetting::new(retention),
            left_over: true,
            _lock: lock,
        }
    }

    /// The connection, opened where there is none.
    async fn file(&mut self) -> sqlx::Result<&mut SqliteConnection> {
        let file = match self.file.take() {
            Some(file) => file,
            None => SqliteConnection::connect_with(&self.options).await?,
        };
        Ok(self.file.insert(file))
    }

    async fn run(mut self, mut jobs: mpsc::Receiver<Job>, condition: &Condition) -> Self {
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            // Some between two batches, and all while nobody waits; who closes the store does.
            while condition.check_writable().is_ok()
                && self.tidy().await
                && jobs.is_empty()
                && !jobs.is_closed()
            {}
            // While one batch is being written, the next one gathers.
            let gathered = jobs.recv_many(&mut batch, BATCH);
            match timeout_at(self.forgetting.next_look(), gathered).await {
                Ok(0) => return self,
                Ok(_) => self.answer(&mut batch, condition).await,
                Err(_) => {}
            }
        }
    }

    /// Writes a batch, and answers each who waits with what came of it.
    async fn answer(&mut self, batch: &mut Vec<Job>, condition: &Condition) {
        let ended = batch.iter().filter(|job| job.write.ends_a_run()).count();
        self.forgetting.note_ended(ended);
        self.left_over |= batch.iter().any(|job| job.write.deletes_a_run());
        let (writes, waiting): (Vec<Write>, Vec<_>) =
            batch.drain(..).map(|job| (job.write, job.answer)).unzip();
        for (answer, waits) in zip(self.write_in_place(&writes, condition).await, waiting) {
            // Who has gone away is answered nothing; what was asked has happened.
            let _ = waits.send(answer);
        }
    }

    /// Writes to the file at its path, or fails: what is written to a deleted file is lost.
    async fn write_in_place(&mut self, writes: &[Write], condition: &Condition) -> Vec<Answer> {
        let refused = |cause: Cause| -> Vec<Answer> {
            let cause = cause.to_string();
            let refusal = || Err(unavailable(cause.clone()));
            writes.iter().map(|_| refusal()).collect()
        };
        if let Err(cause) = condition.check_writable() {
            return refused(cause);
        }
        let answers = self.write(writes).await;
        match condition.check_place() {
            Ok(()) => answers,
            Err(cause) => refused(cause),
        }
    }

    /// All in one transaction. When that fails each gets its own, so that what cannot be written does not
    /// take the others with it.
    async fn write(&mut self, writes: &[Write]) -> Vec<Answer> {
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

    async fn commit(&mut self, writes: &[Write]) -> sqlx::Result<Vec<Answer>> {
        let outcome = transaction(self.file().await?, writes).await;
        if outcome.is_err() {
            self.give_up_file().await;
        }
        outcome
    }

    /// Deletes some of what is not to be kept. Says whether there may be more.
    async fn tidy(&mut self) -> bool {
        if self.forget_some().await {
            return true;
        }
        if !self.left_over {
            return false;
        }
        let more = match self.file().await {
            Ok(file) => delete_some_events(file).await,
            Err(error) => Err(error),
        };
        self.left_over = more.unwrap_or_else(|error| {
            tracing::warn!(%error, "events of deleted runs could not be deleted: they are when another run is, or at the next start");
            false
        });
        self.left_over
    }

    /// Forgets some of what is not to be kept. Says whether there may be more.
    async fn forget_some(&mut self) -> bool {
        if !self.forgetting.is_due() {
            return false;
        }
        let more = match self.try_to_forget().await {
            Ok(more) => {
                self.left_over |= more;
                more
            }
            Err(error) => {
                tracing::warn!(%error, "runs that are not to be kept could not be forgotten: they are when more have ended, or within an hour");
                self.give_up_file().await;
                false
            }
        };
        self.forgetting.looked(more);
        more
    }

    async fn try_to_forget(&mut self) -> sqlx::Result<bool> {
        let retention = self.forgetting.retention();
        if !retention.forgets() {
            return Ok(false);
        }
        retention.forget_some(self.file().await?).await
    }

    /// Closes the connection without asking whether that works. An open transaction is undone by it.
    async fn give_up_file(&mut self) {
        if let Some(file) = self.file.take() {
            let _ = file.close_hard().await;
        }
    }

    /// Moves everything into the one file.
    async fn close(mut self) {
        let Some(mut file) = self.file.take() else {
            return;
        };
        let moved = query("PRAGMA wal_checkpoint(TRUNCATE)")
            .execute(&mut file)
            .await;
        if let Err(error) = moved.and(file.close().await) {
            tracing::warn!(%error, "the store was closed, but its write-ahead log stays beside it");
        }
    }
}

async fn transaction(file: &mut SqliteConnection, writes: &[Write]) -> sqlx::Result<Vec<Answer>> {
    let mut transaction = file.begin_with("BEGIN IMMEDIATE").await?;
    let answers = apply(&mut transaction, writes).await?;
    transaction.commit().await?;
    Ok(answers)
}
