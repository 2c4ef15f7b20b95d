//! [`SqliteStore`]: the implementation of [`Store`] with a pool of readers and one writer.

use std::{
    fmt,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use sqlx::sqlite::SqlitePool;
use tokio::{
    sync::{mpsc, oneshot},
    task::spawn_blocking,
};
use workflow_core::{
    RunId, RunRecord, StepEvent, Store, WorkflowId,
    record::{KeyedRun, Page, PageRequest, RunCounts, RunKey, RunQuery, WorkflowRecord},
    store::{Append, Catalog, RunLog, StoreError},
};
use workflow_sqlkit::{EncodedAppend, EncodedRun, EncodedVersion, UnreadableRows, unavailable};

use crate::{
    block::IndexSignal,
    file::FileHealth,
    newest::NewestVersions,
    runs,
    scan::{CheckReport, ScanHandle},
    workflows,
    write::{Write, WriteResult},
    writer::{Job, WriterHandle},
};

/// A store of workflows, runs and their logs in one SQLite file. Cheap to clone; clones are the same store.
///
/// A write returns after it is on the disk (`synchronous=FULL`). All writes that are queued meanwhile share
/// the next transaction.
///
/// # Cancellation
/// Dropping the future of a write before it is queued cancels it. A queued write is carried out.
#[derive(Clone)]
pub struct SqliteStore {
    shared: Arc<Shared>,
}

/// The state that all clones share.
struct Shared {
    path: PathBuf,
    health: Arc<FileHealth>,
    readers: SqlitePool,
    unreadable: UnreadableRows,
    newest: NewestVersions,
    index: Arc<IndexSignal>,
    /// `None` after the store is closed.
    writer: Mutex<Option<WriterHandle>>,
    scan: ScanHandle,
}

impl SqliteStore {
    pub(crate) fn new(
        path: PathBuf,
        health: Arc<FileHealth>,
        readers: SqlitePool,
        newest: NewestVersions,
        index: Arc<IndexSignal>,
        writer: WriterHandle,
        scan: ScanHandle,
    ) -> Self {
        let shared = Shared {
            path,
            health,
            readers,
            unreadable: UnreadableRows::default(),
            newest,
            index,
            writer: Mutex::new(Some(writer)),
            scan,
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Closes the store: completes the queued writes, moves the write-ahead log into the file, and releases
    /// the lock. Later calls of the store and its clones fail with [`StoreError::Unavailable`].
    ///
    /// Dropping the last clone does the same in the background, as long as the runtime runs. If the runtime
    /// stops first, the next start moves the write-ahead log. No acknowledged write is lost either way.
    pub async fn close(&self) {
        self.shared.scan.stop().await;
        // Reads fail from here on.
        let reads_end = self.shared.readers.close();
        let writer = self.writer().take();
        if let Some((queue, writing)) = writer {
            drop(queue);
            // The task ends by itself or is cancelled with its runtime. Neither is an error here.
            let _ = writing.await;
        }
        reads_end.await;
    }

    /// Waits for the background check of the file and returns its report. The check takes as long as
    /// reading the file twice, at half of the disk's speed. Its result is also logged, so waiting is
    /// optional.
    ///
    /// `None` if the store was closed before the end, or the file could not be read.
    pub async fn check_report(&self) -> Option<CheckReport> {
        self.shared.scan.report().await
    }

    fn writer(&self) -> MutexGuard<'_, Option<WriterHandle>> {
        let writer = self.shared.writer.lock();
        writer.unwrap_or_else(PoisonError::into_inner)
    }

    /// The connections that read. Fails if the file is not at its path any more: its contents are lost, so
    /// they must not be returned.
    pub(crate) fn readers(&self) -> Result<&SqlitePool, StoreError> {
        self.shared
            .health
            .check_paths()
            .map_err(StoreError::Unavailable)?;
        Ok(&self.shared.readers)
    }

    /// The state of the search index.
    pub(crate) fn index(&self) -> &Arc<IndexSignal> {
        &self.shared.index
    }

    /// The queue of the writer; `None` after the store is closed.
    pub(crate) fn queue(&self) -> Option<mpsc::Sender<Job>> {
        self.writer().as_ref().map(|(queue, _)| queue.clone())
    }

    /// Queues a change and waits for its result. Waits if the queue is full, which slows callers down when the
    /// disk is slower than they are.
    async fn write(&self, write: Write) -> WriteResult {
        let queue = self.queue();
        let (answer, answered) = oneshot::channel();
        let queued = match queue {
            Some(queue) => queue.send(Job { write, answer }).await.is_ok(),
            None => false,
        };
        if !queued {
            return Err(closed());
        }
        answered.await.unwrap_or_else(|_| Err(closed()))
    }
}

fn closed() -> StoreError {
    unavailable("the store is closed")
}

#[async_trait]
impl RunLog for SqliteStore {
    async fn create_run(
        &self,
        record: RunRecord,
        events: &[StepEvent],
        key: Option<RunKey>,
    ) -> Result<(), StoreError> {
        let run = EncodedRun::of(&record, events, key)?;
        self.write(Write::CreateRun(Box::new(run)))
            .await
            .map(|_| ())
    }

    async fn run_by_key(&self, key: &RunKey) -> Result<Option<KeyedRun>, StoreError> {
        runs::by_key(self.readers()?, key).await
    }

    async fn append(&self, run: RunId, append: Append<'_>) -> Result<(), StoreError> {
        let append = EncodedAppend::of(run, append)?;
        self.write(Write::Append(append)).await.map(|_| ())
    }

    async fn read(
        &self,
        run: RunId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<StepEvent>, StoreError> {
        runs::log(self.readers()?, run, after, limit).await
    }

    async fn run(&self, run: RunId) -> Result<Option<RunRecord>, StoreError> {
        runs::find(self.readers()?, run).await
    }

    async fn unfinished(
        &self,
        after: Option<RunId>,
        limit: usize,
    ) -> Result<Vec<RunRecord>, StoreError> {
        runs::unfinished(self.readers()?, &self.shared.unreadable, after, limit).await
    }

    async fn delete_run(&self, run: RunId) -> Result<bool, StoreError> {
        self.write(Write::DeleteRun(run)).await
    }
}

#[async_trait]
impl Catalog for SqliteStore {
    async fn create_workflow(&self, record: WorkflowRecord) -> Result<(), StoreError> {
        let write = Write::CreateWorkflow(EncodedVersion::of(&record)?);
        self.write(write).await.map(|_| ())
    }

    async fn update_workflow(&self, record: WorkflowRecord) -> Result<bool, StoreError> {
        self.write(Write::UpdateWorkflow(EncodedVersion::of(&record)?))
            .await
    }

    async fn workflow(
        &self,
        id: WorkflowId,
        version: Option<u32>,
    ) -> Result<Option<WorkflowRecord>, StoreError> {
        let readers = self.readers()?;
        if version.is_some() {
            return workflows::find(readers, id, version).await;
        }
        if readers.is_closed() {
            return Err(unavailable("the store is closed"));
        }
        let newest = &self.shared.newest;
        let read_at = match newest.get(id) {
            Ok(record) => return Ok(Some(record)),
            Err(read_at) => read_at,
        };
        let found = workflows::find(readers, id, None).await?;
        if let Some(record) = &found {
            newest.insert(record, &read_at);
        }
        Ok(found)
    }

    async fn workflows_named(
        &self,
        name: &str,
        limit: usize,
    ) -> Result<Vec<WorkflowId>, StoreError> {
        workflows::named(self.readers()?, name, limit).await
    }

    async fn workflow_names(&self, limit: usize) -> Result<Vec<String>, StoreError> {
        workflows::names(self.readers()?, limit).await
    }

    async fn workflows(&self, page: PageRequest) -> Result<Page<WorkflowRecord>, StoreError> {
        workflows::page(self.readers()?, &self.shared.unreadable, &page).await
    }

    async fn versions(
        &self,
        id: WorkflowId,
        page: PageRequest,
    ) -> Result<Page<WorkflowRecord>, StoreError> {
        workflows::versions(self.readers()?, &self.shared.unreadable, id, &page).await
    }

    async fn delete_workflow(
        &self,
        id: WorkflowId,
        if_version: Option<u32>,
    ) -> Result<bool, StoreError> {
        self.write(Write::DeleteWorkflow(id, if_version)).await
    }

    async fn runs(&self, query: RunQuery) -> Result<Page<RunRecord>, StoreError> {
        let unreadable = &self.shared.unreadable;
        runs::page(self.readers()?, unreadable, self.index(), &query).await
    }

    async fn count_runs(&self, query: &RunQuery) -> Result<RunCounts, StoreError> {
        runs::count(self.readers()?, self.index(), query).await
    }
}

#[async_trait]
impl Store for SqliteStore {
    /// Checks that the store can be written: writes a row, and a file of 1 MiB that is deleted at once. Finds
    /// a full disk, and a file that became read-only, was deleted or is damaged.
    async fn ping(&self) -> Result<(), StoreError> {
        let health = Arc::clone(&self.shared.health);
        let space = spawn_blocking(move || {
            health.check_writable()?;
            health.check_space()
        });
        let space = space.await.map_err(unavailable)?;
        space.map_err(StoreError::Unavailable)?;
        self.write(Write::Probe).await.map(|_| ())
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore")
            .field("path", &self.shared.path)
            .finish_non_exhaustive()
    }
}
