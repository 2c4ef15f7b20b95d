//! Starts runs: new runs and re-runs. Both build a `run.created` body and go through [`LocalEngine::create`].

mod earlier;
pub(super) mod linker;

use std::{fmt, sync::Arc};

use serde_json::{Value, json};

use self::earlier::{Earlier, first_event};
use super::{drive::Drives, journal::logs::RunLogs, shared::Shared};
use crate::{
    engine::{EngineError, NewRun, Retry},
    event::RunCreated,
    record::{RunKey, RunRecord, WorkflowRecord},
    store::StoreError,
    value::WorkflowId,
    workflow::{Workflow, content_hash},
};

/// Stores new runs and starts them.
pub(super) struct Starts {
    shared: Arc<Shared>,
    drives: Drives,
    logs: RunLogs,
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
            let request = json!([new.version, new.input, new.metadata]);
            run_key(new.workflow_id, key, &request)
        });
        if let Some(run) = self.run_of_key(key.as_ref()).await? {
            return Ok(run);
        }
        let stored = self.runnable(new.workflow_id, new.version).await?;
        let workflow = self.shared.linker.newest(&stored).await?;
        let mut created = RunCreated::of(&workflow, Arc::new(new.input));
        created.metadata = new.metadata.map(Arc::new);
        self.create(&stored, workflow, created, key).await
    }

    pub(super) async fn retry(&self, retry: Retry) -> Result<RunRecord, EngineError> {
        let key = (retry.key.as_ref()).map(|key| {
            let request = retry.identity();
            run_key(retry.run, key, &request)
        });
        if let Some(run) = self.run_of_key(key.as_ref()).await? {
            return Ok(run);
        }
        let before = self.logs.ended_record(retry.run).await?;
        retry.check().map_err(EngineError::InvalidRetry)?;
        let version = retry.version.unwrap_or(before.workflow.version);
        let stored = self.runnable(before.workflow.id, Some(version)).await?;
        let workflow = self.shared.linker.newest(&stored).await?;
        let created = self
            .created_for_retry(&retry, &before, &stored, &workflow)
            .await?;
        self.create(&stored, workflow, created, key).await
    }

    /// The `run.created` body of a re-run.
    async fn created_for_retry(
        &self,
        retry: &Retry,
        before: &RunRecord,
        stored: &WorkflowRecord,
        workflow: &Workflow,
    ) -> Result<RunCreated, EngineError> {
        let log = if retry.needs_log() {
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
        let created = retry.created(&earlier, workflow, &stored.spec);
        created.map_err(EngineError::InvalidRetry)
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
    async fn create(
        &self,
        stored: &WorkflowRecord,
        workflow: Arc<Workflow>,
        created: RunCreated,
        key: Option<RunKey>,
    ) -> Result<RunRecord, EngineError> {
        let started = self
            .drives
            .start(stored, workflow, created, key.clone())
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
