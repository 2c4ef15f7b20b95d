//! Workflows and runs that live on their own: stored, run in the background, watched by anybody.

mod local;

use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::BoxStream;
use serde::Serialize;
use serde_json::Value;

pub use self::local::{LocalEngine, LocalEngineBuilder};
use crate::{
    event::{NodeOutline, StepEvent, Update},
    fault::{Fault, InvalidWorkflow},
    history::StepHistory,
    id::{RunId, StepPath, WaitId, WorkflowId},
    record::{Page, PageRequest, RunQuery, RunRecord, WorkflowRecord},
    registry::Registry,
    report::RunReport,
    store::StoreError,
    wait::SignalError,
};

/// What a service needs of an engine.
///
/// Runs belong to the engine: nothing here depends on anybody watching.
#[async_trait]
pub trait Engine: Send + Sync + 'static {
    /// Checks a specification and stores it as a new workflow.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] with every fault; nothing is stored then.
    async fn create_workflow(&self, spec: Value) -> Result<Created, EngineError>;

    /// A version of a workflow, the newest when none is named.
    ///
    /// # Errors
    /// [`EngineError::NoSuchWorkflow`].
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

    /// Deletes a workflow. Its runs, and the versions they run, stay.
    ///
    /// # Errors
    /// [`EngineError::NoSuchWorkflow`].
    async fn delete_workflow(&self, id: WorkflowId) -> Result<(), EngineError>;

    /// Checks a specification and stores nothing.
    ///
    /// # Errors
    /// When the store cannot be asked for the workflows it calls.
    async fn validate(&self, spec: &Value) -> Result<Validation, EngineError>;

    /// Stores a new run and starts it as soon as there is room.
    ///
    /// # Errors
    /// [`EngineError::NoSuchWorkflow`], [`EngineError::InvalidInput`], [`EngineError::Busy`] when too
    /// many runs wait already, [`EngineError::Invalid`] when a workflow that it calls is gone,
    /// [`EngineError::ShuttingDown`], or [`EngineError::Store`].
    ///
    /// # Cancellation
    /// A run that was stored goes on, also when its caller is gone.
    async fn start(&self, run: NewRun) -> Result<RunRecord, EngineError>;

    /// A run, step by step.
    ///
    /// # Errors
    /// [`EngineError::NoSuchRun`].
    async fn run(&self, id: RunId) -> Result<RunReport, EngineError>;

    /// One step of a run, attempt by attempt: also the prompt as it was sent, where its node keeps it.
    ///
    /// # Errors
    /// [`EngineError::NoSuchRun`], [`EngineError::NoSuchStep`].
    async fn step(&self, run: RunId, path: &StepPath) -> Result<StepHistory, EngineError>;

    /// Runs, newest first.
    ///
    /// # Errors
    /// [`EngineError::BadCursor`].
    async fn runs(&self, query: RunQuery) -> Result<Page<RunRecord>, EngineError>;

    /// Cancels a run; returns once it has ended. A run that had ended already stays as it was.
    ///
    /// # Errors
    /// [`EngineError::NoSuchRun`], [`EngineError::Interrupted`], or [`EngineError::Store`].
    ///
    /// # Cancellation
    /// The run is cancelled all the same.
    async fn cancel(&self, id: RunId) -> Result<RunRecord, EngineError>;

    /// Answers a step that waits for a person; returns once the answer is in the log. The same answer
    /// given again changes nothing.
    ///
    /// # Errors
    /// [`EngineError::NoSuchRun`]; [`EngineError::Signal`] when nobody waits for this answer, or not any
    /// more, or when it does not fit; [`EngineError::Interrupted`], or [`EngineError::Store`].
    ///
    /// # Cancellation
    /// The answer counts all the same.
    async fn signal(
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
    /// [`EngineError::NoSuchRun`]; [`EngineError::BeyondEnd`] when the log is not that long.
    async fn events(
        &self,
        run: RunId,
        after: u64,
    ) -> Result<BoxStream<'static, Update>, EngineError>;

    /// At most `limit` events of a run after number `after`, as the log has them now.
    ///
    /// # Errors
    /// [`EngineError::NoSuchRun`].
    async fn page(
        &self,
        run: RunId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<StepEvent>, EngineError>;

    /// The node types workflows can use.
    fn registry(&self) -> &Registry;
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
}

impl NewRun {
    /// A run of the newest version of a workflow.
    pub fn new(workflow_id: WorkflowId, input: Value) -> Self {
        Self {
            workflow_id,
            version: None,
            input,
            metadata: None,
        }
    }
}

/// A workflow that was stored.
#[derive(Clone, Debug, Serialize)]
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
    /// The answer to a wait was not taken.
    #[error(transparent)]
    Signal(SignalError),
    /// There is no such workflow, or no such version of it.
    #[error("there is no workflow {0}")]
    NoSuchWorkflow(WorkflowId),
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
    /// As many runs wait as may wait.
    #[error("{waiting} runs are waiting already")]
    Busy {
        /// How many.
        waiting: usize,
    },
    /// What was asked is in the inbox of the run, but the run was interrupted before it came to it: the
    /// store failed, or the engine stopped. It can be asked again.
    #[error("run {0} was interrupted before it came to this")]
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
            other => Self::Store(other),
        }
    }
}
