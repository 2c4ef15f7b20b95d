//! What the runs of an engine share, and the task that each of them is.

use std::{
    collections::HashMap,
    future::Future,
    pin::pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures::future::{Either, select};
use tokio::sync::{Semaphore, SemaphorePermit, oneshot};

use super::{Compiled, journal::StoreJournal, live::LiveRun};
use crate::{
    engine::{EngineError, NewRun},
    event::{RunCreated, StepEvent},
    executor::{Driver, Executor},
    id::RunId,
    machine::{self, Machine},
    record::{RunRecord, WorkflowRecord, WorkflowRef},
    registry::Registry,
    store::Store,
    sync::lock,
    time::Timestamp,
    workflow::Workflow,
};

pub(super) struct Host {
    registry: Registry,
    store: Arc<dyn Store>,
    executor: Executor,
    compiled: Compiled,
    live: Mutex<HashMap<RunId, Arc<LiveRun>>>,
    slots: Semaphore,
    /// How many runs are taken that have not ended: those that work, and those that wait.
    taken: Arc<AtomicUsize>,
    running: usize,
    most_queued: usize,
}

/// A run that is about to be stored and driven.
struct Fresh {
    workflow: Arc<Workflow>,
    machine: Machine,
    record: RunRecord,
    first: StepEvent,
}

/// A run's place among those that are taken.
struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// What a queued run came to.
enum Turn<'a> {
    /// It may work, as long as it holds its slot.
    Work { _slot: SemaphorePermit<'a> },
    /// It was cancelled, so it only has to end, which needs no slot.
    End,
    /// The engine shuts down.
    Never,
}

/// How the caller of `start` learns that the run is stored.
type Started = oneshot::Receiver<Result<RunRecord, EngineError>>;

impl Host {
    pub(super) fn new(
        registry: Registry,
        store: Arc<dyn Store>,
        executor: Executor,
        running: usize,
        most_queued: usize,
    ) -> Self {
        Self {
            registry,
            store,
            executor,
            compiled: Compiled::default(),
            live: Mutex::default(),
            slots: Semaphore::new(running.min(Semaphore::MAX_PERMITS)),
            taken: Arc::default(),
            running,
            most_queued,
        }
    }

    pub(super) fn registry(&self) -> &Registry {
        &self.registry
    }

    pub(super) fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    pub(super) fn live(&self, run: RunId) -> Option<Arc<LiveRun>> {
        lock(&self.live).get(&run).cloned()
    }

    /// Whether the engine shuts down.
    pub(super) fn is_closed(&self) -> bool {
        self.slots.is_closed()
    }

    /// Lets no further run begin to work.
    pub(super) fn close(&self) {
        self.slots.close();
    }

    /// Everything about a new run that can be refused. The task that comes back stores the run and
    /// drives it, also when the caller of `start` has gone away in between.
    pub(super) fn prepare(
        self: Arc<Self>,
        record: &WorkflowRecord,
        new: NewRun,
    ) -> Result<(impl Future<Output = ()> + Send + 'static, Started), EngineError> {
        if self.is_closed() {
            return Err(EngineError::ShuttingDown);
        }
        let place = self.take_place()?;
        let workflow = self.compiled.get(record, &self.registry)?;
        workflow
            .check_input(&new.input)
            .map_err(EngineError::InvalidInput)?;
        let fresh = Fresh::new(workflow, record, new, &self.executor);
        let (tell, started) = oneshot::channel();
        let task = async move {
            self.host(fresh, tell).await;
            drop(place);
        };
        Ok((task, started))
    }

    /// A place among those that work or wait, given back when it is dropped.
    fn take_place(&self) -> Result<Place, EngineError> {
        let most = self.running.saturating_add(self.most_queued);
        let taken = self.taken.fetch_add(1, Ordering::AcqRel);
        let place = Place(Arc::clone(&self.taken));
        if taken < most {
            return Ok(place);
        }
        let waiting = self.most_queued;
        Err(EngineError::Busy { waiting })
    }

    async fn host(
        self: Arc<Self>,
        fresh: Fresh,
        tell: oneshot::Sender<Result<RunRecord, EngineError>>,
    ) {
        let Fresh {
            workflow,
            machine,
            record,
            first,
        } = fresh;
        let live = LiveRun::new(record.id);
        // Before it is stored, so that whoever finds it in the store finds it alive.
        let _registered = self.register(&live);
        if let Err(error) = self.store.create_run(record.clone(), first.clone()).await {
            let _ = tell.send(Err(error.into()));
            return;
        }
        live.publish(std::iter::once(first));
        let _ = tell.send(Ok(record.clone()));
        let turn = self.wait_for_turn(&live).await;
        if matches!(turn, Turn::Never) {
            return;
        }
        let journal = StoreJournal::new(Arc::clone(&self.store), Arc::clone(&live), record.head);
        let cancellation = live.cancellation().clone();
        let driver = Driver::new(record.id, workflow, machine, journal, live, cancellation);
        driver.drive(machine::Turn::default()).await;
    }

    async fn wait_for_turn(&self, live: &LiveRun) -> Turn<'_> {
        let slot = pin!(self.slots.acquire());
        let cancelled = pin!(live.cancellation().cancelled());
        match select(cancelled, slot).await {
            Either::Left(_) => Turn::End,
            Either::Right((Ok(slot), _)) => Turn::Work { _slot: slot },
            Either::Right((Err(_closed), _)) => Turn::Never,
        }
    }

    fn register(self: &Arc<Self>, live: &Arc<LiveRun>) -> Registered {
        lock(&self.live).insert(live.id(), Arc::clone(live));
        Registered {
            host: Arc::clone(self),
            live: Arc::clone(live),
        }
    }
}

impl Fresh {
    fn new(
        workflow: Arc<Workflow>,
        stored: &WorkflowRecord,
        new: NewRun,
        executor: &Executor,
    ) -> Self {
        let id = RunId::new();
        let input = Arc::new(new.input);
        let mut machine = Machine::new(
            Arc::clone(&workflow),
            id,
            Arc::clone(&input),
            executor.slots(),
        );
        let mut created = RunCreated::of(&workflow, input);
        created.workflow_id = Some(stored.id);
        created.version = Some(stored.version);
        created.metadata = new.metadata.map(Arc::new);
        let first = machine.create(created, Timestamp::now());
        let record = RunRecord::new(WorkflowRef::from(stored), &first);
        Self {
            workflow,
            machine,
            record,
            first,
        }
    }
}

/// Keeps a run among the live ones; when the task ends, however it ends, its readers are let go.
struct Registered {
    host: Arc<Host>,
    live: Arc<LiveRun>,
}

impl Drop for Registered {
    fn drop(&mut self) {
        lock(&self.host.live).remove(&self.live.id());
        self.live.close();
    }
}
