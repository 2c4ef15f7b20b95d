//! What the runs of an engine share, and the task that each of them is while it works.

use std::{
    collections::HashMap,
    future::Future,
    pin::pin,
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures::future::{Either, select};
use serde_json::Value;
use tokio::{
    sync::{Semaphore, SemaphorePermit, oneshot},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use super::{
    READ_BATCH,
    journal::StoreJournal,
    linker::Linker,
    live::LiveRun,
    timers::{Alarm, Timers},
};
use crate::{
    engine::{EngineError, NewRun},
    event::{EventKind, RunCreated, StepEvent},
    executor::{Clock, Driver, Executor},
    id::{RunId, WaitId},
    machine::{self, Machine},
    record::{RunRecord, RunStatus, WorkflowRecord, WorkflowRef},
    registry::Registry,
    store::Store,
    sync::lock,
    time::Timestamp,
    workflow::Workflow,
};

pub(super) struct Host {
    registry: Arc<Registry>,
    store: Arc<dyn Store>,
    executor: Executor,
    linker: Linker,
    /// Runs that are driven or followed.
    live: Mutex<HashMap<RunId, Weak<LiveRun>>>,
    timers: Timers,
    /// Everything that was spawned; none any more once the engine is closed.
    tasks: Mutex<Option<JoinSet<()>>>,
    closing: CancellationToken,
    slots: Semaphore,
    /// How many runs are taken that neither ended nor rest: those that work, and those that queue.
    taken: Arc<AtomicUsize>,
    running: usize,
    most_queued: usize,
}

/// A run that is about to be stored and driven.
struct Fresh {
    machine: Machine,
    clock: Clock,
    record: RunRecord,
    first: StepEvent,
}

/// A run's place among those that are taken.
struct Place(Arc<AtomicUsize>);

impl Place {
    /// A further place, and how many were taken before.
    fn take(taken: &Arc<AtomicUsize>) -> (Self, usize) {
        let before = taken.fetch_add(1, Ordering::AcqRel);
        (Self(Arc::clone(taken)), before)
    }
}

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

/// A run as its driver takes it up.
struct Standing {
    machine: Machine,
    clock: Clock,
    record: RunRecord,
}

impl Host {
    pub(super) fn new(
        registry: Registry,
        store: Arc<dyn Store>,
        executor: Executor,
        running: usize,
        most_queued: usize,
    ) -> Self {
        let registry = Arc::new(registry);
        Self {
            linker: Linker::new(Arc::clone(&registry), Arc::clone(&store)),
            registry,
            store,
            executor,
            live: Mutex::default(),
            timers: Timers::default(),
            tasks: Mutex::new(Some(JoinSet::new())),
            closing: CancellationToken::new(),
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

    pub(super) fn linker(&self) -> &Linker {
        &self.linker
    }

    /// Whether the engine shuts down.
    pub(super) fn is_closed(&self) -> bool {
        self.closing.is_cancelled()
    }

    /// Lets no further run begin to work, and gives away what was spawned.
    pub(super) fn close(&self) -> JoinSet<()> {
        let tasks = lock(&self.tasks).take();
        self.closing.cancel();
        self.slots.close();
        tasks.unwrap_or_default()
    }

    /// Lets whoever follows a run go.
    pub(super) fn let_readers_go(&self) {
        let live: Vec<_> = lock(&self.live)
            .values()
            .filter_map(Weak::upgrade)
            .collect();
        for live in live {
            live.close();
        }
    }

    /// Keeps a task until it ends. A closed engine takes none.
    fn spawn(
        self: &Arc<Self>,
        task: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), EngineError> {
        let mut tasks = lock(&self.tasks);
        let Some(tasks) = tasks.as_mut().filter(|_| !self.is_closed()) else {
            return Err(EngineError::ShuttingDown);
        };
        while tasks.try_join_next().is_some() {}
        if tasks.is_empty() {
            tasks.spawn(Arc::clone(self).wake_in_time());
        }
        tasks.spawn(task);
        Ok(())
    }

    /// Wakes suspended runs when their time has come.
    async fn wake_in_time(self: Arc<Self>) {
        while let Some(alarm) = self.closing.run_until_cancelled(self.timers.next()).await {
            let Alarm { run, time, .. } = alarm;
            self.wake(run, Some(time));
        }
    }

    /// Stores a new run and lets it be driven, also when the caller goes away in between.
    pub(super) async fn start(
        self: &Arc<Self>,
        stored: &WorkflowRecord,
        new: NewRun,
    ) -> Result<RunRecord, EngineError> {
        if self.is_closed() {
            return Err(EngineError::ShuttingDown);
        }
        let (place, taken) = Place::take(&self.taken);
        if taken >= self.running.saturating_add(self.most_queued) {
            let waiting = self.most_queued;
            return Err(EngineError::Busy { waiting });
        }
        let workflow = self.linker.newest(stored).await?;
        workflow
            .check_input(&new.input)
            .map_err(EngineError::InvalidInput)?;
        let fresh = Fresh::new(workflow, stored, new, &self.executor);
        let (tell, started) = oneshot::channel();
        let host = Arc::clone(self);
        self.spawn(async move {
            host.begin(fresh, tell).await;
            drop(place);
        })?;
        started.await.unwrap_or(Err(EngineError::ShuttingDown))
    }

    async fn begin(
        self: Arc<Self>,
        fresh: Fresh,
        tell: oneshot::Sender<Result<RunRecord, EngineError>>,
    ) {
        let Fresh {
            machine,
            clock,
            record,
            first,
        } = fresh;
        let live = self.live_or_new(record.id);
        live.is_driven_now();
        // Before it is stored, so that whoever finds it in the store finds it alive.
        let driven = Driven::new(&self, &live);
        if let Err(error) = self.store.create_run(record.clone(), first.clone()).await {
            let _ = tell.send(Err(error.into()));
            return;
        }
        live.publish(std::iter::once(first));
        let _ = tell.send(Ok(record.clone()));
        let standing = Standing {
            machine,
            clock,
            record,
        };
        self.drive(driven, standing).await;
    }

    /// Drives a run until it has ended or rests with nothing to do.
    async fn drive(self: &Arc<Self>, mut driven: Driven, mut standing: Standing) {
        loop {
            let live = Arc::clone(&driven.live);
            let turn = self.wait_for_turn(&live).await;
            if matches!(turn, Turn::Never) {
                return;
            }
            let Standing {
                machine,
                clock,
                record,
            } = standing;
            let journal =
                StoreJournal::new(Arc::clone(&self.store), Arc::clone(&live), record.head);
            let cancellation = live.cancellation().child_token();
            let deltas = Arc::clone(&live);
            let work = Driver::new(record.id, machine, journal, deltas, cancellation, clock)
                .with_inbox(Arc::clone(live.inbox()));
            work.drive(machine::Turn::default(), None).await;
            drop(turn);
            let Ok(Some(record)) = self.store.run(live.id()).await else {
                return;
            };
            if record.head.status != RunStatus::Waiting {
                return;
            }
            if !driven.rests() {
                if let Some(time) = record.head.wake_at {
                    self.timers.set(live.id(), time, clock.now());
                }
                return;
            }
            let Some(again) = self.take_up(record, None).await else {
                return;
            };
            standing = again;
        }
    }

    /// Lets a suspended run be driven again: because its time has come, or because somebody answered
    /// or cancelled it.
    fn wake(self: &Arc<Self>, run: RunId, time: Option<Timestamp>) {
        let live = self.live_or_new(run);
        if !live.is_driven_now() {
            return;
        }
        let driven = Driven::new(self, &live);
        let host = Arc::clone(self);
        // A closed engine drops the task, which lets go whoever waits for the run.
        let _ = self.spawn(async move {
            let (_place, _) = Place::take(&host.taken);
            let Ok(Some(record)) = host.store.run(run).await else {
                return;
            };
            if record.head.status == RunStatus::Waiting
                && let Some(standing) = host.take_up(record, time).await
            {
                host.drive(driven, standing).await;
            }
        });
    }

    /// Rebuilds a run from its log.
    async fn take_up(&self, record: RunRecord, time: Option<Timestamp>) -> Option<Standing> {
        let run = record.id;
        match self.replay(record, time).await {
            Ok(standing) => Some(standing),
            Err(error) => {
                let error: &dyn std::error::Error = &*error;
                tracing::error!(%run, error, "a suspended run cannot go on");
                None
            }
        }
    }

    async fn replay(
        &self,
        record: RunRecord,
        time: Option<Timestamp>,
    ) -> Result<Standing, Box<dyn std::error::Error + Send + Sync>> {
        let log = self.log(record.id).await?;
        let pins = match log.first().map(|first| &first.kind) {
            Some(EventKind::RunCreated(created)) => Arc::clone(&created.workflows),
            _ => Arc::default(),
        };
        let reference = &record.workflow;
        let stored = self
            .store
            .workflow(reference.id, Some(reference.version))
            .await?;
        let stored = stored.ok_or(EngineError::NoSuchWorkflow(reference.id))?;
        let workflow = self.linker.pinned(&stored, &pins).await?;
        let (_, machine) = self.executor.replay(workflow, &log)?;
        let last = log.last().map(|event| event.time);
        let clock = [last, time]
            .into_iter()
            .flatten()
            .fold(Clock::start(), Clock::not_before);
        Ok(Standing {
            machine,
            clock,
            record,
        })
    }

    /// The whole log of a run.
    pub(super) async fn log(&self, run: RunId) -> Result<Vec<StepEvent>, EngineError> {
        let mut log: Vec<StepEvent> = Vec::new();
        loop {
            let after = log.last().map_or(0, |last| last.seq);
            let events = self.store.read(run, after, READ_BATCH).await?;
            if events.is_empty() {
                return Ok(log);
            }
            log.extend(events);
        }
    }

    /// Hands a person's answer to the run, and waits until the run has seen it or ended.
    pub(super) async fn answer(self: &Arc<Self>, run: RunId, wait: WaitId, payload: Arc<Value>) {
        let live = self.live_or_new(run);
        let taken = live.inbox().put(wait, payload);
        self.wake(run, None);
        let closed = pin!(live.closed());
        let _ = select(taken, closed).await;
    }

    /// Ends a run, and waits until it has.
    pub(super) async fn cancel(self: &Arc<Self>, run: RunId) {
        let live = self.live_or_new(run);
        live.cancellation().cancel();
        self.wake(run, None);
        live.closed().await;
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

    /// What whoever follows or drives a run shares.
    pub(super) fn live_or_new(&self, run: RunId) -> Arc<LiveRun> {
        let mut live = lock(&self.live);
        if let Some(found) = live.get(&run).and_then(Weak::upgrade) {
            return found;
        }
        if live.len() == live.capacity() {
            live.retain(|_, live| live.strong_count() > 0);
        }
        let new = LiveRun::new(run);
        live.insert(run, Arc::downgrade(&new));
        new
    }

    /// Forgets a run that nobody but the caller drives or follows.
    fn forget(&self, run: &Arc<LiveRun>, ended: bool) {
        let mut live = lock(&self.live);
        if ended || Arc::strong_count(run) == 1 {
            live.remove(&run.id());
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
        let (id, clock) = (RunId::new(), Clock::start());
        let input = Arc::new(new.input);
        let mut created = RunCreated::of(&workflow, Arc::clone(&input));
        created.metadata = new.metadata.map(Arc::new);
        let mut machine = Machine::new(workflow, id, input, executor.limits());
        let first = machine.create(created, clock.now());
        let record = RunRecord::new(WorkflowRef::from(stored), &first);
        Self {
            machine,
            clock,
            record,
            first,
        }
    }
}

/// Held by the task that drives a run. However the task ends, unless the run rests, its readers are
/// let go.
struct Driven {
    host: Arc<Host>,
    live: Arc<LiveRun>,
    rests: bool,
}

impl Driven {
    fn new(host: &Arc<Host>, live: &Arc<LiveRun>) -> Self {
        Self {
            host: Arc::clone(host),
            live: Arc::clone(live),
            rests: false,
        }
    }

    /// The run rests. Says whether there is something to do for it all the same, so that it has to be
    /// driven on.
    fn rests(&mut self) -> bool {
        self.live.is_driven_no_more();
        let again = self.live.has_mail() && self.live.is_driven_now();
        self.rests = !again;
        again
    }
}

impl Drop for Driven {
    fn drop(&mut self) {
        self.host.forget(&self.live, !self.rests);
        if !self.rests {
            self.live.close();
        }
    }
}
