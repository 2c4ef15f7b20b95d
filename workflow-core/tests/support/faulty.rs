//! A store that fails on demand.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use async_trait::async_trait;
use workflow_core::{
    EventKind, RunId, RunRecord, StepEvent, Store, WorkflowId,
    record::{KeyedRun, Page, PageRequest, RunCounts, RunKey, RunQuery, WorkflowRecord},
    store::{Append, Catalog, RunLog, StoreError},
};

use super::brief;

/// What goes wrong with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    None,
    /// It fails, and nothing is done.
    Before,
    /// It is done, but reports a failure.
    After,
    /// Neither this call nor any later one comes back, as when the process is gone.
    Gone,
}

type Plan = Box<dyn FnMut(usize, &str) -> Trouble + Send>;

pub struct Faulty {
    store: Arc<dyn Store>,
    plan: Mutex<Plan>,
    calls: AtomicUsize,
    writes: Mutex<Vec<Vec<String>>>,
    forgets_inputs: bool,
    is_damaged: AtomicBool,
}

impl Faulty {
    /// `plan` is called before each call, with the number of the call, counted from 1, and its name.
    pub fn new(
        store: Arc<dyn Store>,
        plan: impl FnMut(usize, &str) -> Trouble + Send + 'static,
    ) -> Arc<Self> {
        Self::with(store, Box::new(plan), false)
    }

    /// A store whose memory is not that of this process, as far as inputs go.
    pub fn forgetting_inputs(store: Arc<dyn Store>) -> Arc<Self> {
        Self::with(store, Box::new(|_, _| Trouble::None), true)
    }

    fn with(store: Arc<dyn Store>, plan: Plan, forgets_inputs: bool) -> Arc<Self> {
        Arc::new(Self {
            store,
            plan: Mutex::new(plan),
            calls: AtomicUsize::new(0),
            writes: Mutex::default(),
            forgets_inputs,
            is_damaged: AtomicBool::new(false),
        })
    }

    /// From now on, no event can be read.
    pub fn damage(&self) {
        self.is_damaged.store(true, Ordering::SeqCst);
    }

    /// How many calls there were.
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// The events of each write so far, as [`brief`] shows them.
    pub fn writes(&self) -> Vec<Vec<String>> {
        self.writes.lock().unwrap().clone()
    }

    fn note_write(&self, events: &[StepEvent]) {
        self.writes.lock().unwrap().push(brief(events));
    }

    async fn call<T>(
        &self,
        name: &str,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let number = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        let trouble = (self.plan.lock().unwrap())(number, name);
        let failed = || StoreError::Unavailable("the disk is full".into());
        // A real store yields here, too.
        tokio::task::yield_now().await;
        match trouble {
            Trouble::None => work.await,
            Trouble::Before => Err(failed()),
            Trouble::After => work.await.and_then(|_| Err(failed())),
            Trouble::Gone => std::future::pending().await,
        }
    }
}

#[async_trait]
impl RunLog for Faulty {
    async fn create_run(
        &self,
        record: RunRecord,
        events: &[StepEvent],
        key: Option<RunKey>,
    ) -> Result<(), StoreError> {
        self.note_write(events);
        let mut events = events.to_vec();
        if let EventKind::RunCreated(created) = &mut events[0].kind
            && self.forgets_inputs
        {
            created.input = Arc::default();
        }
        self.call("create_run", self.store.create_run(record, &events, key))
            .await
    }
    async fn run_by_key(&self, key: &RunKey) -> Result<Option<KeyedRun>, StoreError> {
        self.call("run_by_key", self.store.run_by_key(key)).await
    }
    async fn append(&self, run: RunId, append: Append<'_>) -> Result<(), StoreError> {
        self.note_write(append.events);
        self.call("append", self.store.append(run, append)).await
    }
    async fn read(
        &self,
        run: RunId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<StepEvent>, StoreError> {
        let events = self.call("read", self.store.read(run, after, limit)).await;
        if self.is_damaged.load(Ordering::SeqCst) {
            return Err(StoreError::Damaged {
                run,
                seq: after + 1,
                source: "a flipped bit".into(),
            });
        }
        events
    }
    async fn run(&self, run: RunId) -> Result<Option<RunRecord>, StoreError> {
        self.call("run", self.store.run(run)).await
    }
    async fn unfinished(
        &self,
        after: Option<RunId>,
        limit: usize,
    ) -> Result<Vec<RunRecord>, StoreError> {
        self.call("unfinished", self.store.unfinished(after, limit))
            .await
    }
    async fn delete_run(&self, run: RunId) -> Result<bool, StoreError> {
        self.call("delete_run", self.store.delete_run(run)).await
    }
}

#[async_trait]
impl Catalog for Faulty {
    async fn create_workflow(&self, record: WorkflowRecord) -> Result<(), StoreError> {
        self.call("create_workflow", self.store.create_workflow(record))
            .await
    }
    async fn update_workflow(&self, record: WorkflowRecord) -> Result<bool, StoreError> {
        self.call("update_workflow", self.store.update_workflow(record))
            .await
    }
    async fn workflow(
        &self,
        id: WorkflowId,
        version: Option<u32>,
    ) -> Result<Option<WorkflowRecord>, StoreError> {
        self.call("workflow", self.store.workflow(id, version))
            .await
    }
    async fn workflows_named(
        &self,
        name: &str,
        limit: usize,
    ) -> Result<Vec<WorkflowId>, StoreError> {
        self.call("workflows_named", self.store.workflows_named(name, limit))
            .await
    }
    async fn workflows(&self, page: PageRequest) -> Result<Page<WorkflowRecord>, StoreError> {
        self.call("workflows", self.store.workflows(page)).await
    }
    async fn versions(
        &self,
        id: WorkflowId,
        page: PageRequest,
    ) -> Result<Page<WorkflowRecord>, StoreError> {
        self.call("versions", self.store.versions(id, page)).await
    }
    async fn delete_workflow(
        &self,
        id: WorkflowId,
        if_version: Option<u32>,
    ) -> Result<bool, StoreError> {
        self.call(
            "delete_workflow",
            self.store.delete_workflow(id, if_version),
        )
        .await
    }
    async fn runs(&self, query: RunQuery) -> Result<Page<RunRecord>, StoreError> {
        self.call("runs", self.store.runs(query)).await
    }
    async fn count_runs(&self, query: &RunQuery) -> Result<RunCounts, StoreError> {
        self.call("count_runs", self.store.count_runs(query)).await
    }
}

#[async_trait]
impl Store for Faulty {
    async fn ping(&self) -> Result<(), StoreError> {
        self.call("ping", self.store.ping()).await
    }
}
