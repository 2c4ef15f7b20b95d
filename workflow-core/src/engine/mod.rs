//! Stored workflows, and runs in the background, independent of their readers.
//!
//! - [`Engine`] is what a service needs: [`Workflows`] checks and stores specifications, [`Runs`] starts, answers,
//!   cancels and reads runs. Functions take a `&dyn Engine`.
//! - [`LocalEngine`] implements it in this process, over a [`Store`](crate::Store); [`LocalEngineBuilder`] has its
//!   settings. After a restart, [`LocalEngine::recover`] resumes what has not ended.
//! - [`NewRun`] starts a run, [`Retry`] repeats one that has ended, whole or from a node.
//! - An [`Observer`] is called with each stored event, for metrics.

mod limits;
mod local;
mod observer;
mod read;

use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::BoxStream;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

pub use self::{
    limits::EngineLimits,
    local::{LocalEngine, LocalEngineBuilder, Recovered},
    observer::Observer,
};
use crate::{
    error::{Fault, InvalidWorkflow, Problem},
    event::{NodeOutline, StepEvent, Update},
    executor::SignalError,
    node::Registry,
    record::{Page, PageRequest, RunCounts, RunQuery, RunRecord, WorkflowRecord},
    store::StoreError,
    value::{NodeId, RunId, StepPath, WaitId, WorkflowId},
    view::{RunReport, StepHistory},
};

/// Checks and stores workflows.
#[async_trait]
pub trait Workflows: Send + Sync + 'static {
    /// Checks a specification and stores it as a new workflow.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] with every fault; nothing is stored then.
    async fn create_workflow(&self, spec: Value) -> Result<Created, EngineError>;

    /// Checks a specification and stores it as the next version of a workflow. With `if_version`, only
    /// if that is the newest by now.
    ///
    /// # Errors
    /// [`EngineError::NoSuchWorkflow`], [`EngineError::OtherVersion`], or [`EngineError::Invalid`] with
    /// every fault; nothing is stored then.
    async fn update_workflow(
        &self,
        id: WorkflowId,
        spec: Value,
        if_version: Option<u32>,
    ) -> Result<Created, EngineError>;

    /// A version of a workflow, the newest when none is named.
    ///
    /// # Errors
    /// [`EngineError::NoSuchWorkflow`], [`EngineError::NoSuchVersion`].
    async fn workflow(
        &self,
        id: WorkflowId,
        version: Option<u32>,
    ) -> Result<WorkflowRecord, EngineError>;

    /// The stored workflows, newest first.
    ///
    /// # Errors
    /// [`EngineError::BadCursor`].
    async fn workflows(&self, page: PageRequest) -> Result<Page<WorkflowRecord>, EngineError>;

    /// The versions of a workflow, newest first.
    ///
    /// # Errors
    /// [`EngineError::NoSuchWorkflow`], [`EngineError::BadCursor`].
    async fn versions(
        &self,
        id: WorkflowId,
        page: PageRequest,
    ) -> Result<Page<WorkflowRecord>, EngineError>;

    /// Deletes a workflow. Its runs, and the versions they run, stay. With `if_version`, only if that is
    /// the newest by now.
    ///
    /// # Errors
    /// [`EngineError::NoSuchWorkflow`], [`EngineError::OtherVersion`].
    async fn delete_workflow(
        &self,
        id: WorkflowId,
        if_version: Option<u32>,
    ) -> Result<(), EngineError>;

    /// Checks a specification and stores nothing.
    ///
    /// # Errors
    /// When the store cannot be asked for the workflows it calls.
    async fn validate(&self, spec: &Value) -> Result<Validation, EngineError>;
}

/// Starts, answers and reads runs.
///
/// Runs belong to the engine: nothing here depends on a reader.
#[async_trait]
pub trait Runs: Send + Sync + 'static {
    /// Stores a new run and starts it as soon as there is room. With a key that was used before, it
    /// gives the run of that key instead.
    ///
    /// # Errors
    /// [`EngineError::KeyReused`] when the run of the key was started with something else;
    /// [`EngineError::NoSuchWorkflow`], [`EngineError::InvalidInput`], [`EngineError::Busy`] when too
    /// many runs wait already or hold too much memory, [`EngineError::Invalid`] when a workflow that it calls is gone,
    /// [`EngineError::ShuttingDown`], or [`EngineError::Store`].
    ///
    /// # Cancellation
    /// A run that was stored goes on, also when its caller is gone.
    async fn start(&self, run: NewRun) -> Result<RunRecord, EngineError>;

    /// Does a run that has ended again, as a new run that is linked to it by `retry_of`: whole, or from
    /// a node on, with the results of what came before.
    ///
    /// # Errors
    /// [`EngineError::NoSuchRun`], [`EngineError::NotEnded`], [`EngineError::InvalidRetry`], or as
    /// [`start`](Self::start).
    ///
    /// # Cancellation
    /// As [`start`](Self::start).
    async fn retry(&self, retry: Retry) -> Result<RunRecord, EngineError>;

    /// The record of a run.
    ///
    /// # Errors
    /// [`EngineError::NoSuchRun`].
    async fn run_record(&self, id: RunId) -> Result<RunRecord, EngineError>;

    /// A run, step by step. Provided: folds the events that the record of the run counts.
    ///
    /// A log that cannot be read on does not hide what comes before: the report ends there, and
    /// [`RunReport::blocked`] says why.
    ///
    /// # Errors
    /// [`EngineError::NoSuchRun`].
    async fn run_report(&self, id: RunId) -> Result<RunReport, EngineError> {
        read::run_report(self, id).await
    }

    /// One step of a run, attempt by attempt: also the prompt as it was sent, where its node keeps it. Provided:
    /// folds the events of the step.
    ///
    /// # Errors
    /// [`EngineError::NoSuchRun`], [`EngineError::NoSuchStep`].
    async fn step_history(&self, run: RunId, path: &StepPath) -> Result<StepHistory, EngineError> {
        read::step_history(self, run, path).await
    }

    /// Runs, newest first.
    ///
    /// # Errors
    /// [`EngineError::BadCursor`].
    async fn runs(&self, query: RunQuery) -> Result<Page<RunRecord>, EngineError>;

    /// How many runs there are of each status, among those a query wants whatever their status.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn count_runs(&self, query: &RunQuery) -> Result<RunCounts, EngineError>;

    /// Forgets a run that has ended, or that cannot go on.
    ///
    /// # Errors
    /// [`EngineError::NoSuchRun`], [`EngineError::NotEnded`].
    async fn delete_run(&self, id: RunId) -> Result<(), EngineError>;

    /// Cancels a run; returns once it has ended. A run that had ended already stays as it was.
    ///
    /// # Errors
    /// [`EngineError::NoSuchRun`], [`EngineError::Stopped`], [`EngineError::Interrupted`], or
    /// [`EngineError::Store`].
    ///
    /// # Cancellation
    /// The run is cancelled all the same.
    async fn cancel(&self, id: RunId) -> Result<RunRecord, EngineError>;

    /// Answers a step that waits for a person; returns once the answer is in the log. The same answer
    /// given again changes nothing.
    ///
    /// # Errors
    /// [`EngineError::NoSuchRun`]; [`EngineError::Signal`] when nobody waits for this answer, or not any
    /// more, or when it does not fit; [`EngineError::Stopped`], [`EngineError::Interrupted`], or [`EngineError::Store`].
    ///
    /// # Cancellation
    /// The answer counts all the same.
    async fn answer(
        &self,
        run: RunId,
        wait: WaitId,
        payload: Value,
    ) -> Result<RunRecord, EngineError>;

    /// The updates of a run after event number `after` (0 for all): first those of the log, then
    /// live. The text so far of each running step comes as one delta; the stream ends after the
    /// terminal event, and without one when the engine stops or the store cannot be read: read on from
    /// the last number then. Any number of readers may follow a run, and none holds it up.
    ///
    /// # Errors
    /// [`EngineError::NoSuchRun`]; [`EngineError::BeyondEnd`] when the log is not that long;
    /// [`EngineError::Stopped`] when the run cannot go on.
    async fn events(
        &self,
        run: RunId,
        after: u64,
    ) -> Result<BoxStream<'static, Update>, EngineError>;

    /// At most `limit` events of a run after number `after`, as the log has them now.
    ///
    /// # Errors
    /// [`EngineError::NoSuchRun`].
    async fn read_events(
        &self,
        run: RunId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<StepEvent>, EngineError>;
}

/// What a service needs of an engine.
#[async_trait]
pub trait Engine: Workflows + Runs {
    /// Finds out whether runs can be started.
    ///
    /// # Errors
    /// [`EngineError::ShuttingDown`], or [`EngineError::Store`] when the store cannot be written.
    async fn ready(&self) -> Result<(), EngineError>;

    /// The node types workflows can use.
    fn registry(&self) -> &Registry;

    /// The limits it was built with.
    fn limits(&self) -> EngineLimits;
}

const _: fn(&dyn Engine) = |_| {};

/// What a run is started with.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NewRun {
    /// The workflow to run.
    pub workflow_id: WorkflowId,
    /// The version to run, the newest when none is named.
    pub version: Option<u32>,
    /// What its first nodes and its templates read.
    pub input: Value,
    /// What is to be kept with the run.
    pub metadata: Option<Value>,
    /// Names what is asked: asking again by the same key gives the same run. One's own within a
    /// workflow, kept as long as the run is.
    pub key: Option<String>,
}

impl NewRun {
    /// A run of the newest version of a workflow.
    pub fn new(workflow_id: WorkflowId, input: Value) -> Self {
        Self {
            workflow_id,
            version: None,
            input,
            metadata: None,
            key: None,
        }
    }
}

/// Which run is done again, and how.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Retry {
    /// The run.
    pub run: RunId,
    /// The node at the top from which on it is done again. What was completed, and is neither this node
    /// nor follows from it, is taken over; unless its node has changed since. None: all is done again.
    pub from: Option<NodeId>,
    /// Another input; not together with `from`.
    pub input: Option<Value>,
    /// The version to run; the run's own when none is named.
    pub version: Option<u32>,
    /// As [`NewRun::key`]; one's own within the run that is done again.
    pub key: Option<String>,
}

impl Retry {
    /// The whole run again, with the same input.
    pub fn whole(run: RunId) -> Self {
        Self {
            run,
            from: None,
            input: None,
            version: None,
            key: None,
        }
    }

    /// A run again from this node on.
    pub fn from(run: RunId, node: NodeId) -> Self {
        Self {
            from: Some(node),
            ..Self::whole(run)
        }
    }
}

/// A workflow that was stored.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct Created {
    /// What was stored.
    #[serde(flatten)]
    pub record: WorkflowRecord,
    /// What is worth a second look, though it can be run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Fault>,
}

/// What a check of a specification found.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Validation {
    /// The faults; none in a valid workflow.
    pub faults: Vec<Fault>,
    /// What is worth a second look, though it can be run.
    pub warnings: Vec<Fault>,
    /// The nodes of a valid workflow, each with what it needs.
    pub nodes: Option<Arc<[NodeOutline]>>,
}

impl Validation {
    /// What a check found that could not read the specification whole.
    pub fn of_faults(faults: Vec<Fault>) -> Self {
        Self {
            faults,
            warnings: Vec::new(),
            nodes: None,
        }
    }
}

/// Why an engine did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The specification has faults.
    #[error(transparent)]
    Invalid(#[from] InvalidWorkflow),
    /// The input is not what the workflow takes; the faults tell where.
    #[error("the input is not what the workflow takes")]
    InvalidInput(Vec<Fault>),
    /// The run cannot be done again so; the faults tell why.
    #[error("the run cannot be done again so")]
    InvalidRetry(Vec<Fault>),
    /// The newest version of the workflow is another.
    #[error("the newest version of workflow {workflow} is {newest}, not {expected}")]
    OtherVersion {
        /// The workflow.
        workflow: WorkflowId,
        /// The version that was expected.
        expected: u32,
        /// The version that is the newest.
        newest: u32,
    },
    /// The key was used before, for something else.
    #[error("the key was used for something else, which is run {0}")]
    KeyReused(RunId),
    /// The run has not ended.
    #[error("run {0} has not ended yet")]
    NotEnded(RunId),
    /// The run cannot go on: its log or its workflow cannot be used any more.
    #[error("run {run} cannot go on: {}", problem.detail)]
    Stopped {
        /// The run.
        run: RunId,
        /// Why.
        problem: Arc<Problem>,
    },
    /// The answer to a wait was not taken.
    #[error(transparent)]
    Signal(SignalError),
    /// There is no such workflow.
    #[error("there is no workflow {0}")]
    NoSuchWorkflow(WorkflowId),
    /// There is no such version of a workflow.
    #[error("workflow {workflow} has no version {version}")]
    NoSuchVersion {
        /// The workflow.
        workflow: WorkflowId,
        /// The version that was asked for.
        version: u32,
    },
    /// There is no such run.
    #[error("there is no run {0}")]
    NoSuchRun(RunId),
    /// The run has no such step, or it has not begun yet.
    #[error("the run has no step `{0}`, or it has not begun yet")]
    NoSuchStep(StepPath),
    /// The log is not that long.
    #[error("event {after} is beyond the end of the log, which has {last}")]
    BeyondEnd {
        /// The number that was asked for.
        after: u64,
        /// The number of the last event.
        last: u64,
    },
    /// The cursor is not one that this list gave.
    #[error("the cursor is not one that this list gave")]
    BadCursor,
    /// One of the limits of what may be taken is reached. It can be tried later.
    #[error("no more runs are taken now: the limit `{limit}`, {most}, is reached")]
    Busy {
        /// Which limit, by its name in [`EngineLimits`]; `store_bytes` when the store takes no more.
        limit: &'static str,
        /// The limit.
        most: usize,
    },
    /// What was asked is in the inbox of the run, but the run has not come to it: the store fails, there is
    /// no room for the run to work, or the engine stopped. It can be asked again.
    #[error("run {0} has not come to this yet: ask again")]
    Interrupted(RunId),
    /// The engine is shutting down.
    #[error("the engine is shutting down")]
    ShuttingDown,
    /// The store failed.
    #[error("the store failed")]
    Store(#[source] StoreError),
}

impl From<StoreError> for EngineError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NoSuchRun(run) => Self::NoSuchRun(run),
            StoreError::BadCursor => Self::BadCursor,
            StoreError::Full { most } => Self::Busy {
                limit: "store_bytes",
                most,
            },
            StoreError::Damaged { run, seq, .. } => {
                let problem = Arc::new(local::damaged_event(seq));
                Self::Stopped { run, problem }
            }
            StoreError::DamagedRun { run, .. } => {
                let problem = Arc::new(local::damaged_record());
                Self::Stopped { run, problem }
            }
            other => Self::Store(other),
        }
    }
}
