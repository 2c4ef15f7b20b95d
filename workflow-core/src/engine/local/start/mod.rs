//! Starts runs: new runs and re-runs. Both build a `run.created` body and go through [`LocalEngine::create`].

mod budget;
mod earlier;
pub(super) mod linker;

use std::{fmt, sync::Arc};

use serde_json::{Value, json};

use self::earlier::{Earlier, first_event};
use super::{drive::Drives, journal::logs::RunLogs, shared::Shared};
use crate::{
    engine::{EngineError, NewRun, Retry},
    event::{RunCreated, StepEvent},
    executor::{EarlierCosts, predict},
    record::{RunKey, RunRecord, WorkflowRecord},
    store::StoreError,
    value::WorkflowId,
    view::Prediction,
    workflow::{Workflow, content_hash},
};

/// Stores new runs and starts them.
pub(super) struct Starts {
    shared: Arc<Shared>,
    drives: Drives,
    logs: RunLogs,
}

/// A run before it is created.
struct Beginning {
    stored: WorkflowRecord,
    workflow: Arc<Workflow>,
    created: RunCreated,
}

impl Starts {
    pub(super) fn new(shared: &Arc<Shared>, drives: &Drives, logs: &RunLogs) -> Self {
        Self {
            shared: Arc::clone(shared),
            drives: drives.clone(),
            logs: logs.clone(),
        }
    }

    pub(super) async fn start(&self, new: NewRun) -> Result<RunRecord, EngineError> {
        let key = (new.key.as_ref()).map(|key| {
            let mut request = vec![json!(new.version), json!(new.input), json!(new.metadata)];
            // Later fields count only if they are set, so that keys stored before stay valid.
            request.extend(new.budget.map(|budget| json!(budget)));
            let request = Value::Array(request);
            run_key(new.workflow_id, key, &request)
        });
        if let Some(run) = self.run_of_key(key.as_ref()).await? {
            return Ok(run);
        }
        let new = self.new_run(new).await?;
        self.create(new, key).await
    }

    /// What a request to start a run begins with.
    async fn new_run(&self, new: NewRun) -> Result<Beginning, EngineError> {
        let stored = self.runnable(new.workflow_id, new.version).await?;
        let workflow = self.shared.linker.newest(&stored).await?;
        let mut created = RunCreated::of(&workflow, Arc::new(new.input));
        created.metadata = new.metadata.map(Arc::new);
        created.budget =
            budget::checked(new.budget, &workflow).map_err(EngineError::InvalidBudget)?;
        Ok(Beginning {
            stored,
            workflow,
            created,
        })
    }

    pub(super) async fn retry(&self, retry: Retry) -> Result<RunRecord, EngineError> {
        retry.check_stored().map_err(EngineError::InvalidRetry)?;
        let key = (retry.key.as_ref()).map(|key| {
            let request = retry.identity();
            run_key(retry.run, key, &request)
        });
        if let Some(run) = self.run_of_key(key.as_ref()).await? {
            return Ok(run);
        }
        let (again, _) = self.rerun(&retry, false).await?;
        self.create(again, key).await
    }

    /// What a request to re-run a run begins with, and the log of the earlier run: all of it if it is needed, or `whole_log`.
    async fn rerun(
        &self,
        retry: &Retry,
        whole_log: bool,
    ) -> Result<(Beginning, Vec<StepEvent>), EngineError> {
        let before = self.logs.ended_record(retry.run).await?;
        retry.check().map_err(EngineError::InvalidRetry)?;
        let (stored, workflow) = self.workflow_of(retry, &before).await?;
        let log = if whole_log || retry.needs_log() {
            self.logs.filtered(before.id, |_| true).await?
        } else {
            self.shared.store.read(before.id, 0, 1).await?
        };
        let Some(created) = first_event(&log) else {
            return Err(EngineError::NoSuchRun(before.id));
        };
        let linker = &self.shared.linker;
        let ran = linker.stored(before.workflow.id, Some(before.workflow.version));
        let spec = ran.await?.spec;
        let earlier = Earlier {
            created,
            spec: &spec,
            log: &log,
        };
        let created = retry.created(&earlier, &workflow, &stored.spec);
        let again = Beginning {
            created: created.map_err(EngineError::InvalidRetry)?,
            stored,
            workflow,
        };
        Ok((again, log))
    }

    /// The workflow that a re-run executes.
    async fn workflow_of(
        &self,
        retry: &Retry,
        before: &RunRecord,
    ) -> Result<(WorkflowRecord, Arc<Workflow>), EngineError> {
        let version = retry.version.unwrap_or(before.workflow.version);
        let linker = &self.shared.linker;
        let mut stored = self.runnable(before.workflow.id, Some(version)).await?;
        let Some(spec) = &retry.spec else {
            let workflow = linker.newest(&stored).await?;
            return Ok((stored, workflow));
        };
        let workflow = linker.check_as(spec, Some(stored.id)).await?;
        stored.spec = Arc::new(spec.clone());
        Ok((stored, Arc::new(workflow)))
    }

    /// Predicts what [`start`](Self::start) would start.
    pub(super) async fn predict(&self, new: NewRun) -> Result<Prediction, EngineError> {
        let new = self.new_run(new).await?;
        self.prediction(new, &EarlierCosts::new()).await
    }

    /// Predicts what [`retry`](Self::retry) would start.
    pub(super) async fn predict_retry(&self, retry: Retry) -> Result<Prediction, EngineError> {
        let (again, log) = self.rerun(&retry, true).await?;
        let costs = earlier::costs(&log);
        drop(log);
        self.prediction(again, &costs).await
    }

    /// Counts the memory of the prediction as that of a run.
    async fn prediction(
        &self,
        run: Beginning,
        earlier: &EarlierCosts,
    ) -> Result<Prediction, EngineError> {
        let input = run.workflow.check_input(&run.created.input);
        input.map_err(EngineError::InvalidInput)?;
        let budget = self.shared.admission.budget();
        let Some(_memory) = budget.reserve(run.created.memory()) else {
            return Err(EngineError::Busy {
                limit: "memory_budget_bytes",
                most: budget.limit(),
            });
        };
        let limits = self.shared.executor.limits();
        Ok(predict(run.workflow, run.created, limits, earlier).await)
    }

    /// A version of a workflow that is not deleted: no new run may be started of a deleted one.
    async fn runnable(
        &self,
        id: WorkflowId,
        version: Option<u32>,
    ) -> Result<WorkflowRecord, EngineError> {
        // Numbered versions of a deleted workflow stay readable, only the newest does not.
        let linker = &self.shared.linker;
        let newest = linker.stored(id, None).await?;
        match version {
            Some(version) if version != newest.version => linker.stored(id, Some(version)).await,
            _ => Ok(newest),
        }
    }

    /// Creates a run. Of two concurrent requests with one key, one creates the run, and both return it.
    async fn create(&self, run: Beginning, key: Option<RunKey>) -> Result<RunRecord, EngineError> {
        let started = self
            .drives
            .start(&run.stored, run.workflow, run.created, key.clone())
            .await;
        if let Err(EngineError::Store(StoreError::KeyTaken)) = &started
            && let Some(run) = self.run_of_key(key.as_ref()).await?
        {
            return Ok(run);
        }
        started
    }

    /// The run of an idempotency key; `None` if the key is new.
    ///
    /// # Errors
    /// [`EngineError::KeyReused`] if the run was started by a different request.
    async fn run_of_key(&self, key: Option<&RunKey>) -> Result<Option<RunRecord>, EngineError> {
        let Some(key) = key else {
            return Ok(None);
        };
        match self.shared.store.run_by_key(key).await? {
            Some(found) if found.request != key.request => {
                Err(EngineError::KeyReused(found.record.id))
            }
            found => Ok(found.map(|found| found.record)),
        }
    }
}

fn run_key(scope: impl fmt::Display, key: &str, request: &Value) -> RunKey {
    RunKey::new(scope.to_string(), key, content_hash(request))
}
