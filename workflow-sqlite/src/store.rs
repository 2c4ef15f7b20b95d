//! The store: reads with the readers, writes through the writer.

use std::{
    fmt,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use sqlx::sqlite::SqlitePool;
use tokio::{sync::oneshot, task::spawn_blocking};
use workflow_core::{
    RunId, RunRecord, StepEvent, Store, WorkflowId,
    record::{KeyedRun, Page, PageRequest, RunCounts, RunKey, RunQuery, WorkflowRecord},
    store::{Append, Catalog, RunLog, StoreError},
};
use workflow_sqlkit::{EncodedAppend, EncodedRun, EncodedVersion, UnreadableRows, unavailable};

use crate::{
    file::Condition,
    runs,
    scan::{Checked, Scanning},
    workflows,
    write::{Answer, Write},
    writer::{Job, Writing},
};

/// Workflows, runs and their logs in one SQLite file. Clones are the same store.
///
/// A write is answered once it is on the disk, together with all that were asked for while the one before
/// was written. Dropping its future before it is queued undoes it; after that it happens, whoever waits.
#[derive(Clone)]
pub struct SqliteStore {
    shared: Arc<Shared>,
}

struct Shared {
    path: PathBuf,
    condition: Arc<Condition>,
    readers: SqlitePool,
    unreadable: UnreadableRows,
    /// None once the store is closed.
    writer: Mutex<Option<Writing>>,
    scanning: Scanning,
}

impl SqliteStore {
    pub(crate) fn new(
        path: PathBuf,
        condition: Arc<Condition>,
        readers: SqlitePool,
        writer: Writing,
        scanning: Scanning,
    ) -> Self {
        let shared = Shared {
            path,
            condition,
            readers,
            unreadable: UnreadableRows::default(),
            writer: Mutex::new(Some(writer)),
            scanning,
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Writes what is queued, moves the write-ahead log into the file, and lets go of it. Whatever is asked
    /// of the store and its clones from then on is refused.
    ///
    /// A store that is only dropped does the same a little later, as long as its runtime lives; if that ends
    /// first, the next start does it.
    pub async fn close(&self) {
        self.shared.scanning.stop().await;
        // From here on reads are refused.
        let reads_end = self.shared.readers.close();
        let writer = self.writer().take();
        if let Some((queue, writing)) = writer {
            drop(queue);
            // It ends by itself, or with its runtime.
            let _ = writing.await;
        }
        reads_end.await;
    }

    /// Waits until the file has been looked through since it was opened, which takes as long as reading all of
    /// it twice, and returns what was found. Nothing else waits for that: the result is logged, too.
    ///
    /// None if the store was closed before the end, or the file could not be read.
    pub async fn checked(&self) -> Option<Checked> {
        self.shared.scanning.checked().await
    }

    fn writer(&self) -> MutexGuard<'_, Option<Writing>> {
        let writer = self.shared.writer.lock();
        writer.unwrap_or_else(PoisonError::into_inner)
    }

    /// What reads. Not from a file that is deleted: what is read there is already lost.
    pub(crate) fn readers(&self) -> Result<&SqlitePool, StoreError> {
        self.shared
            .condition
            .check_place()
            .map_err(StoreError::Unavailable)?;
        Ok(&self.shared.readers)
    }

    async fn write(&self, write: Write) -> Answer {
        let queue = self.writer().as_ref().map(|(queue, _)| queue.clone());
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
        first: StepEvent,
        key: Option<RunKey>,
    ) -> Result<(), StoreError> {
        let run = EncodedRun::of(&record, &first, key)?;
        self.write(Write::CreateRun(Box::new(run)))
            .await
            .map(|_| ())
    }

    async fn run_by_key(&self, key: &RunKey) -> Result<Option<KeyedRun>, StoreError> {
        runs::of_key(self.readers()?, key).await
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
        workflows::find(self.readers()?, id, version).await
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
        runs::page(self.readers()?, &self.shared.unreadable, &query).await
    }

    async fn count_runs(&self, query: &RunQuery) -> Result<RunCounts, StoreError> {
        runs::count(self.readers()?, query).await
    }
}

#[async_trait]
impl Store for SqliteStore {
    /// Writes a row, and a mebibyte beside the file that is deleted at once: a full disk and a file that became
    /// read-only, was deleted or is damaged are found.
    async fn ping(&self) -> Result<(), StoreError> {
        let condition = Arc::clone(&self.shared.condition);
        let space = spawn_blocking(move || {
            condition.check_writable()?;
            condition.check_space()
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
