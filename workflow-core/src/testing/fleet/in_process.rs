//! A dispatcher for engines in one process.

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    sync::{Arc, Mutex, Weak},
    time::Duration,
};

use async_trait::async_trait;
use futures::{StreamExt, stream};
use tokio::{
    sync::{Notify, mpsc, oneshot},
    task::{JoinHandle, JoinSet},
    time::{sleep, timeout},
};

use crate::{
    engine::LocalEngine,
    executor::Clock,
    fleet::{DispatchError, Dispatcher, DriveEnd, DriveError},
    value::{RunId, Timestamp, lock},
};

/// The first and the longest wait before a run is driven whose engine says that its time has not come. In virtual time
/// the clock of an engine that was built later may be hours behind.
const EARLY_WAITS: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(10));

/// A [`Dispatcher`] that drives runs on the engines added to it, one after the other, so that several engines on one
/// [`MemoryStore`](crate::MemoryStore) are a fleet in one process. Clones share their engines and requests.
///
/// It drives a run once at a time, again after [`DriveError::retry_after`] if that fails, and at the times that were
/// requested and that [`DriveEnd::Suspended`] names. While there is no engine, requests wait. They are lost with the
/// last clone.
///
/// Engines have their dispatcher, so it holds them weakly; but strongly while they drive a run, since their drives
/// borrow them. To drop an engine that drives runs, [remove](Self::remove) it.
///
/// ```
/// use std::sync::Arc;
/// use futures::StreamExt;
/// use serde_json::json;
/// use workflow_core::{
///     EngineError, LocalEngine, MemoryStore, NewRun, Registry, Runs, Workflows,
///     testing::{InProcessDispatcher, MemoryCoordinator, run_in_virtual_time},
/// };
///
/// run_in_virtual_time(async {
///     let store = Arc::new(MemoryStore::new());
///     let coordinator = MemoryCoordinator::new(store.clone());
///     let dispatcher = InProcessDispatcher::new();
///     let engine = || {
///         let engine = LocalEngine::builder(Registry::default())
///             .with_store(store.clone())
///             .with_fleet(Arc::new(coordinator.clone()), Arc::new(dispatcher.clone()))
///             .build();
///         let engine = Arc::new(engine);
///         dispatcher.add(&engine);
///         engine
///     };
///     let (first, second) = (engine(), engine());
///     let spec = json!({"nodes": [{"id": "wait", "type": "DelayNode", "data": {"for": "1h"}}]});
///     let workflow = first.create_workflow(spec).await?.record;
///     let run = first.start(NewRun::new(workflow.id, json!(null))).await?;
///
///     // Whichever engine drives it, both follow it.
///     let updates: Vec<_> = second.events(run.id, 0).await?.collect().await;
///     assert!(!updates.is_empty());
///
///     // As if its process had died: another engine drives its runs.
///     dispatcher.remove(first).await;
///     Ok::<(), EngineError>(())
/// })?;
/// # Ok::<(), EngineError>(())
/// ```
#[derive(Clone)]
pub struct InProcessDispatcher {
    shared: Arc<Shared>,
    /// The tasks that schedule runs. They end with the last clone.
    tasks: Arc<Mutex<JoinSet<()>>>,
}

struct Shared {
    state: Mutex<State>,
    /// There is another engine.
    added: Notify,
    clock: Clock,
}

#[derive(Default)]
struct State {
    workers: Vec<Worker>,
    /// How many drives have begun: the engines take turns.
    drives: usize,
    runs: HashMap<RunId, Requests>,
}

/// Why a run is to be driven. There is a task for it as long as this exists.
#[derive(Default)]
struct Requests {
    is_due: bool,
    times: BTreeSet<Timestamp>,
    changed: Arc<Notify>,
}

/// What the task of a run does next.
enum Next {
    Drive,
    WaitUntil(Timestamp, Arc<Notify>),
    End,
}

/// An engine, with the task that polls all its drives: they end in the same moment when it is aborted.
struct Worker {
    engine: Weak<dyn Drive>,
    jobs: mpsc::UnboundedSender<Job>,
    task: JoinHandle<()>,
    is_shutting_down: bool,
}

struct Job {
    run: RunId,
    reply: oneshot::Sender<Result<DriveEnd, DriveError>>,
}

/// What drives runs: an engine, or what a test has instead.
#[async_trait]
trait Drive: Send + Sync + 'static {
    async fn drive(&self, run: RunId) -> Result<DriveEnd, DriveError>;
}

#[async_trait]
impl Drive for LocalEngine {
    async fn drive(&self, run: RunId) -> Result<DriveEnd, DriveError> {
        LocalEngine::drive(self, run).await
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Worker {
    fn spawn(engine: Weak<dyn Drive>) -> Self {
        let (jobs, queue) = mpsc::unbounded_channel::<Job>();
        let queue = stream::unfold(queue, async |mut queue| Some((queue.recv().await?, queue)));
        let driven_by = engine.clone();
        let drives = queue.for_each_concurrent(None, move |job| {
            let engine = driven_by.upgrade();
            async move {
                // Without an engine the reply is dropped, and the run is driven elsewhere.
                if let Some(engine) = engine {
                    let end = engine.drive(job.run).await;
                    let _ = job.reply.send(end);
                }
            }
        });
        Self {
            engine,
            jobs,
            task: tokio::spawn(drives),
            is_shutting_down: false,
        }
    }

    fn is_alive(&self) -> bool {
        self.engine.strong_count() > 0 && !self.task.is_finished()
    }

    fn is(&self, engine: &Weak<dyn Drive>) -> bool {
        std::ptr::addr_eq(self.engine.as_ptr(), engine.as_ptr())
    }
}

impl InProcessDispatcher {
    /// A dispatcher without engines.
    pub fn new() -> Self {
        let shared = Shared {
            state: Mutex::default(),
            added: Notify::new(),
            clock: Clock::start(),
        };
        Self {
            shared: Arc::new(shared),
            tasks: Arc::default(),
        }
    }

    /// Adds an engine, in a tokio runtime. It drives runs until it shuts down or is dropped.
    pub fn add(&self, engine: &Arc<LocalEngine>) {
        let engine: Weak<LocalEngine> = Arc::downgrade(engine);
        self.add_driver(engine);
    }

    fn add_driver(&self, engine: Weak<dyn Drive>) {
        let worker = Worker::spawn(engine);
        lock(&self.shared.state).workers.push(worker);
        self.shared.added.notify_waiters();
    }

    /// Removes an engine and drops it, with all its drives in the same moment, as if its process had died. Other engines
    /// drive its runs.
    ///
    /// If there are other clones of the `Arc`, the engine is not dropped: then it continues to drive its runs, which it
    /// claims, as if it had lost its connection to the dispatcher.
    pub async fn remove(&self, engine: Arc<LocalEngine>) {
        self.remove_driver(engine).await;
    }

    async fn remove_driver(&self, engine: Arc<dyn Drive>) {
        let weak = Arc::downgrade(&engine);
        let removed = {
            let workers = &mut lock(&self.shared.state).workers;
            let place = workers.iter().position(|worker| worker.is(&weak));
            place.map(|place| workers.remove(place))
        };
        // Before the drives end, or the engine could still write a claim for them.
        drop(engine);
        if let Some(mut worker) = removed {
            worker.task.abort();
            let _ = (&mut worker.task).await;
        }
    }

    /// Requests that a run be driven, now or at a time.
    fn request(&self, run: RunId, at: Option<Timestamp>) {
        let mut state = lock(&self.shared.state);
        let is_new = !state.runs.contains_key(&run);
        let requests = state.runs.entry(run).or_default();
        match at {
            Some(at) => {
                requests.times.insert(at);
            }
            None => requests.is_due = true,
        }
        requests.changed.notify_one();
        drop(state);
        if is_new {
            let mut tasks = lock(&self.tasks);
            while tasks.try_join_next().is_some() {}
            tasks.spawn(schedule(Arc::clone(&self.shared), run));
        }
    }
}

impl Default for InProcessDispatcher {
    fn default() -> Self {
        Self::new()
    }
}

/// Drives a run whenever that is requested, once at a time. Ends when nothing is requested.
async fn schedule(shared: Arc<Shared>, run: RunId) {
    let mut early_wait = EARLY_WAITS.0;
    loop {
        match shared.next(run) {
            Next::End => return,
            Next::WaitUntil(at, changed) => {
                let _ = timeout(at.since(shared.clock.now()), changed.notified()).await;
                continue;
            }
            Next::Drive => {}
        }
        let end = shared.drive(run).await;
        let retry_after = match end {
            Ok(DriveEnd::Ended) => {
                shared.change(run, |requests| requests.times.clear());
                continue;
            }
            Ok(DriveEnd::Suspended(None)) => continue,
            Ok(DriveEnd::Suspended(Some(at))) if at > shared.clock.now() => {
                early_wait = EARLY_WAITS.0;
                shared.change(run, |requests| {
                    requests.times.insert(at);
                });
                continue;
            }
            Ok(DriveEnd::Suspended(Some(_))) => {
                let wait = early_wait;
                early_wait = (wait * 2).min(EARLY_WAITS.1);
                wait
            }
            Err(error) => error.retry_after(),
        };
        sleep(retry_after).await;
        shared.change(run, |requests| requests.is_due = true);
    }
}

impl Shared {
    fn change(&self, run: RunId, change: impl FnOnce(&mut Requests)) {
        lock(&self.state).runs.entry(run).and_modify(change);
    }

    /// What to do next. Removes the requests that the next drive answers, since a request during it needs another one.
    fn next(&self, run: RunId) -> Next {
        let now = self.clock.now();
        let mut state = lock(&self.state);
        let Some(requests) = state.runs.get_mut(&run) else {
            return Next::End;
        };
        let requested = requests.times.len();
        requests.times.retain(|at| *at > now);
        if std::mem::take(&mut requests.is_due) || requests.times.len() < requested {
            return Next::Drive;
        }
        if let Some(at) = requests.times.first() {
            return Next::WaitUntil(*at, Arc::clone(&requests.changed));
        }
        state.runs.remove(&run);
        Next::End
    }

    /// Drives a run on the next engine, or the one after that if it is gone.
    async fn drive(&self, run: RunId) -> Result<DriveEnd, DriveError> {
        loop {
            let added = self.added.notified();
            let (reply, end) = oneshot::channel();
            let Some(engine) = self.hand_over(Job { run, reply }) else {
                added.await;
                continue;
            };
            let Ok(end) = end.await else {
                continue;
            };
            if matches!(end, Err(DriveError::ShuttingDown)) {
                let mut state = lock(&self.state);
                let leaving = state.workers.iter_mut().find(|worker| worker.is(&engine));
                if let Some(worker) = leaving {
                    worker.is_shutting_down = true;
                }
            }
            return end;
        }
    }

    /// Gives a drive to the engine whose turn it is; none if there is no engine.
    fn hand_over(&self, job: Job) -> Option<Weak<dyn Drive>> {
        let mut state = lock(&self.state);
        state.workers.retain(Worker::is_alive);
        let engines = state.workers.iter().filter(|it| !it.is_shutting_down);
        let engines: Vec<&Worker> = engines.collect();
        let turn = state.drives.checked_rem(engines.len())?;
        let worker = engines[turn];
        // Fails only if the task has just panicked: then the reply is dropped.
        let _ = worker.jobs.send(job);
        let engine = worker.engine.clone();
        state.drives = state.drives.wrapping_add(1);
        Some(engine)
    }
}

#[async_trait]
impl Dispatcher for InProcessDispatcher {
    async fn dispatch(&self, run: RunId, at: Option<Timestamp>) -> Result<(), DispatchError> {
        self.request(run, at);
        Ok(())
    }
}

impl fmt::Debug for InProcessDispatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = lock(&self.shared.state);
        f.debug_struct("InProcessDispatcher")
            .field("engines", &state.workers.len())
            .field("runs", &state.runs.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// An engine, the run that it began to drive, and after how many milliseconds.
    type Drove = (&'static str, RunId, u64);

    /// The drives of all engines of a test.
    #[derive(Clone)]
    struct Record {
        started: Instant,
        drives: Arc<Mutex<Vec<Drove>>>,
    }

    impl Record {
        fn new() -> Self {
            let (started, drives) = (Instant::now(), Arc::default());
            Self { started, drives }
        }

        /// Which engine began to drive a run, and after how many milliseconds.
        fn of(&self, run: RunId) -> Vec<(&'static str, u64)> {
            let drives = lock(&self.drives);
            let drives = drives.iter().filter(|(_, of, _)| *of == run);
            drives.map(|(engine, _, at)| (*engine, *at)).collect()
        }
    }

    type End = Result<DriveEnd, DriveError>;

    /// Drives a run for a second. How that ends depends on how often the run was driven before.
    struct FakeEngine {
        name: &'static str,
        record: Record,
        end: Box<dyn Fn(usize) -> End + Send + Sync>,
    }

    #[async_trait]
    impl Drive for FakeEngine {
        async fn drive(&self, run: RunId) -> End {
            let before = self.record.of(run).len();
            let at = u64::try_from(self.record.started.elapsed().as_millis()).unwrap();
            lock(&self.record.drives).push((self.name, run, at));
            sleep(SECOND).await;
            (self.end)(before)
        }
    }

    /// Adds an engine.
    fn add(
        dispatcher: &InProcessDispatcher,
        name: &'static str,
        record: &Record,
        end: impl Fn(usize) -> End + Send + Sync + 'static,
    ) -> Arc<FakeEngine> {
        let engine = Arc::new(FakeEngine {
            name,
            record: record.clone(),
            end: Box::new(end),
        });
        let weak: Weak<FakeEngine> = Arc::downgrade(&engine);
        dispatcher.add_driver(weak);
        engine
    }

    const ENDED: fn(usize) -> End = |_| Ok(DriveEnd::Ended);

    async fn request(dispatcher: &InProcessDispatcher) -> RunId {
        let run = RunId::new();
        dispatcher.dispatch(run, None).await.unwrap();
        run
    }

    #[tokio::test(start_paused = true)]
    async fn engines_take_turns() {
        let (dispatcher, record) = (InProcessDispatcher::new(), Record::new());
        let _a = add(&dispatcher, "a", &record, ENDED);
        let _b = add(&dispatcher, "b", &record, ENDED);
        let runs = [request(&dispatcher).await, request(&dispatcher).await];
        sleep(5 * SECOND).await;
        assert_eq!(record.of(runs[0]), [("a", 0)]);
        assert_eq!(record.of(runs[1]), [("b", 0)]);
        assert_eq!(lock(&dispatcher.shared.state).runs.len(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_during_a_drive_is_driven_after_it() {
        let (dispatcher, record) = (InProcessDispatcher::new(), Record::new());
        let _a = add(&dispatcher, "a", &record, ENDED);
        let _b = add(&dispatcher, "b", &record, ENDED);
        let run = request(&dispatcher).await;
        sleep(SECOND / 2).await;
        for _ in 0..3 {
            dispatcher.dispatch(run, None).await.unwrap();
        }
        sleep(5 * SECOND).await;
        assert_eq!(record.of(run), [("a", 0), ("b", 1_000)]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_suspended_run_is_driven_at_its_time() {
        let (dispatcher, record) = (InProcessDispatcher::new(), Record::new());
        let now = dispatcher.shared.clock.now();
        let _a = add(&dispatcher, "a", &record, move |before| {
            Ok(match before {
                0 => DriveEnd::Suspended(Some(now.after(60 * SECOND))),
                1 => DriveEnd::Suspended(None),
                _ => DriveEnd::Ended,
            })
        });
        let run = request(&dispatcher).await;
        let time = Some(now.after(30 * SECOND));
        dispatcher.dispatch(run, time).await.unwrap();
        sleep(90 * SECOND).await;
        assert_eq!(record.of(run), [("a", 0), ("a", 30_000), ("a", 60_000)]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_run_whose_time_has_not_come_for_its_engine_is_driven_until_it_has() {
        let (dispatcher, record) = (InProcessDispatcher::new(), Record::new());
        let now = dispatcher.shared.clock.now();
        let _a = add(&dispatcher, "a", &record, move |before| match before {
            0..12 => Ok(DriveEnd::Suspended(Some(now))),
            _ => Ok(DriveEnd::Ended),
        });
        let run = request(&dispatcher).await;
        sleep(60 * SECOND).await;
        let drives = record.of(run);
        assert_eq!(drives.len(), 13);
        assert_eq!((drives[1].1, drives[2].1), (1_010, 2_030));
        assert_eq!(drives[12].1 - drives[11].1, 11_000);
    }

    #[tokio::test(start_paused = true)]
    async fn a_drive_that_failed_is_retried_elsewhere() {
        let (dispatcher, record) = (InProcessDispatcher::new(), Record::new());
        let _a = add(&dispatcher, "a", &record, |_| Err(DriveError::Fenced));
        let _b = add(&dispatcher, "b", &record, ENDED);
        let run = request(&dispatcher).await;
        sleep(5 * SECOND).await;
        assert_eq!(record.of(run), [("a", 0), ("b", 1_200)]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_engine_that_shuts_down_drives_no_more() {
        let (dispatcher, record) = (InProcessDispatcher::new(), Record::new());
        let _a = add(&dispatcher, "a", &record, |_| Err(DriveError::ShuttingDown));
        let run = request(&dispatcher).await;
        sleep(5 * SECOND).await;
        assert_eq!(record.of(run), [("a", 0)]);
        let _b = add(&dispatcher, "b", &record, ENDED);
        sleep(5 * SECOND).await;
        assert_eq!(record.of(run), [("a", 0), ("b", 5_000)]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_removed_engine_is_dropped_with_its_drives() {
        let (dispatcher, record) = (InProcessDispatcher::new(), Record::new());
        let a = add(&dispatcher, "a", &record, ENDED);
        let run = request(&dispatcher).await;
        sleep(SECOND / 2).await;
        let dropped = Arc::downgrade(&a);
        dispatcher.remove_driver(a).await;
        assert_eq!(dropped.strong_count(), 0);
        let _b = add(&dispatcher, "b", &record, ENDED);
        sleep(5 * SECOND).await;
        assert_eq!(record.of(run), [("a", 0), ("b", 500)]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_engine_is_passed_over() {
        let (dispatcher, record) = (InProcessDispatcher::new(), Record::new());
        let a = add(&dispatcher, "a", &record, ENDED);
        let _b = add(&dispatcher, "b", &record, ENDED);
        drop(a);
        let run = request(&dispatcher).await;
        sleep(5 * SECOND).await;
        assert_eq!(record.of(run), [("b", 0)]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_engine_whose_drive_panicked_is_passed_over() {
        let (dispatcher, record) = (InProcessDispatcher::new(), Record::new());
        let _a = add(&dispatcher, "a", &record, |_| panic!("on purpose"));
        let _b = add(&dispatcher, "b", &record, ENDED);
        let run = request(&dispatcher).await;
        sleep(5 * SECOND).await;
        assert_eq!(record.of(run), [("a", 0), ("b", 1_000)]);
    }

    #[tokio::test(start_paused = true)]
    async fn requests_end_with_their_dispatcher() {
        let (dispatcher, record) = (InProcessDispatcher::new(), Record::new());
        let a = add(&dispatcher, "a", &record, ENDED);
        let run = RunId::new();
        let later = dispatcher.shared.clock.now().after(SECOND);
        dispatcher.dispatch(run, Some(later)).await.unwrap();
        drop(dispatcher);
        sleep(5 * SECOND).await;
        assert_eq!(record.of(run), []);
        assert_eq!(Arc::strong_count(&a), 1);
    }
}
