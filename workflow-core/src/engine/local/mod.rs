//! An engine in this process: its runs are tasks, their logs are in a store.

mod host;
mod journal;
mod live;
mod reader;
mod text;

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use futures::stream::BoxStream;
use serde_json::Value;
use tokio::task::JoinSet;

use self::{host::Host, reader::Reader};
use super::{Engine, EngineError, NewRun, Validation};
use crate::{
    event::{StepEvent, Update},
    executor::Executor,
    id::{RunId, WorkflowId},
    record::{Page, PageRequest, RunQuery, RunRecord, WorkflowRecord},
    registry::Registry,
    report::RunReport,
    store::{MemoryStore, Store},
    sync::lock,
    workflow::Workflow,
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
/// let run = engine.start(NewRun::new(workflow.id, "Ada".into())).await?;
/// let updates: Vec<_> = engine.events(run.id, 0).await?.collect().await;
/// assert_eq!(updates.len(), 5);
/// # Ok(())
/// # }
/// ```
pub struct LocalEngine {
    host: Arc<Host>,
    tasks: Mutex<JoinSet<()>>,
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
            tasks: Mutex::default(),
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
        let mut tasks = {
            let mut tasks = lock(&self.tasks);
            self.host.close();
            std::mem::take(&mut *tasks)
        };
        let drained = async { while tasks.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(grace, drained).await;
        tasks.shutdown().await;
    }

    /// Keeps a task until it ends. A closed engine takes none.
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> Result<(), EngineError> {
        let mut tasks = lock(&self.tasks);
        if self.host.is_closed() {
            return Err(EngineError::ShuttingDown);
        }
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task);
        Ok(())
    }
}

#[async_trait]
impl Engine for LocalEngine {
    async fn create_workflow(&self, spec: Value) -> Result<WorkflowRecord, EngineError> {
        let workflow = Workflow::new(&spec, self.host.registry())?;
        let record = WorkflowRecord::new(workflow.name().map(str::to_owned), Arc::new(spec));
        self.host.store().create_workflow(record.clone()).await?;
        Ok(record)
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

    fn validate(&self, spec: &Value) -> Validation {
        match Workflow::new(spec, self.host.registry()) {
            Ok(workflow) => Validation {
                faults: Vec::new(),
                nodes: Some(Arc::clone(workflow.nodes())),
            },
            Err(invalid) => Validation {
                faults: invalid.into_faults(),
                nodes: None,
            },
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
        let (task, started) = Arc::clone(&self.host).prepare(&record, run)?;
        self.spawn(task)?;
        started.await.unwrap_or(Err(EngineError::ShuttingDown))
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
                _ => return Ok(report),
            }
        }
    }

    async fn runs(&self, query: RunQuery) -> Result<Page<RunRecord>, EngineError> {
        Ok(self.host.store().runs(query).await?)
    }

    async fn cancel(&self, id: RunId) -> Result<RunRecord, EngineError> {
        if let Some(live) = self.host.live(id) {
            live.cancel().await;
        }
        let record = self.host.store().run(id).await?;
        let record = record.ok_or(EngineError::NoSuchRun(id))?;
        if record.head.status.has_ended() {
            return Ok(record);
        }
        Err(EngineError::ShuttingDown)
    }

    async fn events(
        &self,
        run: RunId,
        after: u64,
    ) -> Result<BoxStream<'static, Update>, EngineError> {
        let live = self.host.live(run);
        let record = self
            .host
            .store()
            .run(run)
            .await?
            .ok_or(EngineError::NoSuchRun(run))?;
        let last = record.head.last_seq;
        if after > last {
            return Err(EngineError::BeyondEnd { after, last });
        }
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

/// Compiled workflows by version, so that a run does not compile its workflow again.
#[derive(Default)]
struct Compiled(Mutex<HashMap<(WorkflowId, u32), Arc<Workflow>>>);

impl Compiled {
    /// How many are kept.
    const MOST: usize = 64;

    fn get(
        &self,
        record: &WorkflowRecord,
        registry: &Registry,
    ) -> Result<Arc<Workflow>, EngineError> {
        let key = (record.id, record.version);
        if let Some(workflow) = lock(&self.0).get(&key) {
            return Ok(Arc::clone(workflow));
        }
        let workflow = Arc::new(Workflow::new(&record.spec, registry)?);
        let mut kept = lock(&self.0);
        if kept.len() >= Self::MOST
            && let Some(any) = kept.keys().next().copied()
        {
            kept.remove(&any);
        }
        kept.insert(key, Arc::clone(&workflow));
        Ok(workflow)
    }
}
