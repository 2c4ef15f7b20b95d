//! The interface of a database, and one in memory.
//!
//! A [`Store`] joins two traits: a [`RunLog`] stores runs with their logs, a [`Catalog`] stores workflows and answers
//! lists, searches and counts. [`MemoryStore`] is for tests and programs that need no durable state. To write a store,
//! implement the three traits and run the suite of `testing::store` on it.

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

/// How many specifications are in memory at once while names are read.
const NAMES_AT_ONCE: usize = 10;

/// Stores runs, each with its record and its log.
///
/// [`append`](Self::append) is the only change to a run, and a compare-and-set: order, fencing and
/// idempotency in one. Futures may be dropped at any await; a dropped write has happened whole or not at all.
///
/// A store that outlives its process compares what it reads with what it wrote: damage is an error that names
/// the run and event, and is never returned as if it were the original.
#[async_trait]
pub trait RunLog: Send + Sync + 'static {
    /// Keeps a new run with its first event, and with the key that it was asked for by.
    ///
    /// # Errors
    /// [`StoreError::KeyTaken`] when there is a run of this key; [`StoreError::Full`]; or the store cannot
    /// be written.
    async fn create_run(
        &self,
        record: RunRecord,
        first: StepEvent,
        key: Option<RunKey>,
    ) -> Result<(), StoreError>;

    /// The run that was asked for by this key, and what was asked; none when there is no such run.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    async fn run_by_key(&self, key: &RunKey) -> Result<Option<KeyedRun>, StoreError>;

    /// Adds events to the log of a run, all or none, together with what they make of its record.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when [`Append::expected_seq`] is not the number of the log's last event;
    /// [`StoreError::NoSuchRun`]; or the store cannot be written.
    async fn append(&self, run: RunId, append: Append<'_>) -> Result<(), StoreError>;

    /// At most `limit` events of a run that come after number `after`, in order. There may be fewer when
    /// they are large, and none only at the end of the log (or when none is wanted): read on until nothing
    /// comes.
    ///
    /// # Errors
    /// [`StoreError::NoSuchRun`]; [`StoreError::Damaged`] when the first of them is not the event that was
    /// written, or is missing although the run's record counts it, since those before such a one are given; or
    /// the store cannot be read.
    async fn read(
        &self,
        run: RunId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<StepEvent>, StoreError>;

    /// The record of a run; none when there is no such run.
    ///
    /// # Errors
    /// [`StoreError::DamagedRun`] when its record is not one; or the store cannot be read.
    async fn run(&self, run: RunId) -> Result<Option<RunRecord>, StoreError>;

    /// At most `limit` records of runs that have not ended, oldest first, of those younger than `after`.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn unfinished(
        &self,
        after: Option<RunId>,
        limit: usize,
    ) -> Result<Vec<RunRecord>, StoreError>;

    /// Forgets a run, its log and its key. Says whether there was one. It is gone at once, however long its log,
    /// and other writes do not wait for the deletion of that.
    ///
    /// # Errors
    /// When the store cannot be written.
    async fn delete_run(&self, run: RunId) -> Result<bool, StoreError>;
}

/// Stores workflows, and answers what lists, searches and counts ask.
///
/// Lists leave out records that cannot be read, so that one of them does not hide the others.
#[async_trait]
pub trait Catalog: Send + Sync + 'static {
    /// Keeps the first version of a new workflow.
    ///
    /// # Errors
    /// When the store cannot be written.
    async fn create_workflow(&self, record: WorkflowRecord) -> Result<(), StoreError>;

    /// Keeps the next version of a workflow. Says whether it did: not when the newest is another than
    /// the one before it, or the workflow is deleted or unknown.
    ///
    /// # Errors
    /// When the store cannot be written.
    async fn update_workflow(&self, record: WorkflowRecord) -> Result<bool, StoreError>;

    /// A version of a workflow, the newest when none is named; none when there is no such version.
    /// Versions stay readable after [`delete_workflow`](Self::delete_workflow), since runs pin them.
    ///
    /// # Errors
    /// [`StoreError::DamagedWorkflow`] when its record is not one; or the store cannot be read.
    async fn workflow(
        &self,
        id: WorkflowId,
        version: Option<u32>,
    ) -> Result<Option<WorkflowRecord>, StoreError>;

    /// At most `limit` workflows whose newest version has this name and that are not deleted, newest
    /// workflow first. Their records need not be readable.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn workflows_named(
        &self,
        name: &str,
        limit: usize,
    ) -> Result<Vec<WorkflowId>, StoreError>;

    /// At most `limit` names of workflows that are not deleted, in any order: the candidates of "did you
    /// mean". Provided: reads the newest workflows, a few at a time. A store that has an index of names
    /// should read that instead.
    ///
    /// # Errors
    /// When the store cannot be read.
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

    /// The newest version of each workflow that is not deleted, newest workflow first.
    ///
    /// # Errors
    /// [`StoreError::BadCursor`] when the cursor is not one of this list; or the store cannot be read.
    async fn workflows(&self, page: PageRequest) -> Result<Page<WorkflowRecord>, StoreError>;

    /// The versions of a workflow, newest first; none of one that is deleted or unknown.
    ///
    /// # Errors
    /// As [`workflows`](Self::workflows).
    async fn versions(
        &self,
        id: WorkflowId,
        page: PageRequest,
    ) -> Result<Page<WorkflowRecord>, StoreError>;

    /// Takes a workflow off the list, and lets no new run name it; with `if_version`, only if that is the
    /// newest by now. Says whether it did.
    ///
    /// # Errors
    /// When the store cannot be written.
    async fn delete_workflow(
        &self,
        id: WorkflowId,
        if_version: Option<u32>,
    ) -> Result<bool, StoreError>;

    /// The records of runs, newest first.
    ///
    /// # Errors
    /// As [`workflows`](Self::workflows).
    async fn runs(&self, query: RunQuery) -> Result<Page<RunRecord>, StoreError>;

    /// How many runs there are of each status, among those a query wants whatever their status. Their
    /// records need not be readable.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn count_runs(&self, query: &RunQuery) -> Result<RunCounts, StoreError>;
}

/// Stores workflows, runs and their logs: what a [`LocalEngine`](crate::LocalEngine) needs.
///
/// The suite `testing::store` checks an implementation against the contract of all three traits.
#[async_trait]
pub trait Store: RunLog + Catalog {
    /// Finds out whether the store can be written, and whether what is written stays: not when its files were
    /// deleted while they are open, nor when there is space for a small record only.
    ///
    /// # Errors
    /// When it cannot.
    async fn ping(&self) -> Result<(), StoreError>;
}

/// Events to add to the log of a run, with the record that they result in.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Append<'a> {
    /// The number of the last event in the log, 0 for an empty one. The compare of the compare-and-set.
    pub expected_seq: u64,
    /// The events, numbered on from `expected_seq`.
    pub events: &'a [StepEvent],
    /// The mutable part of the record of the run, after these events.
    pub head: &'a RunHead,
}

impl<'a> Append<'a> {
    /// Events that follow event number `expected_seq`.
    pub fn new(expected_seq: u64, events: &'a [StepEvent], head: &'a RunHead) -> Self {
        Self {
            expected_seq,
            events,
            head,
        }
    }
}

const _: fn(&dyn Store) = |_| {};

/// Why a store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The log has gone on, or never came this far: another driver owns the run.
    #[error("the log of run {run} ends at event {actual}, not at {expected}")]
    Conflict {
        /// The run.
        run: RunId,
        /// The number the writer took for the last.
        expected: u64,
        /// The number that is the last.
        actual: u64,
    },
    /// There is no such run.
    #[error("there is no run {0}")]
    NoSuchRun(RunId),
    /// The cursor is not one that this list gave.
    #[error("the cursor is not one that this list gave")]
    BadCursor,
    /// There is a run that was asked for by this key.
    #[error("there is a run of this key already")]
    KeyTaken,
    /// What is stored as an event of a run is none.
    #[error("event {seq} of run {run} cannot be read")]
    Damaged {
        /// The run.
        run: RunId,
        /// The number of the event.
        seq: u64,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// What is stored as the record of a run is none, or one of a newer version of this program.
    #[error("the record of run {run} cannot be read")]
    DamagedRun {
        /// The run.
        run: RunId,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// What is stored as the record of a workflow is none, or one of a newer version of this program.
    #[error("the record of workflow {workflow} cannot be read")]
    DamagedWorkflow {
        /// The workflow.
        workflow: WorkflowId,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The store holds as much as it may, and takes no new runs and workflows.
    #[error("the store holds {most} bytes, as many as it may")]
    Full {
        /// How many bytes that is.
        most: usize,
    },
    /// The store cannot be read or written.
    #[error("the store does not answer")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}
