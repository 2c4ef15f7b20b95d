//! The interface of a database, and one in memory.
//!
//! A [`Store`] joins two traits: a [`RunLog`] stores runs with their logs, a [`Catalog`] stores workflows and answers
//! lists, searches and counts. [`MemoryStore`] is for tests and programs that need no durable state. To write a store,
//! implement the three traits and run the suite of `testing::store` on it.
//!
//! Only an engine calls a store. A store never interprets events: it stores them as they are, and takes the head of a run
//! from [`Append::head`].

mod memory;

use async_trait::async_trait;

pub use self::memory::MemoryStore;
use crate::{
    event::StepEvent,
    record::{
        KeyedRun, Page, PageRequest, RunCounts, RunHead, RunKey, RunQuery, RunRecord,
        WorkflowRecord,
    },
    value::{RunId, WorkflowId},
};

/// Page size of the provided [`Catalog::workflow_names`]: a specification may be large, and a page holds whole ones.
const NAMES_AT_ONCE: usize = 10;

/// Stores runs, each with its record and its log.
///
/// After its creation, a run changes only through [`append`](Self::append). It is a compare-and-set on the number of
/// the last event, which gives order, fencing and idempotency: of two drivers that append after the same event, one
/// gets [`StoreError::Conflict`] and stops.
///
/// A persistent store verifies what it reads, for example by checksums. Damage is an error that names the run and the
/// event; altered data is never returned as if it were the original.
///
/// # Cancellation
/// Futures may be dropped at any await. A dropped write has happened completely or not at all, and the store stays
/// usable.
///
/// # Examples
/// A store that counts the events that are written to another one:
///
/// ```
/// use std::sync::atomic::{AtomicUsize, Ordering};
/// use async_trait::async_trait;
/// use workflow_core::{
///     MemoryStore, RunId, RunRecord, StepEvent,
///     record::{KeyedRun, RunKey},
///     store::{Append, RunLog, StoreError},
/// };
///
/// struct Counted<S> {
///     store: S,
///     events: AtomicUsize,
/// }
///
/// #[async_trait]
/// impl<S: RunLog> RunLog for Counted<S> {
///     async fn append(&self, run: RunId, append: Append<'_>) -> Result<(), StoreError> {
///         self.store.append(run, append).await?;
///         self.events.fetch_add(append.events.len(), Ordering::Relaxed);
///         Ok(())
///     }
///
///     // The other methods call the same method of `self.store`.
/// #     async fn create_run(
/// #         &self,
/// #         record: RunRecord,
/// #         events: &[StepEvent],
/// #         key: Option<RunKey>,
/// #     ) -> Result<(), StoreError> {
/// #         self.store.create_run(record, events, key).await
/// #     }
/// #     async fn run_by_key(&self, key: &RunKey) -> Result<Option<KeyedRun>, StoreError> {
/// #         self.store.run_by_key(key).await
/// #     }
/// #     async fn read(
/// #         &self,
/// #         run: RunId,
/// #         after: u64,
/// #         limit: usize,
/// #     ) -> Result<Vec<StepEvent>, StoreError> {
/// #         self.store.read(run, after, limit).await
/// #     }
/// #     async fn run(&self, run: RunId) -> Result<Option<RunRecord>, StoreError> {
/// #         self.store.run(run).await
/// #     }
/// #     async fn unfinished(
/// #         &self,
/// #         after: Option<RunId>,
/// #         limit: usize,
/// #     ) -> Result<Vec<RunRecord>, StoreError> {
/// #         self.store.unfinished(after, limit).await
/// #     }
/// #     async fn delete_run(&self, run: RunId) -> Result<bool, StoreError> {
/// #         self.store.delete_run(run).await
/// #     }
/// }
/// # let _ = Counted { store: MemoryStore::new(), events: AtomicUsize::new(0) };
/// ```
#[async_trait]
pub trait RunLog: Send + Sync + 'static {
    /// Stores a new run with its first events and its idempotency key, all in one transaction.
    ///
    /// There is at least one event, they are numbered from 1 without gaps, and the record has the head that they make. It
    /// may be that of a run that has ended: a short run is stored as a whole.
    ///
    /// # Errors
    /// [`StoreError::KeyTaken`] if another run has this key, [`StoreError::Full`], or [`StoreError::Unavailable`].
    async fn create_run(
        &self,
        record: RunRecord,
        events: &[StepEvent],
        key: Option<RunKey>,
    ) -> Result<(), StoreError>;

    /// Returns the run with this idempotency key and the hash of its request; `None` if there is no such run.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    async fn run_by_key(&self, key: &RunKey) -> Result<Option<KeyedRun>, StoreError>;

    /// Appends events to the log of a run and replaces the head of its record, in one transaction.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if [`Append::expected_seq`] is not the number of the last event in the log,
    /// [`StoreError::NoSuchRun`], or [`StoreError::Unavailable`]. Only the last one is retried by an engine.
    async fn append(&self, run: RunId, append: Append<'_>) -> Result<(), StoreError>;

    /// Returns at most `limit` events of a run with a number greater than `after`, in order.
    ///
    /// It may return fewer events if they are large. It returns none only at the end of the log, or if `limit` is 0.
    /// To read a whole log, call it until it returns none.
    ///
    /// # Errors
    /// [`StoreError::NoSuchRun`]; [`StoreError::Damaged`] if the first event to return is not the one that was
    /// written, or is missing although the record of the run counts it (events before a damaged one are returned
    /// first); [`StoreError::Unavailable`].
    async fn read(
        &self,
        run: RunId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<StepEvent>, StoreError>;

    /// Returns the record of a run; `None` if there is no such run.
    ///
    /// # Errors
    /// [`StoreError::DamagedRun`] if the stored record cannot be decoded, or [`StoreError::Unavailable`].
    async fn run(&self, run: RunId) -> Result<Option<RunRecord>, StoreError>;

    /// Returns at most `limit` records of runs that have not ended and are younger than `after`, oldest first.
    ///
    /// An engine recovers these runs when its process starts. Records that cannot be read are left out.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn unfinished(
        &self,
        after: Option<RunId>,
        limit: usize,
    ) -> Result<Vec<RunRecord>, StoreError>;

    /// Deletes a run, its log and its key. Returns `false` if there is no such run.
    ///
    /// The run is invisible as soon as this returns, however long its log is. A store that needs time to delete the
    /// events does so later, without delaying other writes.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn delete_run(&self, run: RunId) -> Result<bool, StoreError>;
}

/// Stores workflows, and answers lists, searches and counts of workflows and runs.
///
/// Lists leave out records that cannot be read, so that one damaged record does not hide the others.
///
/// A list is paged by a cursor that the store chooses, such as the id of the last record: records that are added
/// meanwhile must not shift the pages. A malformed cursor is [`StoreError::BadCursor`], never an empty page.
#[async_trait]
pub trait Catalog: Send + Sync + 'static {
    /// Stores the first version of a new workflow.
    ///
    /// # Errors
    /// [`StoreError::Full`] or [`StoreError::Unavailable`].
    async fn create_workflow(&self, record: WorkflowRecord) -> Result<(), StoreError>;

    /// Stores the next version of a workflow. A compare-and-set: it returns `false` and stores nothing unless the
    /// newest stored version is the direct predecessor, or if the workflow is deleted or unknown.
    ///
    /// # Errors
    /// [`StoreError::Full`] or [`StoreError::Unavailable`].
    async fn update_workflow(&self, record: WorkflowRecord) -> Result<bool, StoreError>;

    /// Returns a version of a workflow, by default the newest; `None` if there is no such version.
    ///
    /// After [`delete_workflow`](Self::delete_workflow), numbered versions stay readable, since runs pin them. Only
    /// the newest (`version: None`) is gone.
    ///
    /// # Errors
    /// [`StoreError::DamagedWorkflow`] if the stored record cannot be decoded, or [`StoreError::Unavailable`].
    async fn workflow(
        &self,
        id: WorkflowId,
        version: Option<u32>,
    ) -> Result<Option<WorkflowRecord>, StoreError>;

    /// Returns at most `limit` workflows that are not deleted and whose newest version has this name, newest
    /// workflow first. It also returns workflows whose record cannot be read: a name stays in use.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn workflows_named(
        &self,
        name: &str,
        limit: usize,
    ) -> Result<Vec<WorkflowId>, StoreError>;

    /// Returns at most `limit` names of workflows that are not deleted, in any order. They are the candidates of
    /// "did you mean" hints.
    ///
    /// Provided: reads the newest workflows, a few at a time. A store with an index of names should override it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn workflow_names(&self, limit: usize) -> Result<Vec<String>, StoreError> {
        let mut names = Vec::new();
        let mut cursor = None;
        for _ in 0..limit.div_ceil(NAMES_AT_ONCE) {
            let page = self
                .workflows(PageRequest::new(NAMES_AT_ONCE, cursor))
                .await?;
            names.extend(page.items.into_iter().filter_map(|record| record.name));
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        names.truncate(limit);
        Ok(names)
    }

    /// Returns a page of workflows that are not deleted, each in its newest version, newest workflow first.
    ///
    /// # Errors
    /// [`StoreError::BadCursor`] if the cursor is not from this list, or [`StoreError::Unavailable`].
    async fn workflows(&self, page: PageRequest) -> Result<Page<WorkflowRecord>, StoreError>;

    /// Returns a page of the versions of a workflow, newest first. It is empty if the workflow is deleted or unknown.
    ///
    /// # Errors
    /// As [`workflows`](Self::workflows).
    async fn versions(
        &self,
        id: WorkflowId,
        page: PageRequest,
    ) -> Result<Page<WorkflowRecord>, StoreError>;

    /// Removes a workflow from the list, so that no new run can name it. Its versions stay readable by number.
    ///
    /// Returns `false` and changes nothing if the workflow is deleted or unknown, or if `if_version` is set and is
    /// not the newest version.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn delete_workflow(
        &self,
        id: WorkflowId,
        if_version: Option<u32>,
    ) -> Result<bool, StoreError>;

    /// Returns a page of the run records that match a query, newest first.
    ///
    /// # Errors
    /// As [`workflows`](Self::workflows).
    async fn runs(&self, query: RunQuery) -> Result<Page<RunRecord>, StoreError>;

    /// Counts the runs that match a query, by status. The status and the page of the query are ignored, and runs
    /// whose record cannot be read are counted too.
    ///
    /// Without a text, all runs are counted. With one, a store may stop after some thousand of the newest candidates: the runs
    /// that have all parts of the text that it looks up. It then sets [`RunCounts::at_least`], also if none of them matched.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn count_runs(&self, query: &RunQuery) -> Result<RunCounts, StoreError>;
}

/// Stores workflows, runs and their logs. A [`LocalEngine`](crate::LocalEngine) needs one.
///
/// The conformance suite `testing::store` (feature `testing`) checks an implementation against the contracts of
/// all three traits.
///
/// ```
/// use std::sync::Arc;
/// use workflow_core::{LocalEngine, MemoryStore, Registry, Store};
///
/// let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
/// let engine = LocalEngine::builder(Registry::default()).with_store(store).build();
/// ```
#[async_trait]
pub trait Store: RunLog + Catalog {
    /// Checks that the store can be written and that writes persist. It fails, for example, if the files of the
    /// store were deleted while they are open, or if there is space left for a small record only.
    ///
    /// An engine calls it for its readiness check, at most twice a second, and gives it 500 ms.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the check fails.
    async fn ping(&self) -> Result<(), StoreError>;
}

/// Events to append to the log of a run, with the resulting head of its record.
///
/// A store compares `expected_seq` with the end of the log, writes `events` and replaces the stored head by `head`,
/// all in one transaction. It need not look into the events.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Append<'a> {
    /// The expected number of the last event in the log; 0 for an empty log.
    pub expected_seq: u64,
    /// The events, numbered from `expected_seq + 1` without gaps.
    pub events: &'a [StepEvent],
    /// The mutable part of the record of the run, with these events applied.
    pub head: &'a RunHead,
}

impl<'a> Append<'a> {
    /// An append of events that follow event number `expected_seq`.
    pub fn new(expected_seq: u64, events: &'a [StepEvent], head: &'a RunHead) -> Self {
        Self {
            expected_seq,
            events,
            head,
        }
    }
}

const _: fn(&dyn Store) = |_| {};

/// Why an operation of a store failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The log ends at another event than the writer expected: another driver owns the run.
    #[error("the log of run {run} ends at event {actual}, not at {expected}")]
    Conflict {
        /// The run.
        run: RunId,
        /// The last number that the writer expected.
        expected: u64,
        /// The actual last number.
        actual: u64,
    },
    /// No run has this id.
    #[error("there is no run {0}")]
    NoSuchRun(RunId),
    /// The cursor is malformed or from another list.
    #[error("the cursor is not from this list")]
    BadCursor,
    /// Another run has this idempotency key.
    #[error("another run has this key already")]
    KeyTaken,
    /// A stored event cannot be decoded, or is not what was written.
    #[error("event {seq} of run {run} cannot be read")]
    Damaged {
        /// The run.
        run: RunId,
        /// The number of the event.
        seq: u64,
        /// The cause.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The stored record of a run cannot be decoded. It is damaged, or a newer version of the program wrote it.
    #[error("the record of run {run} cannot be read")]
    DamagedRun {
        /// The run.
        run: RunId,
        /// The cause.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The stored record of a workflow cannot be decoded. It is damaged, or a newer version of the program wrote it.
    #[error("the record of workflow {workflow} cannot be read")]
    DamagedWorkflow {
        /// The workflow.
        workflow: WorkflowId,
        /// The cause.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The store has reached its size limit and accepts no new runs and workflows. Runs can be deleted, or the
    /// limit raised.
    #[error("the store is full: its limit is {most} bytes")]
    Full {
        /// The limit in bytes.
        most: usize,
    },
    /// The store cannot be read or written now. The operation can be retried.
    #[error("the store is unavailable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}
