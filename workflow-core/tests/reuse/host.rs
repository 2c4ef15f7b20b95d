//! Runs versions of a workflow, and continues runs.

use std::{collections::BTreeMap, sync::Arc};

use workflow_core::{
    Executor, LocalEngine, MemoryStore, NewRun, RunId, Runs, StepEvent, Workflow, WorkflowId,
    Workflows, engine::Retry, store::RunLog, view::Prediction, workflow::Library,
};

use crate::{
    flow::{INNER, Version},
    support::{
        collect,
        planned::{Service, planned_registry},
    },
};

/// The requests that were made, each with how often.
pub type Requests = BTreeMap<String, usize>;

/// A run that has ended.
pub struct Ended {
    pub run: RunId,
    /// With the results that are in the log only.
    pub log: Vec<StepEvent>,
    pub requests: Requests,
}

pub struct Host {
    service: Service,
    store: Arc<MemoryStore>,
    engine: LocalEngine,
    inner: WorkflowId,
    outer: WorkflowId,
}

impl Host {
    /// A host that has the workflows of this version.
    pub async fn new(version: &Version) -> Self {
        let service = Service::new("m");
        let store = Arc::new(MemoryStore::new());
        let engine = LocalEngine::builder(planned_registry(&service))
            .with_store(store.clone())
            .build();
        let store_workflow = async |spec| engine.create_workflow(spec).await.unwrap().record.id;
        let inner = store_workflow(version.inner.clone()).await;
        let outer = store_workflow(version.outer.clone()).await;
        Self {
            service,
            store,
            engine,
            inner,
            outer,
        }
    }

    /// A full run of the stored version.
    pub async fn run(&self, version: &Version) -> Ended {
        let new = NewRun::new(self.outer, version.input.clone());
        let run = self.engine.start(new).await.unwrap().id;
        self.ended(run).await
    }

    /// Stores a version. Returns the request to continue a run with it.
    pub async fn continuing(&self, run: RunId, version: &Version) -> Retry {
        let inner = version.inner.clone();
        let inner = self.engine.update_workflow(self.inner, inner, None);
        inner.await.unwrap();
        let outer = version.outer.clone();
        let outer = self.engine.update_workflow(self.outer, outer, None);
        let mut retry = Retry::unchanged(run);
        retry.version = Some(outer.await.unwrap().record.version);
        retry.input = Some(version.input.clone());
        retry
    }

    pub async fn predict(&self, retry: &Retry) -> Prediction {
        let predicted = self.engine.predict_retry(retry.clone()).await.unwrap();
        assert!(
            self.service.taken().is_empty(),
            "a prediction calls nothing"
        );
        predicted
    }

    pub async fn retry(&self, retry: Retry) -> Ended {
        let run = self.engine.retry(retry).await.unwrap().id;
        self.ended(run).await
    }

    async fn ended(&self, run: RunId) -> Ended {
        let updates = self.engine.events(run, 0).await.unwrap();
        futures::StreamExt::count(updates).await;
        let mut log: Vec<StepEvent> = Vec::new();
        loop {
            let after = log.last().map_or(0, |event| event.seq);
            let more = self.store.read(run, after, 1_000).await.unwrap();
            if more.is_empty() {
                break;
            }
            log.extend(more);
        }
        let requests = self.service.taken();
        Ended { run, log, requests }
    }
}

/// The whole log of a run whose host was lost after `prefix`, with the requests of the host after it.
pub async fn resume(version: &Version, prefix: &[StepEvent]) -> Ended {
    let service = Service::new("m");
    let registry = planned_registry(&service);
    let mut library = Library::new();
    let inner = Workflow::from_spec(&version.inner, &registry).unwrap();
    library.insert(INNER, Arc::new(inner));
    let outer = Workflow::with_library(&version.outer, &registry, &library).unwrap();
    let mut log = through_json(prefix);
    let run = Executor::new().resume(Arc::new(outer), &log).unwrap();
    log.extend(collect(run).await);
    Ended {
        run: log[0].run_id,
        log,
        requests: service.taken(),
    }
}

/// As a store gives it back.
fn through_json(events: &[StepEvent]) -> Vec<StepEvent> {
    let text = serde_json::to_string(events).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Runs this to its end on a runtime of its own.
pub fn in_virtual_time<T>(what: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(what)
}
