//! Stored workflows, and runs in the background, independent of their readers.
//!
//! - [`Engine`] is what a service needs: [`Workflows`] checks and stores specifications, [`Runs`] starts, answers,
//!   cancels and reads runs. Functions take a `&dyn Engine`.
//! - [`LocalEngine`] implements it in this process, over a [`Store`](crate::Store); [`LocalEngineBuilder`] has its
//!   settings. After a restart, [`LocalEngine::recover`] resumes what has not ended.
//! - [`NewRun`] starts a run, [`Retry`] repeats one that has ended, whole or from a node.
//! - An [`Observer`] is called with each stored event, for metrics.
//!
//! An engine appends each event to the store before it shows it, and a run never waits for a reader. This module
//! knows no HTTP and no authorization: every caller of an engine may do everything with it.

mod limits;
mod local;
mod observer;
mod read;

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use futures::stream::BoxStream;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

pub use self::{
    limits::EngineLimits,
    local::{LocalEngine, LocalEngineBuilder, Recovered},
    observer::Observer,
};
use crate::{
    error::{Fault, InvalidWorkflow, Problem},
    event::{NodeOutline, StepEvent, Update},
    executor::SignalError,
    fleet::FleetStatus,
    node::Registry,
    record::{Page, PageRequest, RunCounts, RunQuery, RunRecord, WorkflowRecord},
    store::StoreError,
    value::{Budget, NodeId, RunId, StepPath, WaitId, WorkflowId},
    view::{Prediction, RunDiff, RunReport, StepHistory},
};

/// Checks and stores workflows.
#[async_trait]
pub trait Workflows: Send + Sync + 'static {
    /// Validates a specification and stores it as version 1 of a new workflow. The result includes warnings.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] with all faults (nothing is stored then), [`EngineError::Busy`] if the store is full,
    /// or [`EngineError::Store`].
    async fn create_workflow(&self, spec: Value) -> Result<Created, EngineError>;

    /// Validates a specification and stores it as the next version of a workflow.
    ///
    /// With `if_version`, it is stored only if that is the newest version at the time of the write. Runs of earlier
    /// versions are not affected: each run pins its version.
    ///
    /// # Errors
    /// [`EngineError::NoSuchWorkflow`], [`EngineError::OtherVersion`], [`EngineError::Invalid`] with all faults (nothing
    /// is stored then), [`EngineError::Busy`] if the store is full, or [`EngineError::Store`].
    async fn update_workflow(
        &self,
        id: WorkflowId,
        spec: Value,
        if_version: Option<u32>,
    ) -> Result<Created, EngineError>;

    /// Returns a version of a workflow, by default the newest.
    ///
    /// # Errors
    /// [`EngineError::NoSuchWorkflow`], [`EngineError::NoSuchVersion`], or [`EngineError::Store`].
    async fn workflow(
        &self,
        id: WorkflowId,
        version: Option<u32>,
    ) -> Result<WorkflowRecord, EngineError>;

    /// Returns a page of workflows in their newest versions, newest workflow first.
    ///
    /// # Errors
    /// [`EngineError::BadCursor`] or [`EngineError::Store`].
    async fn workflows(&self, page: PageRequest) -> Result<Page<WorkflowRecord>, EngineError>;

    /// Returns a page of the versions of a workflow, newest first.
    ///
    /// # Errors
    /// [`EngineError::NoSuchWorkflow`], [`EngineError::BadCursor`], or [`EngineError::Store`].
    async fn versions(
        &self,
        id: WorkflowId,
        page: PageRequest,
    ) -> Result<Page<WorkflowRecord>, EngineError>;

    /// Deletes a workflow: no new run of it can be started. Its runs continue, and the versions that they pin stay.
    ///
    /// With `if_version`, it is deleted only if that is the newest version at the time of the write.
    ///
    /// # Errors
    /// [`EngineError::NoSuchWorkflow`], [`EngineError::OtherVersion`], or [`EngineError::Store`].
    async fn delete_workflow(
        &self,
        id: WorkflowId,
        if_version: Option<u32>,
    ) -> Result<(), EngineError>;

    /// Validates a specification without storing it. An invalid one is not an error: the faults are in the result.
    ///
    /// # Errors
    /// [`EngineError::Store`] if the workflows that it calls cannot be read.
    async fn validate(&self, spec: &Value) -> Result<Validation, EngineError>;
}

/// Starts, answers and reads runs.
///
/// Runs belong to the engine. They continue when their caller or their readers go away.
#[async_trait]
pub trait Runs: Send + Sync + 'static {
    /// Stores a new run and returns its record. The run starts as soon as the limits of the engine admit it.
    ///
    /// With a [key](NewRun::key) that was used before, it starts nothing and returns the record of the existing run.
    ///
    /// # Errors
    /// - [`EngineError::NoSuchWorkflow`], [`EngineError::NoSuchVersion`]
    /// - [`EngineError::InvalidInput`] if the input does not match the schema of the workflow or is too large
    /// - [`EngineError::Invalid`] if the workflow cannot be built any more, for example because one that it calls was deleted
    /// - [`EngineError::InvalidBudget`] if the budget limits nothing, has a limit of 0, or one above that of the workflow
    /// - [`EngineError::KeyReused`] if the key was used with a different request
    /// - [`EngineError::Busy`] if the queue is full, the memory budget is exceeded, or the store is full
    /// - [`EngineError::ShuttingDown`], [`EngineError::Store`]. After the latter the run may exist all the same: retry
    ///   with the same key
    ///
    /// # Cancellation
    /// The run is stored and continues, or is not stored. Retry with the same key to find out which.
    async fn start(&self, run: NewRun) -> Result<RunRecord, EngineError>;

    /// Re-runs a run that has ended, as a new run whose `retry_of` is the old one: completely, or from a node, reusing
    /// the results of the nodes that do not depend on it.
    ///
    /// # Errors
    /// [`EngineError::NoSuchRun`], [`EngineError::NotEnded`], [`EngineError::InvalidRetry`], or those of
    /// [`start`](Self::start).
    ///
    /// # Cancellation
    /// As [`start`](Self::start).
    async fn retry(&self, retry: Retry) -> Result<RunRecord, EngineError>;

    /// Predicts what [`start`](Self::start) would do with this request, without running anything that costs, waits or acts. Nothing is
    /// stored; the key is ignored.
    ///
    /// # Errors
    /// As [`start`](Self::start), except for those of the key and of the queue.
    async fn predict(&self, run: NewRun) -> Result<Prediction, EngineError>;

    /// Predicts what [`retry`](Self::retry) would do with this request: what would be reused, what would run, and what that cost in
    /// the earlier run. Nothing is stored; the key is ignored. With [`Retry::spec`], it is predicted for that specification, as if it
    /// were stored as the next version of the workflow.
    ///
    /// # Errors
    /// As [`retry`](Self::retry), except for those of the key and of the queue; and if `spec` is not a valid specification.
    async fn predict_retry(&self, retry: Retry) -> Result<Prediction, EngineError>;

    /// Returns the record of a run.
    ///
    /// # Errors
    /// [`EngineError::NoSuchRun`], [`EngineError::Stopped`] if the record is damaged, or [`EngineError::Store`].
    async fn run_record(&self, id: RunId) -> Result<RunRecord, EngineError>;

    /// Returns the state of a run and of its steps. Provided: folds the events that the record of the run counts.
    ///
    /// If the log is damaged, the report covers the events before the damage, and [`RunReport::blocked`] has the cause.
    ///
    /// # Errors
    /// [`EngineError::NoSuchRun`], [`EngineError::Stopped`] if the record of the run is damaged, or
    /// [`EngineError::Store`].
    async fn run_report(&self, id: RunId) -> Result<RunReport, EngineError> {
        read::run_report(self, id).await
    }

    /// Returns the attempts of one step, with the debug records of its node, such as the prompt as sent.
    /// Provided: folds the events of the step.
    ///
    /// # Errors
    /// [`EngineError::NoSuchRun`], [`EngineError::NoSuchStep`], [`EngineError::Stopped`] if the log is damaged, or
    /// [`EngineError::Store`].
    async fn step_history(&self, run: RunId, path: &StepPath) -> Result<StepHistory, EngineError> {
        read::step_history(self, run, path).await
    }

    /// Compares two runs step by step. Provided: folds the events of both.
    ///
    /// # Errors
    /// [`EngineError::NoSuchRun`], [`EngineError::Stopped`] if a log is damaged, or [`EngineError::Store`].
    async fn run_diff(&self, a: RunId, b: RunId) -> Result<RunDiff, EngineError> {
        read::run_diff(self, a, b).await
    }

    /// Evaluates an expression, such as `draft.output.title | upper`, with the values that a step of a run could read when it
    /// was decided: the input, what had settled until then, and the names of the maps and loops around the step.
    ///
    /// The log is replayed up to there, without executing anything. The value has at most [`MAX_EVALUATED_BYTES`].
    ///
    /// # Errors
    /// - [`EngineError::InvalidEvaluation`]: the run has no such step or has not decided it, the expression does not parse, or
    ///   it has no value or a too large one there
    /// - [`EngineError::NoSuchRun`], [`EngineError::Stopped`] if the log cannot be replayed, [`EngineError::Busy`] if the memory
    ///   budget is exceeded, or [`EngineError::Store`]
    async fn evaluate(
        &self,
        run: RunId,
        at: &StepPath,
        expression: &str,
    ) -> Result<Value, EngineError>;

    /// Returns a page of the runs that match a query, newest first.
    ///
    /// # Errors
    /// [`EngineError::BadCursor`] or [`EngineError::Store`].
    async fn runs(&self, query: RunQuery) -> Result<Page<RunRecord>, EngineError>;

    /// Counts the runs that match a query, by status. The status and the page of the query are ignored.
    ///
    /// # Errors
    /// [`EngineError::Store`].
    async fn count_runs(&self, query: &RunQuery) -> Result<RunCounts, EngineError>;

    /// Deletes a run that has ended or that [cannot continue](EngineError::Stopped), with its log and its key.
    ///
    /// # Errors
    /// [`EngineError::NoSuchRun`], [`EngineError::NotEnded`], or [`EngineError::Store`].
    async fn delete_run(&self, id: RunId) -> Result<(), EngineError>;

    /// Cancels a run, waits until it has ended, and returns its record. A run that has ended already is not changed.
    ///
    /// # Errors
    /// [`EngineError::NoSuchRun`], [`EngineError::Stopped`], [`EngineError::Interrupted`] if the run has not ended in
    /// time, or [`EngineError::Store`].
    ///
    /// # Cancellation
    /// The run is cancelled even if this future is dropped.
    async fn cancel(&self, id: RunId) -> Result<RunRecord, EngineError>;

    /// Answers a step that waits for a person, and returns once the answer is in the log. Idempotent: repeating an
    /// answer changes nothing and succeeds.
    ///
    /// # Errors
    /// [`EngineError::NoSuchRun`]; [`EngineError::Signal`] if there is no such wait, it is over, or the payload does not
    /// match its schema; [`EngineError::Stopped`], [`EngineError::Interrupted`] if the answer is not in the log in time,
    /// or [`EngineError::Store`].
    ///
    /// # Cancellation
    /// The answer is delivered even if this future is dropped.
    async fn answer(
        &self,
        run: RunId,
        wait: WaitId,
        payload: Value,
    ) -> Result<RunRecord, EngineError>;

    /// Streams the updates of a run after event number `after` (0 for all): first from the log, then live.
    ///
    /// Text that a running step has produced before comes first, as larger deltas. The stream ends after the terminal
    /// event. It ends without one if the engine shuts down or the store cannot be read; call this again with the number
    /// of the last event then. Any number of readers may follow a run, and none delays it.
    ///
    /// # Errors
    /// [`EngineError::NoSuchRun`], [`EngineError::BeyondEnd`] if the log has no event `after`,
    /// [`EngineError::Stopped`] if the run cannot continue, or [`EngineError::Store`].
    async fn events(
        &self,
        run: RunId,
        after: u64,
    ) -> Result<BoxStream<'static, Update>, EngineError>;

    /// Returns at most `limit` events of a run after number `after` that are in the log now. It may return fewer if they
    /// are large, and returns none only at the end of the log.
    ///
    /// # Errors
    /// [`EngineError::NoSuchRun`], [`EngineError::Stopped`] if the log is damaged there, or [`EngineError::Store`].
    async fn read_events(
        &self,
        run: RunId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<StepEvent>, EngineError>;
}

/// The interface of an engine for services, usable as `dyn Engine`. Import [`Workflows`] and [`Runs`] to call it.
///
/// ```
/// use serde_json::json;
/// use workflow_core::{Engine, EngineError, LocalEngine, NewRun, Registry, RunId, Runs, Workflows};
///
/// async fn greet(engine: &dyn Engine, name: &str) -> Result<RunId, EngineError> {
///     let created = engine
///         .create_workflow(json!({"nodes": [
///             {"id": "greet", "type": "PromptNode", "data": {"template": "Hello {{ input }}"}},
///         ]}))
///         .await?;
///     let run = engine.start(NewRun::new(created.record.id, json!(name))).await?;
///     // The run continues, whether or not it is followed.
///     Ok(run.id)
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let engine = LocalEngine::builder(Registry::default()).build();
/// let run = greet(&engine, "Ada").await?;
/// let record = engine.run_record(run).await?;
/// assert_eq!(record.input_excerpt, "Ada");
/// # Ok(())
/// # }
/// ```
#[async_trait]
pub trait Engine: Workflows + Runs {
    /// Checks whether runs can be started. Suited to a readiness probe: the store is checked at most twice a second.
    ///
    /// # Errors
    /// [`EngineError::ShuttingDown`], or [`EngineError::Store`] if the store cannot be written.
    async fn ready(&self) -> Result<(), EngineError>;

    /// The node types that workflows can use.
    fn registry(&self) -> &Registry;

    /// The limits that the engine was built with.
    fn limits(&self) -> EngineLimits;

    /// What the engine knows of the other engines on its store. Provided: `None`, it is the only one.
    fn fleet_status(&self) -> Option<FleetStatus> {
        None
    }
}

const _: fn(&dyn Engine) = |_| {};

/// The most bytes of a value that [`Runs::evaluate`] returns, as JSON: 64 KiB.
pub const MAX_EVALUATED_BYTES: usize = 64 * 1024;

/// A request to start a run, for [`Runs::start`].
///
/// ```
/// use workflow_core::{NewRun, WorkflowId};
///
/// let mut run = NewRun::new(WorkflowId::new(), serde_json::json!({"name": "Ada"}));
/// run.key = Some("order-4711".to_owned());
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NewRun {
    /// The workflow to run.
    pub workflow_id: WorkflowId,
    /// The version to run; by default the newest.
    pub version: Option<u32>,
    /// The input, read by templates as `input`.
    pub input: Value,
    /// Data of the caller, stored with the run and returned with it. The workflow does not see it.
    pub metadata: Option<Value>,
    /// The most that the run may use. If its workflow has a budget, each limit must not be above that of the workflow, which holds
    /// where this one has none.
    pub budget: Option<Budget>,
    /// An idempotency key: a second request with the same key returns the run of the first. Unique within a workflow,
    /// and valid as long as the run is stored.
    pub key: Option<String>,
}

impl NewRun {
    /// A request for a run of the newest version of a workflow, without metadata and key.
    pub fn new(workflow_id: WorkflowId, input: Value) -> Self {
        Self {
            workflow_id,
            version: None,
            input,
            metadata: None,
            budget: None,
            key: None,
        }
    }
}

/// A request to re-run a run, for [`Runs::retry`].
///
/// ```
/// use workflow_core::{NodeId, RunId, engine::Retry};
///
/// # fn retry(run: RunId, summarize: NodeId) {
/// let everything = Retry::whole(run);
/// let from_a_node = Retry::from(run, summarize);
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Retry {
    /// The run to re-run. It must have ended.
    pub run: RunId,
    /// The top-level node to re-run from. Outputs of completed nodes that do not depend on it are reused, unless they would do
    /// something else now. With `reuse`, the node that runs again in any case.
    pub from: Option<NodeId>,
    /// A different input; by default that of the earlier run. Not allowed together with `only`, nor with `from` without `reuse`.
    pub input: Option<Value>,
    /// The version to run; by default that of the earlier run.
    pub version: Option<u32>,
    /// For a prediction: a specification that is not stored, in the place of that of `version`.
    pub spec: Option<Value>,
    /// Whether each step that would do what a step of the earlier run did takes over its result instead. The comparison is by
    /// [key](crate::value::StepKey): of what a step does, whatever else has changed. Together with `from`, that node and what is in
    /// it runs again.
    pub reuse: bool,
    /// Outputs that are set instead of running steps, by the path of the step. Steps that may act outside of the run and are not
    /// reused are then held, until a person has decided about each.
    pub overrides: BTreeMap<StepPath, Value>,
    /// The only step to run, with the results of the earlier run before it. The output of the run is that of the step.
    pub only: Option<StepPath>,
    /// The budget of the run, as [`NewRun::budget`]; by default the one that was set for the earlier run.
    pub budget: Option<Budget>,
    /// An idempotency key like [`NewRun::key`], unique within the earlier run.
    pub key: Option<String>,
}

impl Retry {
    /// A request to re-run all nodes with the same input.
    pub fn whole(run: RunId) -> Self {
        Self {
            run,
            from: None,
            input: None,
            version: None,
            spec: None,
            reuse: false,
            overrides: BTreeMap::new(),
            only: None,
            budget: None,
            key: None,
        }
    }

    /// A request to continue a run: what would be done as before is not done again.
    pub fn unchanged(run: RunId) -> Self {
        Self {
            reuse: true,
            ..Self::whole(run)
        }
    }

    /// A request to run a single step, with the results before it.
    pub fn only(run: RunId, step: StepPath) -> Self {
        Self {
            only: Some(step),
            ..Self::whole(run)
        }
    }

    /// What makes two requests the same, for idempotency keys. Fields that came later count only if they are set, so that keys
    /// stored before stay valid.
    pub(crate) fn identity(&self) -> Value {
        // In a list, since the input `null` differs from no input.
        let input = self.input.as_ref().map(|input| [input]);
        let mut identity = vec![json!(self.version), json!(input), json!(self.from)];
        let later = (self.reuse, &self.overrides, &self.only, &self.budget);
        if later != (false, &BTreeMap::new(), &None, &None) {
            identity.push(json!(later));
        }
        Value::Array(identity)
    }

    /// A request to re-run from this node, reusing earlier results.
    pub fn from(run: RunId, node: NodeId) -> Self {
        Self {
            from: Some(node),
            ..Self::whole(run)
        }
    }
}

/// The result of storing a workflow.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct Created {
    /// The stored version.
    #[serde(flatten)]
    pub record: WorkflowRecord,
    /// Findings that do not prevent a run but are probably mistakes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Fault>,
}

/// The result of validating a specification.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Validation {
    /// The faults; empty for a valid workflow.
    pub faults: Vec<Fault>,
    /// Findings that do not prevent a run but are probably mistakes.
    pub warnings: Vec<Fault>,
    /// The nodes of a valid workflow with their dependencies; `None` if there are faults.
    pub nodes: Option<Arc<[NodeOutline]>>,
}

impl Validation {
    /// The validation of a specification with these faults.
    pub fn of_faults(faults: Vec<Fault>) -> Self {
        Self {
            faults,
            warnings: Vec::new(),
            nodes: None,
        }
    }
}

/// Why an operation of an engine failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The specification has faults.
    #[error(transparent)]
    Invalid(#[from] InvalidWorkflow),
    /// The input does not match the schema of the workflow, or is too large. The faults have the places.
    #[error("the input is not valid for this workflow")]
    InvalidInput(Vec<Fault>),
    /// The request for a re-run does not fit the run. The faults have the places.
    #[error("the run cannot be re-run with these settings")]
    InvalidRetry(Vec<Fault>),
    /// The budget of a run limits nothing, has a limit of 0, or one above that of the workflow. The faults have the places.
    #[error("the budget is not valid for this workflow")]
    InvalidBudget(Vec<Fault>),
    /// An expression cannot be evaluated at a step. The faults have the places.
    #[error("the expression cannot be evaluated there")]
    InvalidEvaluation(Vec<Fault>),
    /// The newest version of the workflow is not the expected one.
    #[error("the newest version of workflow {workflow} is {newest}, not {expected}")]
    OtherVersion {
        /// The workflow.
        workflow: WorkflowId,
        /// The expected version.
        expected: u32,
        /// The newest version.
        newest: u32,
    },
    /// The idempotency key was used before with a different request, which started this run.
    #[error("the key was used with a different request, for run {0}")]
    KeyReused(RunId),
    /// The run has not ended.
    #[error("run {0} has not ended yet")]
    NotEnded(RunId),
    /// The run cannot continue: its log is damaged, or its workflow cannot be built any more. The run can be read, re-run
    /// and deleted.
    #[error("run {run} cannot continue: {}", problem.detail)]
    Stopped {
        /// The run.
        run: RunId,
        /// The cause, with a code such as `damaged_log` or `unusable_workflow`.
        problem: Arc<Problem>,
    },
    /// The answer to a wait was not accepted.
    #[error(transparent)]
    Signal(SignalError),
    /// No workflow has this id, or it was deleted.
    #[error("there is no workflow {0}")]
    NoSuchWorkflow(WorkflowId),
    /// The workflow has no such version.
    #[error("workflow {workflow} has no version {version}")]
    NoSuchVersion {
        /// The workflow.
        workflow: WorkflowId,
        /// The requested version.
        version: u32,
    },
    /// No run has this id.
    #[error("there is no run {0}")]
    NoSuchRun(RunId),
    /// The run has no such step, or the step has not started yet.
    #[error("the run has no step `{0}`, or it has not started yet")]
    NoSuchStep(StepPath),
    /// The log has no event of this number.
    #[error("event {after} is beyond the end of the log, which is event {last}")]
    BeyondEnd {
        /// The requested number.
        after: u64,
        /// The number of the last event.
        last: u64,
    },
    /// The cursor is malformed or from another list.
    #[error("the cursor is not from this list")]
    BadCursor,
    /// A limit of the engine or its store is reached. The request can be retried later.
    #[error("no more runs are accepted now: the limit `{limit}` of {most} is reached")]
    Busy {
        /// The name of the limit in [`EngineLimits`]; `store_bytes` if the store is full.
        limit: &'static str,
        /// The value of the limit.
        most: usize,
    },
    /// The request is in the inbox of the run, but the run has not processed it in time: the store fails, the run waits
    /// for admission, or the engine stopped. The request is idempotent and can be retried.
    #[error("run {0} has not processed the request yet: retry it")]
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
