//! A store that stops with its process.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use tokio::sync::watch;

use crate::{
    event::StepEvent,
    record::{
        KeyedRun, Page, PageRequest, RunCounts, RunHead, RunKey, RunQuery, RunRecord,
        WorkflowRecord,
    },
    store::{Append, Catalog, RunLog, Store, StoreError},
    value::{RunId, WorkflowId},
};

/// The store of a process that crashes before it stores the event after a given one.
///
/// The process works until then: an attempt that the last stored event started may call its service, and only
/// the event of its result is lost. From the first lost event on, no call returns. What was stored is in the
/// store behind this one. A write that contains the given event and later ones is cut after it, since every
/// prefix of a log is a valid state.
///
/// ```
/// use std::sync::Arc;
/// use serde_json::json;
/// use workflow_core::{
///     EngineError, LocalEngine, MemoryStore, NewRun, Registry, Runs, Store, Workflows,
///     testing::{CrashAfter, run_in_virtual_time},
/// };
///
/// run_in_virtual_time(async {
///     let memory: Arc<dyn Store> = Arc::new(MemoryStore::new());
///     let store = Arc::new(CrashAfter::new(memory.clone(), 3));
///     let engine = LocalEngine::builder(Registry::default()).with_store(store.clone()).build();
///     let spec = json!({"nodes": [{"id": "a", "type": "PromptNode", "data": {"template": "Hello {{ input }}"}}]});
///     let workflow = engine.create_workflow(spec).await?.record;
///     // A crash while the run is created: who starts it gets no answer.
///     let run = tokio::select! {
///         run = store.crashed() => run,
///         run = engine.start(NewRun::new(workflow.id, json!(null))) => {
///             run?;
///             store.crashed().await
///         }
///     };
///     drop(engine);
///     assert_eq!(memory.read(run, 0, 100).await?.len(), 3);
///     Ok::<(), EngineError>(())
/// })?;
/// # Ok::<(), EngineError>(())
/// ```
pub struct CrashAfter {
    store: Arc<dyn Store>,
    event: u64,
    crashed: watch::Sender<Option<RunId>>,
}

impl CrashAfter {
    /// Loses the events of every run after number `event`, counted from 1, and crashes with the first of them.
    pub fn new(store: Arc<dyn Store>, event: u64) -> Self {
        Self {
            store,
            event: event.max(1),
            crashed: watch::Sender::new(None),
        }
    }

    /// Waits for the crash; returns the run whose event was lost.
    pub async fn crashed(&self) -> RunId {
        let mut crashed = self.crashed.subscribe();
        // The sender is part of `self`, so waiting cannot fail.
        let seen = crashed.wait_for(Option::is_some).await;
        match seen.ok().and_then(|run| *run) {
            Some(run) => run,
            None => std::future::pending().await,
        }
    }

    /// Of events after number `after`, those that are stored before the crash; `None` if all are.
    fn cut<'a>(&self, after: u64, events: &'a [StepEvent]) -> Option<&'a [StepEvent]> {
        let left = self.event.saturating_sub(after);
        let left = usize::try_from(left).unwrap_or(usize::MAX);
        (left < events.len()).then(|| &events[..left])
    }

    /// A call of a process that may be gone.
    async fn call<T>(&self, call: impl Future<Output = T>) -> T {
        if self.crashed.borrow().is_some() {
            return std::future::pending().await;
        }
        call.await
    }

    async fn crash<T>(&self, run: RunId) -> T {
        self.crashed.send_replace(Some(run));
        std::future::pending().await
    }
}

impl fmt::Debug for CrashAfter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CrashAfter")
            .field("event", &self.event)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl RunLog for CrashAfter {
    async fn create_run(
        &self,
        mut record: RunRecord,
        events: &[StepEvent],
        key: Option<RunKey>,
    ) -> Result<(), StoreError> {
        let Some(events) = self.cut(0, events) else {
            return self.call(self.store.create_run(record, events, key)).await;
        };
        let run = record.id;
        record.head = RunHead::new(record.created_at);
        for event in events {
            record.head.apply(event);
        }
        self.call(self.store.create_run(record, events, key))
            .await?;
        self.crash(run).await
    }

    async fn run_by_key(&self, key: &RunKey) -> Result<Option<KeyedRun>, StoreError> {
        self.call(self.store.run_by_key(key)).await
    }

    async fn append(&self, run: RunId, append: Append<'_>) -> Result<(), StoreError> {
        let Some(events) = self.cut(append.expected_seq, append.events) else {
            return self.call(self.store.append(run, append)).await;
        };
        if !events.is_empty()
            && let Some(record) = self.call(self.store.run(run)).await?
        {
            let mut head = record.head;
            for event in events {
                head.apply(event);
            }
            let cut = Append::new(append.expected_seq, events, &head);
            self.call(self.store.append(run, cut)).await?;
        }
        self.crash(run).await
    }

    async fn read(
        &self,
        run: RunId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<StepEvent>, StoreError> {
        self.call(self.store.read(run, after, limit)).await
    }

    async fn run(&self, run: RunId) -> Result<Option<RunRecord>, StoreError> {
        self.call(self.store.run(run)).await
    }

    async fn unfinished(
        &self,
        after: Option<RunId>,
        limit: usize,
    ) -> Result<Vec<RunRecord>, StoreError> {
        self.call(self.store.unfinished(after, limit)).await
    }

    async fn delete_run(&self, run: RunId) -> Result<bool, StoreError> {
        self.call(self.store.delete_run(run)).await
    }
}

#[async_trait]
impl Catalog for CrashAfter {
    async fn create_workflow(&self, record: WorkflowRecord) -> Result<(), StoreError> {
        self.call(self.store.create_workflow(record)).await
    }

    async fn update_workflow(&self, record: WorkflowRecord) -> Result<bool, StoreError> {
        self.call(self.store.update_workflow(record)).await
    }

    async fn workflow(
        &self,
        id: WorkflowId,
        version: Option<u32>,
    ) -> Result<Option<WorkflowRecord>, StoreError> {
        self.call(self.store.workflow(id, version)).await
    }

    async fn workflows_named(
        &self,
        name: &str,
        limit: usize,
    ) -> Result<Vec<WorkflowId>, StoreError> {
        self.call(self.store.workflows_named(name, limit)).await
    }

    async fn workflows(&self, page: PageRequest) -> Result<Page<WorkflowRecord>, StoreError> {
        self.call(self.store.workflows(page)).await
    }

    async fn versions(
        &self,
        id: WorkflowId,
        page: PageRequest,
    ) -> Result<Page<WorkflowRecord>, StoreError> {
        self.call(self.store.versions(id, page)).await
    }

    async fn delete_workflow(
        &self,
        id: WorkflowId,
        if_version: Option<u32>,
    ) -> Result<bool, StoreError> {
        self.call(self.store.delete_workflow(id, if_version)).await
    }

    async fn runs(&self, query: RunQuery) -> Result<Page<RunRecord>, StoreError> {
        self.call(self.store.runs(query)).await
    }

    async fn count_runs(&self, query: &RunQuery) -> Result<RunCounts, StoreError> {
        self.call(self.store.count_runs(query)).await
    }
}

#[async_trait]
impl Store for CrashAfter {
    async fn ping(&self) -> Result<(), StoreError> {
        self.call(self.store.ping()).await
    }
}
