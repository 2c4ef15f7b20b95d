//! Opening a store.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use sqlx::{
    Connection, SqliteConnection,
    sqlite::{
        SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
    },
};

use crate::{
    error::OpenError,
    file::{self, Condition},
    retention::Retention,
    scan::Scan,
    schema,
    store::SqliteStore,
    writer::{self, Writer},
};

/// How many connections read at once.
const READERS: u32 = 4;

/// How many rows a reader is ahead of who asked: each may be large.
const ROWS_AHEAD: usize = 8;

/// How long a connection waits for another: only while one of them opens or closes the file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How large the write-ahead log stays beside the file, once it has been larger.
const KEPT_LOG_BYTES: &str = "67108864";

/// A store to open: which file, and what is kept in it.
#[derive(Clone, Debug)]
pub struct Builder {
    path: PathBuf,
    retention: Retention,
}

impl SqliteStore {
    /// Opens the file, and creates it when it is not there. Everything is kept until it is deleted.
    ///
    /// # Errors
    /// When it cannot be had, is not a store, or is damaged: see [`OpenError`].
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        Self::builder(path).open().await
    }

    /// A store that does not keep all runs for ever.
    pub fn builder(path: impl AsRef<Path>) -> Builder {
        Builder::new(path.as_ref())
    }
}

impl Builder {
    pub(crate) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            retention: Retention::default(),
        }
    }

    /// Forgets runs so many days after they ended. They are kept for ever without it.
    #[must_use]
    pub fn with_days_kept(mut self, days: u32) -> Self {
        self.retention.days = Some(days);
        self
    }

    /// Forgets the runs that ended first once more than so many have ended; up to a hundredth more may be
    /// there for a while. All are kept without it.
    #[must_use]
    pub fn with_ended_runs_kept(mut self, runs: u32) -> Self {
        self.retention.runs = Some(runs);
        self
    }

    /// Opens the file, and creates it, and its directory, when they are not there.
    ///
    /// The file is looked through in the background then: see [`SqliteStore::checked`].
    ///
    /// # Errors
    /// When it cannot be had, is not a store, or cannot be read at all: see [`OpenError`].
    pub async fn open(self) -> Result<SqliteStore, OpenError> {
        // An absolute path is a path for SQLite too, whatever it is called.
        let path = std::path::absolute(&self.path)
            .map_err(|error| OpenError::of_io(self.path.clone(), error))?;
        let (lock, real) = file::claim(&path)?;
        let plain = SqliteConnectOptions::new()
            .filename(&real)
            .busy_timeout(BUSY_TIMEOUT);
        schema::inspect(&path, &plain).await?;
        let durable = plain
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .pragma("journal_size_limit", KEPT_LOG_BYTES)
            .foreign_keys(true);
        let mut file = writing(&path, &durable).await?;
        schema::migrate(&path, &mut file).await?;
        let readers = readers(durable.clone())
            .await
            .map_err(|error| OpenError::of_sqlx(path.clone(), error))?;
        let condition = Condition::of(real);
        let condition = condition.map_err(|error| OpenError::of_io(path.clone(), error))?;
        let condition = Arc::new(condition);
        let writer = Writer::new(durable.clone(), file, self.retention, lock);
        let writer = writer::spawn(writer, readers.clone(), Arc::clone(&condition));
        let scan = Scan::spawn(durable, Arc::clone(&condition));
        Ok(SqliteStore::new(path, condition, readers, writer, scan))
    }
}

async fn writing(
    path: &Path,
    options: &SqliteConnectOptions,
) -> Result<SqliteConnection, OpenError> {
    let file = SqliteConnection::connect_with(options).await;
    file.map_err(|error| OpenError::of_sqlx(path.to_owned(), error))
}

async fn readers(options: SqliteConnectOptions) -> sqlx::Result<SqlitePool> {
    SqlitePoolOptions::new()
        .max_connections(READERS)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .connect_with(
            options
                .row_buffer_size(ROWS_AHEAD)
                .pragma("query_only", "ON"),
        )
        .await
}
