//! The store.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use sqlx::postgres::{PgConnectOptions, PgPool};
use workflow_core::{
    RunId, RunRecord, StepEvent, Store, WorkflowId,
    record::{KeyedRun, Page, PageRequest, RunCounts, RunKey, RunQuery, WorkflowRecord},
    store::{Append, Catalog, RunLog, StoreError},
};
use workflow_sqlkit::{EncodedAppend, EncodedRun, EncodedVersion, UnreadableRows};

use crate::{
    builder::Builder,
    coordinator::PostgresCoordinator,
    error::{ConnectError, Target, failed},
    lock::{self, DatabaseLock, Mode},
    maintenance::Maintenance,
    runs,
    signals::Signals,
    workflows, write,
};

/// Workflows, runs and their logs in a Postgres database. Clones are the same store.
///
/// Any number of stores, in any number of processes, may use one database: of two appends to one log after the same
/// event, the second is refused with [`StoreError::Conflict`].
///
/// # Cancellation
/// A write whose future is dropped happens whole or not at all.
#[derive(Clone)]
pub struct PostgresStore {
    shared: Arc<Shared>,
}

struct Shared {
    target: Target,
    pool: PgPool,
    unreadable: UnreadableRows,
    maintenance: Maintenance,
    notifications_queued: usize,
}

impl PostgresStore {
    /// Connects to `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, and creates or updates the tables. Runs are kept
    /// until they are deleted.
    ///
    /// # Errors
    /// When the server or the database cannot be used: see [`ConnectErrorKind`](crate::ConnectErrorKind).
    pub async fn connect(url: &str) -> Result<Self, ConnectError> {
        Self::builder(url).connect().await
    }

    /// A store with other options.
    pub fn builder(url: &str) -> Builder {
        Builder::new(url)
    }

    pub(crate) fn new(target: Target, pool: PgPool, options: &Builder) -> Self {
        let shared = Shared {
            target,
            unreadable: UnreadableRows::default(),
            maintenance: Maintenance::spawn(pool.clone(), options.retention),
            notifications_queued: options.notifications_queued,
            pool,
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// The database without the password: `database "workflows" at db.example:5432`.
    pub fn database(&self) -> String {
        self.shared.target.to_string()
    }

    /// Waits until no other process holds the lock of this database, then holds it. A process that drives runs of the
    /// database should hold it; one that waits is a standby. `on_wait` is called once if there is something to wait
    /// for.
    ///
    /// The lock is an advisory lock of a connection of its own. The server frees it when the process ends, and within
    /// 15 seconds when its machine is gone.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the server cannot be reached at first. Later the connection is opened again
    /// however long that takes.
    ///
    /// # Cancellation
    /// A dropped future waits no longer and holds nothing.
    pub async fn lock(&self, on_wait: impl FnOnce()) -> Result<DatabaseLock, StoreError> {
        self.acquire(Mode::Alone, on_wait).await
    }

    /// As [`lock`](Self::lock), together with other processes: it waits only for one that holds the lock alone. For the
    /// instances of a [fleet](workflow_core::fleet).
    ///
    /// # Errors
    /// As [`lock`](Self::lock).
    ///
    /// # Cancellation
    /// As [`lock`](Self::lock).
    pub async fn lock_shared(&self, on_wait: impl FnOnce()) -> Result<DatabaseLock, StoreError> {
        self.acquire(Mode::Shared, on_wait).await
    }

    async fn acquire(
        &self,
        mode: Mode,
        on_wait: impl FnOnce(),
    ) -> Result<DatabaseLock, StoreError> {
        let options = self.shared.pool.connect_options();
        let options = PgConnectOptions::clone(&options);
        let locked = lock::acquire(options, mode, on_wait);
        locked.await.map_err(failed)
    }

    /// Connects an engine to the others on this database: see [`PostgresCoordinator`].
    ///
    /// It uses the connections of the store, and one of its own, on which notifications arrive. One coordinator is enough
    /// for a process.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if that connection cannot be opened at first. Later it is opened again however long
    /// that takes.
    pub async fn coordinator(&self) -> Result<PostgresCoordinator, StoreError> {
        let pool = self.pool().clone();
        let started = PostgresCoordinator::start(pool, self.shared.notifications_queued);
        started.await.map_err(failed)
    }

    /// Waits for the statements under way and closes the connections. Later calls of this store, its clones and
    /// its coordinators fail, and the notifications of these end.
    pub async fn close(&self) {
        self.pool().close().await;
    }

    /// The signals to its background tasks.
    pub(crate) fn signals(&self) -> &Signals {
        self.shared.maintenance.signals()
    }

    pub(crate) fn pool(&self) -> &PgPool {
        &self.shared.pool
    }
}

#[async_trait]
impl RunLog for PostgresStore {
    async fn create_run(
        &self,
        record: RunRecord,
        events: &[StepEvent],
        key: Option<RunKey>,
    ) -> Result<(), StoreError> {
        let run = EncodedRun::of(&record, events, key)?;
        write::create_run(self.pool(), &run).await?;
        self.signals().note_created_run();
        Ok(())
    }

    async fn run_by_key(&self, key: &RunKey) -> Result<Option<KeyedRun>, StoreError> {
        runs::of_key(self.pool(), key).await
    }

    async fn append(&self, run: RunId, append: Append<'_>) -> Result<(), StoreError> {
        let append = EncodedAppend::of(run, append)?;
        write::append(self.pool(), &append).await
    }

    async fn read(
        &self,
        run: RunId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<StepEvent>, StoreError> {
        runs::log(self.pool(), run, after, limit).await
    }

    async fn run(&self, run: RunId) -> Result<Option<RunRecord>, StoreError> {
        runs::find(self.pool(), run).await
    }

    async fn unfinished(
        &self,
        after: Option<RunId>,
        limit: usize,
    ) -> Result<Vec<RunRecord>, StoreError> {
        runs::unfinished(self.pool(), &self.shared.unreadable, after, limit).await
    }

    async fn delete_run(&self, run: RunId) -> Result<bool, StoreError> {
        let deleted = write::delete_run(self.pool(), run).await?;
        if deleted {
            self.signals().note_deleted_run();
        }
        Ok(deleted)
    }
}

#[async_trait]
impl Catalog for PostgresStore {
    async fn create_workflow(&self, record: WorkflowRecord) -> Result<(), StoreError> {
        write::create_workflow(self.pool(), &EncodedVersion::of(&record)?).await
    }

    async fn update_workflow(&self, record: WorkflowRecord) -> Result<bool, StoreError> {
        write::update_workflow(self.pool(), &EncodedVersion::of(&record)?).await
    }

    async fn workflow(
        &self,
        id: WorkflowId,
        version: Option<u32>,
    ) -> Result<Option<WorkflowRecord>, StoreError> {
        workflows::find(self.pool(), id, version).await
    }

    async fn workflows_named(
        &self,
        name: &str,
        limit: usize,
    ) -> Result<Vec<WorkflowId>, StoreError> {
        workflows::named(self.pool(), name, limit).await
    }

    async fn workflow_names(&self, limit: usize) -> Result<Vec<String>, StoreError> {
        workflows::names(self.pool(), limit).await
    }

    async fn workflows(&self, page: PageRequest) -> Result<Page<WorkflowRecord>, StoreError> {
        workflows::page(self.pool(), &self.shared.unreadable, &page).await
    }

    async fn versions(
        &self,
        id: WorkflowId,
        page: PageRequest,
    ) -> Result<Page<WorkflowRecord>, StoreError> {
        workflows::versions(self.pool(), &self.shared.unreadable, id, &page).await
    }

    async fn delete_workflow(
        &self,
        id: WorkflowId,
        if_version: Option<u32>,
    ) -> Result<bool, StoreError> {
        write::delete_workflow(self.pool(), id, if_version).await
    }

    async fn runs(&self, query: RunQuery) -> Result<Page<RunRecord>, StoreError> {
        let (unreadable, signals) = (&self.shared.unreadable, self.signals());
        runs::page(self.pool(), unreadable, signals, &query).await
    }

    async fn count_runs(&self, query: &RunQuery) -> Result<RunCounts, StoreError> {
        runs::count(self.pool(), self.signals(), query).await
    }
}

#[async_trait]
impl Store for PostgresStore {
    /// Writes a row: a server that is down, full or read-only, and missing tables are found.
    async fn ping(&self) -> Result<(), StoreError> {
        write::probe(self.pool()).await
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore")
            .field("database", &self.shared.target.to_string())
            .finish_non_exhaustive()
    }
}
