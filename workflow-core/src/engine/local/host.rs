//! What the runs of an engine share.

use std::{
    collections::HashMap,
    future::Future,
    pin::pin,
    sync::{Arc, Mutex, Weak},
    time::Duration,
};

use futures::future::select;
use serde_json::Value;
use tokio::{sync::oneshot, task::JoinSet, time::timeout};
use tokio_util::sync::CancellationToken;

use super::{
    READ_BATCH,
    admission::{Admission, Place},
    budget::Held,
    drive::Fresh,
    health::Health,
    linker::Linker,
    live::LiveRun,
    observed::Observed,
    timers::{Alarm, Timers},
};
use crate::{
    engine::{EngineError, EngineLimits, Observer},
    error::Problem,
    event::{RunCreated, StepEvent},
    executor::{Clock, Executor},
    fault::{Fault, FaultCode},
    id::{RunId, WaitId},
    record::{RunKey, RunRecord, WorkflowRecord},
    registry::Registry,
    store::Store,
    sync::lock,
    workflow::Workflow,
};

/// How long whoever wants something of a run waits until it is in the log: the store may fail, or there may be no room
/// for the run to work.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long, once they are to rest, runs have to write that they do.
const LAST_WRITES: Duration = Duration::from_secs(5);

pub(super) struct Host {
    registry: Arc<Registry>,
    store: Arc<dyn Store>,
    executor: Executor,
    observer: Option<Arc<dyn Observer>>,
    linker: Linker,
    admission: Admission,
    /// Runs that are driven or followed.
    live: Mutex<HashMap<RunId, Weak<LiveRun>>>,
    timers: Timers,
    /// Runs that cannot go on, and why.
    stopped: Mutex<HashMap<RunId, Arc<Problem>>>,
    health: Arc<Health>,
    /// Everything that was spawned; none any more once the engine is closed.
    tasks: Mutex<Option<JoinSet<()>>>,
    closing: CancellationToken,
    clock: Clock,
}

impl Host {
    pub(super) fn new(
        registry: Registry,
        store: Arc<dyn Store>,
        executor: Executor,
        observer: Option<Arc<dyn Observer>>,
        admission: Admission,
    ) -> Self {
        let registry = Arc::new(registry);
        Self {
            linker: Linker::new(Arc::clone(&registry), Arc::clone(&store)),
            registry,
            store,
            executor,
            observer,
            admission,
            live: Mutex::default(),
            timers: Timers::default(),
            stopped: Mutex::default(),
            health: Arc::default(),
            tasks: Mutex::new(Some(JoinSet::new())),
            closing: CancellationToken::new(),
            clock: Clock::start(),
        }
    }

    pub(super) fn registry(&self) -> &Registry {
        &self.registry
    }

    pub(super) fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    pub(super) fn executor(&self) -> &Executor {
        &self.executor
    }

    /// Who is to hear of the events of a run of this workflow.
    pub(super) fn observed(&self, workflow: &Workflow) -> Option<Observed> {
        let observer = self.observer.as_ref()?;
        Some(Observed::new(observer, workflow))
    }

    pub(super) fn limits(&self) -> EngineLimits {
        let mut limits = EngineLimits::of(&self.executor);
        (limits.concurrent_runs, limits.queued_runs) = self.admission.limits();
        limits.memory_budget_bytes = self.admission.budget().most();
        limits
    }

    pub(super) fn linker(&self) -> &Linker {
        &self.linker
    }

    pub(super) fn admission(&self) -> &Admission {
        &self.admission
    }

    pub(super) fn timers(&self) -> &Timers {
        &self.timers
    }

    /// A clock that shows the time, and is not behind any that was given out before: also where time is
    /// virtual, or the wall clock was set back.
    pub(super) fn clock(&self) -> Clock {
        Clock::start().not_before(self.clock.now())
    }

    /// Whether the engine shuts down.
    pub(super) fn is_closed(&self) -> bool {
        self.closing.is_cancelled()
    }

    /// Whether runs can be started.
    pub(super) async fn ready(&self) -> Result<(), EngineError> {
        if self.is_closed() {
            return Err(EngineError::ShuttingDown);
        }
        Ok(self.health.check(&*self.store).await?)
    }

    pub(super) fn health(&self) -> &Arc<Health> {
        &self.health
    }

    /// Why a run did not come to what was asked of it.
    pub(super) fn interrupted(&self, run: RunId) -> EngineError {
        if self.is_closed() {
            EngineError::ShuttingDown
        } else {
            EngineError::Interrupted(run)
        }
    }

    /// Lets no further run begin to work, and gives away what was spawned.
    fn close(&self) -> JoinSet<()> {
        let tasks = lock(&self.tasks).take();
        self.closing.cancel();
        self.admission.close();
        tasks.unwrap_or_default()
    }

    /// Stops everything at once.
    pub(super) fn stop(&self) {
        drop(self.close());
        self.let_readers_go();
    }

    /// Gives the runs that work this long to end, then lets the rest of them rest where they are. Also
    /// when it is dropped, but then they are just stopped.
    pub(super) async fn shut_down(&self, grace: Duration) {
        struct LetReadersGo<'a>(&'a Host);
        impl Drop for LetReadersGo<'_> {
            fn drop(&mut self) {
                self.0.let_readers_go();
            }
        }
        let _at_the_end = LetReadersGo(self);
        let mut tasks = self.close();
        if timeout(grace, ended(&mut tasks)).await.is_err() {
            self.each_live(|live| live.inbox().interrupt());
            let _ = timeout(LAST_WRITES, ended(&mut tasks)).await;
        }
        tasks.shutdown().await;
    }

    fn let_readers_go(&self) {
        self.each_live(LiveRun::close);
    }

    fn each_live(&self, act: impl Fn(&LiveRun)) {
        let live: Vec<_> = lock(&self.live)
            .values()
            .filter_map(Weak::upgrade)
            .collect();
        for live in live {
            act(&live);
        }
    }

    /// Keeps a task until it ends. A closed engine takes none.
    pub(super) fn spawn(
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

    /// Wakes runs when their time has come.
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
        workflow: Arc<Workflow>,
        created: RunCreated,
        key: Option<RunKey>,
    ) -> Result<RunRecord, EngineError> {
        if self.is_closed() {
            return Err(EngineError::ShuttingDown);
        }
        workflow
            .check_input(&created.input)
            .map_err(EngineError::InvalidInput)?;
        let (place, held) = self.admit_new(&created)?;
        let clock = self.clock();
        let mut fresh = Fresh::new(workflow, stored, created, &self.executor, clock, held);
        fresh.key = key;
        let (tell, started) = oneshot::channel();
        let host = Arc::clone(self);
        self.spawn(async move {
            host.begin(fresh, tell).await;
            drop(place);
        })?;
        started.await.unwrap_or(Err(EngineError::ShuttingDown))
    }

    /// A place in the queue and memory for a new run.
    fn admit_new(&self, created: &RunCreated) -> Result<(Place, Held), EngineError> {
        let bytes = created.memory();
        let most = self.executor.limits().memory;
        if bytes > most {
            let detail = format!(
                "this takes {bytes} bytes of memory, and a run may hold {most} (`run_memory_bytes`)"
            );
            let fault = Fault::new(FaultCode::InvalidValue, "#/input", detail);
            return Err(EngineError::InvalidInput(vec![fault]));
        }
        let busy = |limit, most| EngineError::Busy { limit, most };
        let (_, queued) = self.admission.limits();
        let place = self.admission.place();
        let place = place.ok_or_else(|| busy("queued_runs", queued))?;
        let budget = self.admission.budget();
        let held = budget.reserve(bytes);
        let held = held.ok_or_else(|| busy("memory_budget_bytes", budget.most()))?;
        Ok((place, held))
    }

    /// Notes that a run cannot go on.
    pub(super) fn stop_run(&self, run: RunId, problem: Problem) {
        tracing::error!(%run, code = &*problem.code, detail = problem.detail, "a run cannot go on");
        lock(&self.stopped).insert(run, Arc::new(problem));
    }

    /// Notes that a run goes on after all.
    pub(super) fn no_longer_stopped(&self, run: RunId) {
        lock(&self.stopped).remove(&run);
    }

    /// Why a run cannot go on, if it cannot.
    pub(super) fn stopped(&self, run: RunId) -> Option<Arc<Problem>> {
        lock(&self.stopped).get(&run).cloned()
    }

    pub(super) fn check_not_stopped(&self, run: RunId) -> Result<(), EngineError> {
        let stopped = self.stopped(run);
        stopped.map_or(Ok(()), |problem| Err(EngineError::Stopped { run, problem }))
    }

    /// The record of a run.
    pub(super) async fn record(&self, run: RunId) -> Result<RunRecord, EngineError> {
        let record = self.store.run(run).await?;
        record.ok_or(EngineError::NoSuchRun(run))
    }

    /// The record of a run that has ended, or that cannot go on.
    pub(super) async fn over(&self, run: RunId) -> Result<RunRecord, EngineError> {
        let record = self.record(run).await?;
        if record.head.status.has_ended() || self.stopped(run).is_some() {
            return Ok(record);
        }
        Err(EngineError::NotEnded(run))
    }

    /// Forgets a run in which nothing happens any more.
    pub(super) async fn delete(&self, run: RunId) -> Result<(), EngineError> {
        self.over(run).await?;
        if !self.store.delete_run(run).await? {
            return Err(EngineError::NoSuchRun(run));
        }
        lock(&self.stopped).remove(&run);
        Ok(())
    }

    /// The log of a run after event number `after`.
    pub(super) async fn log(&self, run: RunId, after: u64) -> Result<Vec<StepEvent>, EngineError> {
        self.log_of(run, after, |_| true).await
    }

    /// Those events of a run's log that are wanted.
    pub(super) async fn log_of(
        &self,
        run: RunId,
        after: u64,
        mut wanted: impl FnMut(&StepEvent) -> bool + Send,
    ) -> Result<Vec<StepEvent>, EngineError> {
        let mut log = Vec::new();
        let keep = |event: &StepEvent| {
            if wanted(event) {
                log.push(event.clone());
            }
        };
        self.each_event(run, after, keep).await?;
        Ok(log)
    }

    /// Reads a run's log after event number `after`, a part at a time.
    pub(super) async fn each_event(
        &self,
        run: RunId,
        mut after: u64,
        mut tell: impl FnMut(&StepEvent) + Send,
    ) -> Result<(), EngineError> {
        loop {
            let events = self.store.read(run, after, READ_BATCH).await?;
            let Some(last) = events.last() else {
                return Ok(());
            };
            after = last.seq;
            for event in &events {
                tell(event);
            }
            // A store in memory answers at once, and a log may be long: others work in between.
            tokio::task::yield_now().await;
        }
    }

    /// Hands a person's answer to the run, and waits for a while until the run has seen it or ended.
    pub(super) async fn answer(self: &Arc<Self>, run: RunId, wait: WaitId, payload: Arc<Value>) {
        let live = self.live_or_new(run);
        let taken = live.inbox().put(wait, payload);
        self.wake(run, None);
        let closed = pin!(live.closed());
        let _ = timeout(PATIENCE, select(taken, closed)).await;
    }

    /// Ends a run, and waits for a while until it has.
    pub(super) async fn cancel(self: &Arc<Self>, run: RunId) {
        let live = self.live_or_new(run);
        live.cancellation().cancel();
        self.wake(run, None);
        let _ = timeout(PATIENCE, live.closed()).await;
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

    /// Forgets a run that has ended, or that nobody but the caller drives or follows.
    pub(super) fn forget(&self, run: &Arc<LiveRun>, ended: bool) {
        let mut live = lock(&self.live);
        let is_its = |entry: &Weak<LiveRun>| Weak::as_ptr(entry) == Arc::as_ptr(run);
        if (ended || Arc::strong_count(run) == 1) && live.get(&run.id()).is_some_and(is_its) {
            live.remove(&run.id());
        }
    }
}

/// Waits until all tasks have ended.
async fn ended(tasks: &mut JoinSet<()>) {
    while tasks.join_next().await.is_some() {}
}
