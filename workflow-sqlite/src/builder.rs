//! Opening a store: lock, inspection, migration, connections, and background tasks, in this order.
//!
//! Nothing is written to a file before it is known to be a store of a readable format.

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

use workflow_sqlkit::search::BLOCK_RUNS;

use crate::{
    block::IndexSignal,
    error::OpenError,
    file::{self, FileHealth},
    index::Indexer,
    newest::NewestVersions,
    retention::Retention,
    scan::Scan,
    schema,
    store::SqliteStore,
    writer::{self, Writer},
};

/// The number of connections that read. In WAL mode, readers block neither each other nor the writer.
const READERS: u32 = 4;

/// The number of rows that a reader buffers. Small, because a row may have a megabyte.
const ROW_BUFFER: usize = 8;

/// How long a connection waits for a lock of another one. This happens only while the file is opened or
/// closed, since there is one writer.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The size that SQLite truncates the write-ahead log to after a checkpoint, in bytes: 64 MiB.
const MAX_WAL_BYTES: &str = "67108864";

/// Builder of a [`SqliteStore`].
///
/// ```
/// use workflow_sqlite::SqliteStore;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("runs.db");
/// let store = SqliteStore::builder(&path).with_days_kept(90).open().await?;
/// store.close().await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Builder {
    path: PathBuf,
    retention: Retention,
}

impl SqliteStore {
    /// Opens a store with default settings: ended runs are kept for ever. Creates the file if it does not
    /// exist.
    ///
    /// # Errors
    /// [`OpenError`] if the file cannot be opened or locked, is not a store, or is damaged.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        Self::builder(path).open().await
    }

    /// Returns a builder, to set how long ended runs are kept.
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

    /// Deletes runs this number of days after they ended. Default: runs are kept for ever.
    #[must_use]
    pub fn with_days_kept(mut self, days: u32) -> Self {
        self.retention.days = Some(days);
        self
    }

    /// Keeps at most this number of ended runs, and deletes those that ended first. Temporarily, up to 1 %
    /// more may exist, because counting is expensive. Default: all runs are kept.
    #[must_use]
    pub fn with_ended_runs_kept(mut self, runs: u32) -> Self {
        self.retention.runs = Some(runs);
        self
    }

    /// Opens the store. Creates the file and its directory if they do not exist, but not the parent of the
    /// directory. The background check starts: see [`SqliteStore::check_report`].
    ///
    /// # Errors
    /// [`OpenError`] if the file cannot be opened or locked, is not a store, or is damaged.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    pub async fn open(self) -> Result<SqliteStore, OpenError> {
        // SQLite treats names such as `:memory:` or `file:…` specially, but not absolute paths.
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
            .pragma("journal_size_limit", MAX_WAL_BYTES)
            .foreign_keys(true);
        let mut file = connect(&path, &durable).await?;
        schema::migrate(&path, &mut file).await?;
        let readers = readers(durable.clone())
            .await
            .map_err(|error| OpenError::of_sqlx(path.clone(), error))?;
        let health = FileHealth::of(real);
        let health = health.map_err(|error| OpenError::of_io(path.clone(), error))?;
        let health = Arc::new(health);
        let (signal, newest) = (Arc::<IndexSignal>::default(), NewestVersions::default());
        let writer = Writer::new(
            durable.clone(),
            file,
            self.retention,
            newest.clone(),
            Arc::clone(&signal),
            lock,
        );
        let writer = writer::spawn(writer, readers.clone(), Arc::clone(&health));
        let indexer = Indexer {
            readers: readers.clone(),
            queue: writer.0.downgrade(),
            signal: Arc::clone(&signal),
            block_runs: BLOCK_RUNS,
        };
        tokio::spawn(indexer.run());
        let scan = Scan::spawn(durable, Arc::clone(&health), writer.0.downgrade());
        Ok(SqliteStore::new(
            path, health, readers, newest, signal, writer, scan,
        ))
    }
}

async fn connect(
    path: &Path,
    options: &SqliteConnectOptions,
) -> Result<SqliteConnection, OpenError> {
    let file = SqliteConnection::connect_with(options).await;
    file.map_err(|error| OpenError::of_sqlx(path.to_owned(), error))
}

/// The pool of readers. Connections are never tested or replaced: a local file does not disconnect.
/// `query_only` makes a write on one of them an error.
async fn readers(options: SqliteConnectOptions) -> sqlx::Result<SqlitePool> {
    SqlitePoolOptions::new()
        .max_connections(READERS)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .connect_with(
            options
                .row_buffer_size(ROW_BUFFER)
                .pragma("query_only", "ON"),
        )
        .await
}
