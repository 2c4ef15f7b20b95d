//! [`LocalEngine`]: an engine in this process. Its runs are tokio tasks, their logs are in a store.
//!
//! - `start/` builds new runs: links the workflow with those it calls, applies idempotency keys, collects reused results.
//! - `admission/` limits how many runs are queued and executed, and how much memory they hold.
//! - `evaluate` replays a run up to a step, to evaluate an expression there.
//! - `drive/` executes runs, from the claim of a [`DriveLease`](drive::DriveLease) to the end or suspension.
//! - `journal/` appends events to the store, then shows them to readers.
//! - `fleet/` connects the engine with others on the same store: it dispatches runs, follows those that are driven
//!   elsewhere, and passes on commands and text. Nothing of it exists without a fleet.
//!
//! This is the only module of the crate that spawns tasks; `drive/tasks.rs` holds their handles.

mod admission;
mod builder;
mod commands;
mod drive;
mod evaluate;
mod fleet;
mod journal;
mod shared;
mod start;

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures::stream::BoxStream;
use serde_json::Value;

pub(super) use self::drive::replay::{damaged_event, damaged_record};
pub use self::{builder::LocalEngineBuilder, drive::recover::Recovered};
use self::{
    commands::{Commands, wait_for_result},
    drive::Drives,
    journal::{live::LiveRun, logs::RunLogs, reader::Reader},
    shared::Shared,
    start::Starts,
};
use super::{
    Created, Engine, EngineError, EngineLimits, NewRun, Retry, Runs, Validation, Workflows, read,
};
use crate::{
    event::{StepEvent, Update},
    fleet::{DriveEnd, DriveError, FleetStatus, RunCommand},
    node::Registry,
    record::{Page, PageRequest, RunCounts, RunQuery, RunRecord, RunStatus, WorkflowRecord},
    value::{RunId, StepPath, WaitId, WorkflowId},
    view::{Prediction, RunReport, StepHistory, WaitLog},
};

/// An [`Engine`] in this process. Its runs continue whether or not they have readers.
///
/// Dropping the engine stops its runs where they are; their logs stay in the store, and an engine that is built later
/// on the same store [recovers](Self::recover) them. Use [`shutdown`](Self::shutdown) to suspend them in order.
///
/// One engine at a time should use a store, unless the engines are a [`fleet`](crate::fleet). If two do, compare-and-set
/// appends keep every log consistent, but an attempt may be executed twice.
///
/// ```
/// use futures::StreamExt;
/// use workflow_core::{LocalEngine, NewRun, Registry, Runs, Workflows};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let engine = LocalEngine::builder(Registry::default()).build();
/// let workflow = engine.create_workflow(serde_json::json!({"nodes": [
///     {"id": "greet", "type": "PromptNode", "data": {"template": "Hello {{ input }}"}},
/// ]})).await?;
/// let run = engine.start(NewRun::new(workflow.record.id, "Ada".into())).await?;
/// let updates: Vec<_> = engine.events(run.id, 0).await?.collect().await;
/// assert_eq!(updates.len(), 5);
/// # Ok(())
/// # }
/// ```
pub struct LocalEngine {
    shared: Arc<Shared>,
    drives: Drives,
    logs: RunLogs,
    commands: Commands,
    starts: Starts,
}

impl Drop for LocalEngine {
    fn drop(&mut self) {
        self.shared.stop();
    }
}

impl LocalEngine {
    /// Starts to build an engine for workflows with these node types.
    pub fn builder(registry: Registry) -> LocalEngineBuilder {
        LocalEngineBuilder::new(registry)
    }

    /// Resumes the runs that had not ended when an earlier engine on the same store stopped. Call it once, before the
    /// first run is started.
    ///
    /// Completed steps are not executed again. An attempt that was running is started again with
    /// `reason: "recovered"`. A run that cannot continue, because its log is damaged or was written by a newer version,
    /// does not affect the others: its operations fail with [`EngineError::Stopped`].
    ///
    /// It returns when all unfinished runs are scheduled, not when they have ended.
    ///
    /// # Errors
    /// [`EngineError::Store`] if the store cannot be read.
    ///
    /// # Cancellation
    /// Runs that are not scheduled yet stay unchanged in the store. Call it again to continue.
    pub async fn recover(&self) -> Result<Recovered, EngineError> {
        self.drives.recover().await
    }

    /// The updates of a run after event number `after`. `live` must have been taken from the table before the record was
    /// read.
    fn follow(
        &self,
        live: &Arc<LiveRun>,
        record: &RunRecord,
        after: u64,
    ) -> BoxStream<'static, Update> {
        let run = record.id;
        live.learn_length(record.head.last_seq);
        let status = record.head.status;
        if !status.has_ended() && !live.is_driven() {
            if self.shared.placement.fleet().is_some() {
                self.drives.follow(live);
            } else if status != RunStatus::Waiting {
                // Its driver failed, and its retry is scheduled for later: a reader resumes the run at once.
                self.drives.wake(run, None);
            }
        }
        let is_open = live.is_driven() || !self.shared.tasks.is_closed();
        let live = (!status.has_ended() && is_open).then(|| Arc::clone(live));
        Reader::new(run, after, live, Arc::clone(&self.shared)).into_stream()
    }

    /// Drives a run here until it ends or is suspended, for the [`Dispatcher`](crate::fleet::Dispatcher) of a fleet.
    ///
    /// If this engine drives the run already, it waits for that drive to end.
    ///
    /// # Errors
    /// [`DriveError`]: call it again, on this or another engine.
    ///
    /// # Cancellation
    /// The drive continues, and claims the run, so that other engines do not drive it too.
    pub async fn drive(&self, run: RunId) -> Result<DriveEnd, DriveError> {
        self.drives.drive_for_dispatcher(run).await
    }

    /// Shuts the engine down: accepts no new runs, waits up to `grace` for executing runs to end, then suspends the
    /// others. An engine that is built later on the same store [recovers](Self::recover) them.
    ///
    /// Suspending may take 5 s more, for the last appends. When this returns, no task of the engine is left.
    ///
    /// # Cancellation
    /// If the future is dropped, all tasks are aborted at once.
    pub async fn shutdown(&self, grace: Duration) {
        self.shared.shut_down(grace).await;
    }
}

#[async_trait]
impl Workflows for LocalEngine {
    async fn create_workflow(&self, spec: Value) -> Result<Created, EngineError> {
        let workflow = self.shared.linker.check(&spec).await?;
        let mut warnings = workflow.warnings().to_vec();
        let name = workflow.name();
        warnings.extend(self.shared.linker.name_in_use(name, None).await?);
        let record = WorkflowRecord::new(name.map(str::to_owned), Arc::new(spec));
        self.shared.store.create_workflow(record.clone()).await?;
        Ok(Created { record, warnings })
    }

    async fn update_workflow(
        &self,
        id: WorkflowId,
        spec: Value,
        if_version: Option<u32>,
    ) -> Result<Created, EngineError> {
        let workflow = self.shared.linker.check_as(&spec, Some(id)).await?;
        let mut warnings = workflow.warnings().to_vec();
        let name = workflow.name();
        warnings.extend(self.shared.linker.name_in_use(name, Some(id)).await?);
        let (name, spec) = (name.map(str::to_owned), Arc::new(spec));
        loop {
            let newest = self.workflow(id, None).await?;
            check_newest(&newest, if_version)?;
            let record = newest.next(name.clone(), Arc::clone(&spec));
            if self.shared.store.update_workflow(record.clone()).await? {
                return Ok(Created { record, warnings });
            }
        }
    }

    async fn workflow(
        &self,
        id: WorkflowId,
        version: Option<u32>,
    ) -> Result<WorkflowRecord, EngineError> {
        self.shared.linker.stored(id, version).await
    }

    async fn workflows(&self, page: PageRequest) -> Result<Page<WorkflowRecord>, EngineError> {
        Ok(self.shared.store.workflows(page).await?)
    }

    async fn versions(
        &self,
        id: WorkflowId,
        page: PageRequest,
    ) -> Result<Page<WorkflowRecord>, EngineError> {
        self.workflow(id, None).await?;
        Ok(self.shared.store.versions(id, page).await?)
    }

    async fn delete_workflow(
        &self,
        id: WorkflowId,
        if_version: Option<u32>,
    ) -> Result<(), EngineError> {
        if self.shared.store.delete_workflow(id, if_version).await? {
            return Ok(());
        }
        check_newest(&self.workflow(id, None).await?, if_version)?;
        // It matches now but did not when it was to be deleted, for example since it was stored in between.
        Err(EngineError::NoSuchWorkflow(id))
    }

    async fn validate(&self, spec: &Value) -> Result<Validation, EngineError> {
        match self.shared.linker.check(spec).await {
            Ok(workflow) => Ok(Validation {
                faults: Vec::new(),
                warnings: workflow.warnings().to_vec(),
                nodes: Some(Arc::clone(workflow.nodes())),
            }),
            Err(EngineError::Invalid(invalid)) => Ok(Validation::of_faults(invalid.into_faults())),
            Err(other) => Err(other),
        }
    }
}

#[async_trait]
impl Runs for LocalEngine {
    async fn start(&self, run: NewRun) -> Result<RunRecord, EngineError> {
        self.starts.start(run).await
    }

    async fn retry(&self, retry: Retry) -> Result<RunRecord, EngineError> {
        self.starts.retry(retry).await
    }

    async fn predict(&self, run: NewRun) -> Result<Prediction, EngineError> {
        self.starts.predict(run).await
    }

    async fn predict_retry(&self, retry: Retry) -> Result<Prediction, EngineError> {
        self.starts.predict_retry(retry).await
    }

    async fn run_record(&self, id: RunId) -> Result<RunRecord, EngineError> {
        self.logs.record(id).await
    }

    async fn run_report(&self, id: RunId) -> Result<RunReport, EngineError> {
        let mut report = read::run_report(self, id).await?;
        // Damage that this read has found is more specific than the reason the driver recorded.
        if report.blocked.is_none() {
            report.blocked = self.logs.stopped(&report.record).await?;
        }
        Ok(report)
    }

    async fn step_history(&self, run: RunId, path: &StepPath) -> Result<StepHistory, EngineError> {
        let concerns_step = |event: &StepEvent| {
            event.seq == 1 || event.step().is_some_and(|step| step.path() == path)
        };
        let log = self.logs.filtered(run, concerns_step).await?;
        let history = StepHistory::of(&log, path);
        history.ok_or_else(|| EngineError::NoSuchStep(path.clone()))
    }

    async fn evaluate(
        &self,
        run: RunId,
        at: &StepPath,
        expression: &str,
    ) -> Result<Value, EngineError> {
        let record = self.logs.record(run).await?;
        evaluate::evaluate(&self.shared, &record, at, expression).await
    }

    async fn runs(&self, query: RunQuery) -> Result<Page<RunRecord>, EngineError> {
        Ok(self.shared.store.runs(query).await?)
    }

    async fn count_runs(&self, query: &RunQuery) -> Result<RunCounts, EngineError> {
        Ok(self.shared.store.count_runs(query).await?)
    }

    async fn delete_run(&self, id: RunId) -> Result<(), EngineError> {
        self.logs.delete(id).await
    }

    async fn cancel(&self, id: RunId) -> Result<RunRecord, EngineError> {
        let record = self.logs.record(id).await?;
        if record.head.status.has_ended() {
            return Ok(record);
        }
        let updates = self.follow(&self.shared.runs.live(id), &record, record.head.last_seq);
        self.commands.send(id, RunCommand::Cancel).await?;
        wait_for_result(updates, StepEvent::is_terminal).await;
        let record = self.logs.record(id).await?;
        if record.head.status.has_ended() {
            return Ok(record);
        }
        self.logs.check_not_stopped(&record).await?;
        Err(self.shared.interrupted(id))
    }

    async fn answer(
        &self,
        run: RunId,
        wait: WaitId,
        payload: Value,
    ) -> Result<RunRecord, EngineError> {
        let payload = Arc::new(payload);
        let live = self.shared.runs.live(run);
        let record = self.logs.record(run).await?;
        let mut waits = WaitLog::default();
        let mut seen = 0;
        let mut apply = |event: &StepEvent| {
            seen = event.seq;
            waits.apply(event);
        };
        self.logs.each_event(run, 0, &mut apply).await?;
        if waits.check(wait, &payload).map_err(EngineError::Signal)? {
            let updates = self.follow(&live, &record, seen);
            let answer = RunCommand::Answer {
                wait,
                payload: Arc::clone(&payload),
            };
            self.commands.send(run, answer).await?;
            // The log decides: another answer, or the timeout, may have been first.
            wait_for_result(updates, |event| {
                waits.apply(event);
                !matches!(waits.check(wait, &payload), Ok(true))
            })
            .await;
            if waits.check(wait, &payload).map_err(EngineError::Signal)? {
                let record = self.logs.record(run).await?;
                self.logs.check_not_stopped(&record).await?;
                return Err(self.shared.interrupted(run));
            }
        }
        self.logs.record(run).await
    }

    async fn events(
        &self,
        run: RunId,
        after: u64,
    ) -> Result<BoxStream<'static, Update>, EngineError> {
        // Before the record is read, so that events between that read and the subscription are not missed.
        let live = self.shared.runs.live(run);
        if live.driven_to().is_some_and(|last| after <= last)
            && self.shared.runs.stopped(run).is_none()
        {
            // What the record would say is known.
            let reader = Reader::new(run, after, Some(live), Arc::clone(&self.shared));
            return Ok(reader.into_stream());
        }
        let record = self.logs.record(run).await?;
        let last = record.head.last_seq;
        if after > last {
            return Err(EngineError::BeyondEnd { after, last });
        }
        self.logs.check_not_stopped(&record).await?;
        Ok(self.follow(&live, &record, after))
    }

    async fn read_events(
        &self,
        run: RunId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<StepEvent>, EngineError> {
        Ok(self.shared.store.read(run, after, limit).await?)
    }
}

#[async_trait]
impl Engine for LocalEngine {
    async fn ready(&self) -> Result<(), EngineError> {
        self.shared.ready().await
    }

    fn registry(&self) -> &Registry {
        self.shared.linker.registry()
    }

    fn limits(&self) -> EngineLimits {
        self.shared.limits()
    }

    fn fleet_status(&self) -> Option<FleetStatus> {
        self.drives.fleet_status()
    }
}

/// Rejects a change of a workflow whose newest version is not the one that the caller expects.
fn check_newest(newest: &WorkflowRecord, if_version: Option<u32>) -> Result<(), EngineError> {
    match if_version {
        Some(expected) if expected != newest.version => Err(EngineError::OtherVersion {
            workflow: newest.id,
            expected,
            newest: newest.version,
        }),
        _ => Ok(()),
    }
}

impl fmt::Debug for LocalEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalEngine")
            .field("registry", self.registry())
            .finish_non_exhaustive()
    }
}
