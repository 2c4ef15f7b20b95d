//! An engine in this process: its runs are tasks, their logs are in a store.

mod host;
mod journal;
mod linker;
mod live;
mod reader;
mod text;
mod timers;

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures::stream::BoxStream;
use serde_json::Value;

use self::{host::Host, reader::Reader};
use super::{Created, Engine, EngineError, NewRun, Validation};
use crate::{
    event::{StepEvent, Update},
    executor::Executor,
    id::{RunId, WaitId, WorkflowId},
    record::{Page, PageRequest, RunQuery, RunRecord, WorkflowRecord},
    registry::Registry,
    report::RunReport,
    store::{MemoryStore, Store},
    wait::WaitLog,
};

/// How many runs work at once, unless it is set.
const DEFAULT_RUNNING: usize = 1_024;

/// How many more runs wait for their turn, unless it is set.
const DEFAULT_QUEUED: usize = 10_000;

/// How many events of a log are read at once.
const READ_BATCH: usize = 500;

/// An [`Engine`] in this process. Its runs go on whether or not anybody watches; dropping the
/// engine stops them where they are.
///
/// ```
/// use futures::StreamExt;
/// use workflow_core::{Engine, LocalEngine, NewRun, Registry};
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
    host: Arc<Host>,
}

impl Drop for LocalEngine {
    fn drop(&mut self) {
        drop(self.host.close());
        self.host.let_readers_go();
    }
}

/// Sets up a [`LocalEngine`].
pub struct LocalEngineBuilder {
    registry: Registry,
    store: Arc<dyn Store>,
    executor: Executor,
    running: usize,
    queued: usize,
}

impl LocalEngineBuilder {
    /// Where workflows and runs are kept; a [`MemoryStore`] unless it is set.
    #[must_use]
    pub fn store(mut self, store: impl Store) -> Self {
        self.store = Arc::new(store);
        self
    }

    /// How each run is executed.
    #[must_use]
    pub fn executor(mut self, executor: Executor) -> Self {
        self.executor = executor;
        self
    }

    /// How many runs work at once (1,024 by default), and how many more may wait (10,000).
    #[must_use]
    pub fn limits(mut self, running: usize, queued: usize) -> Self {
        self.running = running.max(1);
        self.queued = queued;
        self
    }

    /// The engine. It spawns its runs on the tokio runtime that `start` is called in.
    pub fn build(self) -> LocalEngine {
        let host = Host::new(
            self.registry,
            self.store,
            self.executor,
            self.running,
            self.queued,
        );
        LocalEngine {
            host: Arc::new(host),
        }
    }
}

impl fmt::Debug for LocalEngineBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalEngineBuilder")
            .field("registry", &self.registry)
            .finish_non_exhaustive()
    }
}

impl LocalEngine {
    /// An engine for workflows of these node types.
    pub fn builder(registry: Registry) -> LocalEngineBuilder {
        LocalEngineBuilder {
            registry,
            store: Arc::new(MemoryStore::new()),
            executor: Executor::new(),
            running: DEFAULT_RUNNING,
            queued: DEFAULT_QUEUED,
        }
    }

    /// Takes no new runs, gives those that work this long to end, and stops the rest. When it
    /// returns, nothing of the engine works any more.
    pub async fn shutdown(&self, grace: Duration) {
        let mut tasks = self.host.close();
        let drained = async { while tasks.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(grace, drained).await;
        tasks.shutdown().await;
        self.host.let_readers_go();
    }
}

#[async_trait]
impl Engine for LocalEngine {
    async fn create_workflow(&self, spec: Value) -> Result<Created, EngineError> {
        let workflow = self.host.linker().check(&spec).await?;
        let warnings = workflow.warnings().to_vec();
        let record = WorkflowRecord::new(workflow.name().map(str::to_owned), Arc::new(spec));
        self.host.store().create_workflow(record.clone()).await?;
        Ok(Created { record, warnings })
    }

    async fn workflow(
        &self,
        id: WorkflowId,
        version: Option<u32>,
    ) -> Result<WorkflowRecord, EngineError> {
        self.host
            .store()
            .workflow(id, version)
            .await?
            .ok_or(EngineError::NoSuchWorkflow(id))
    }

    async fn workflows(&self, page: PageRequest) -> Result<Page<WorkflowRecord>, EngineError> {
        Ok(self.host.store().workflows(page).await?)
    }

    async fn delete_workflow(&self, id: WorkflowId) -> Result<(), EngineError> {
        let deleted = self.host.store().delete_workflow(id).await?;
        if deleted {
            Ok(())
        } else {
            Err(EngineError::NoSuchWorkflow(id))
        }
    }

    async fn validate(&self, spec: &Value) -> Result<Validation, EngineError> {
        match self.host.linker().check(spec).await {
            Ok(workflow) => Ok(Validation {
                faults: Vec::new(),
                warnings: workflow.warnings().to_vec(),
                nodes: Some(Arc::clone(workflow.nodes())),
            }),
            Err(EngineError::Invalid(invalid)) => Ok(Validation {
                faults: invalid.into_faults(),
                warnings: Vec::new(),
                nodes: None,
            }),
            Err(other) => Err(other),
        }
    }

    async fn start(&self, run: NewRun) -> Result<RunRecord, EngineError> {
        // The newest version is there only as long as the workflow is not deleted.
        let newest = self.workflow(run.workflow_id, None).await?;
        let record = match run.version {
            Some(version) if version != newest.version => {
                self.workflow(run.workflow_id, Some(version)).await?
            }
            _ => newest,
        };
        self.host.start(&record, run).await
    }

    async fn run(&self, id: RunId) -> Result<RunReport, EngineError> {
        let record = self
            .host
            .store()
            .run(id)
            .await?
            .ok_or(EngineError::NoSuchRun(id))?;
        let until = record.head.last_seq;
        let mut report = RunReport::new(record);
        let mut after = 0;
        loop {
            let events = self.page(id, after, READ_BATCH).await?;
            for event in events.iter().filter(|event| event.seq <= until) {
                report.apply(event);
            }
            match events.last() {
                Some(last) if last.seq < until => after = last.seq,
                _ => return Ok(report.finish()),
            }
        }
    }

    async fn runs(&self, query: RunQuery) -> Result<Page<RunRecord>, EngineError> {
        Ok(self.host.store().runs(query).await?)
    }

    async fn cancel(&self, id: RunId) -> Result<RunRecord, EngineError> {
        let run = || async {
            let record = self.host.store().run(id).await?;
            record.ok_or(EngineError::NoSuchRun(id))
        };
        if !run().await?.head.status.has_ended() {
            self.host.cancel(id).await;
        }
        let record = run().await?;
        if record.head.status.has_ended() {
            return Ok(record);
        }
        Err(EngineError::ShuttingDown)
    }

    async fn signal(
        &self,
        run: RunId,
        wait: WaitId,
        payload: Value,
    ) -> Result<RunRecord, EngineError> {
        let payload = Arc::new(payload);
        let is_open = || async {
            let log = self.host.log(run).await?;
            let open = WaitLog::of(&log).check(wait, &payload);
            open.map_err(EngineError::Signal)
        };
        if is_open().await? {
            self.host.answer(run, wait, Arc::clone(&payload)).await;
            // What the log says now is what came of it: another answer, or time, may have been first.
            if is_open().await? {
                return Err(EngineError::ShuttingDown);
            }
        }
        let record = self.host.store().run(run).await?;
        record.ok_or(EngineError::NoSuchRun(run))
    }

    async fn events(
        &self,
        run: RunId,
        after: u64,
    ) -> Result<BoxStream<'static, Update>, EngineError> {
        // Before the log is looked at, so that nothing is missed in between.
        let live = self.host.live_or_new(run);
        let record = self.host.store().run(run).await?;
        let record = record.ok_or(EngineError::NoSuchRun(run))?;
        let last = record.head.last_seq;
        if after > last {
            return Err(EngineError::BeyondEnd { after, last });
        }
        live.is_at_least(last);
        let goes_on = !record.head.status.has_ended() && !self.host.is_closed();
        let live = goes_on.then_some(live);
        let reader = Reader::new(run, after, live, Arc::clone(self.host.store()));
        Ok(reader.into_stream())
    }

    async fn page(
        &self,
        run: RunId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<StepEvent>, EngineError> {
        Ok(self.host.store().read(run, after, limit).await?)
    }

    fn registry(&self) -> &Registry {
        self.host.registry()
    }
}

impl fmt::Debug for LocalEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalEngine")
            .field("registry", self.registry())
            .finish_non_exhaustive()
    }
}
