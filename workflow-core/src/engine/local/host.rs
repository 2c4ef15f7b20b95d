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
use tokio::{sync::oneshot, task::JoinSet};
use tokio_util::sync::CancellationToken;

use super::{
    READ_BATCH,
    admission::Admission,
    drive::Fresh,
    linker::Linker,
    live::LiveRun,
    timers::{Alarm, Timers},
};
use crate::{
    engine::{EngineError, NewRun},
    event::StepEvent,
    executor::{Clock, Executor},
    id::{RunId, WaitId},
    record::{RunRecord, WorkflowRecord},
    registry::Registry,
    store::Store,
    sync::lock,
};

pub(super) struct Host {
    registry: Arc<Registry>,
    store: Arc<dyn Store>,
    executor: Executor,
    linker: Linker,
    admission: Admission,
    /// Runs that are driven or followed.
    live: Mutex<HashMap<RunId, Weak<LiveRun>>>,
    timers: Timers,
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
        admission: Admission,
    ) -> Self {
        let registry = Arc::new(registry);
        Self {
            linker: Linker::new(Arc::clone(&registry), Arc::clone(&store)),
            registry,
            store,
            executor,
            admission,
            live: Mutex::default(),
            timers: Timers::default(),
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

    /// Gives the runs that work this long to end, then stops everything. Also when it is dropped.
    pub(super) async fn shut_down(&self, grace: Duration) {
        struct LetReadersGo<'a>(&'a Host);
        impl Drop for LetReadersGo<'_> {
            fn drop(&mut self) {
                self.0.let_readers_go();
            }
        }
        let _at_the_end = LetReadersGo(self);
        let mut tasks = self.close();
        let drained = async { while tasks.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(grace, drained).await;
        tasks.shutdown().await;
    }

    fn let_readers_go(&self) {
        let live: Vec<_> = lock(&self.live)
            .values()
            .filter_map(Weak::upgrade)
            .collect();
        for live in live {
            live.close();
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
        new: NewRun,
    ) -> Result<RunRecord, EngineError> {
        if self.is_closed() {
            return Err(EngineError::ShuttingDown);
        }
        let workflow = self.linker.newest(stored).await?;
        workflow
            .check_input(&new.input)
            .map_err(EngineError::InvalidInput)?;
        let place = self.admission.place();
        let place = place.map_err(|waiting| EngineError::Busy { waiting })?;
        let fresh = Fresh::new(workflow, stored, new, &self.executor, self.clock());
        let (tell, started) = oneshot::channel();
        let host = Arc::clone(self);
        self.spawn(async move {
            host.begin(fresh, tell).await;
            drop(place);
        })?;
        started.await.unwrap_or(Err(EngineError::ShuttingDown))
    }

    /// The log of a run after event number `after`.
    pub(super) async fn log(&self, run: RunId, after: u64) -> Result<Vec<StepEvent>, EngineError> {
        let mut log: Vec<StepEvent> = Vec::new();
        loop {
            let after = log.last().map_or(after, |last| last.seq);
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
