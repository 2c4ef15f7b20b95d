//! The settings of an engine.

use std::{fmt, sync::Arc};

use super::{
    LocalEngine,
    admission::Admission,
    commands::Commands,
    drive::{Drives, placement::Placement, timers::Timers},
    fleet::Fleet,
    journal::logs::RunLogs,
    shared::{RunUrl, Shared},
    start::Starts,
};
use crate::{
    engine::Observer,
    executor::Executor,
    fleet::{Coordinator, Dispatcher},
    node::Registry,
    store::{MemoryStore, Store},
    value::RunId,
};

/// How many runs work at once, unless it is set.
const DEFAULT_RUNNING: usize = 1_024;

/// How many more runs wait for their turn, unless it is set.
const DEFAULT_QUEUED: usize = 10_000;

/// How much memory runs may hold together, unless it is set: 1 GiB.
const DEFAULT_MEMORY_BUDGET: usize = 1024 * 1024 * 1024;

/// Builds a [`LocalEngine`].
///
/// ```
/// use workflow_core::{Executor, LocalEngine, Registry};
///
/// let engine = LocalEngine::builder(Registry::default())
///     .with_executor(Executor::new().with_concurrent_steps(4))
///     .with_max_running(64)
///     .with_memory_budget(256 * 1024 * 1024)
///     .build();
/// ```
pub struct LocalEngineBuilder {
    registry: Registry,
    store: Arc<dyn Store>,
    executor: Executor,
    observer: Option<Arc<dyn Observer>>,
    run_url: Option<Arc<RunUrl>>,
    fleet: Option<(Arc<dyn Coordinator>, Arc<dyn Dispatcher>)>,
    running: usize,
    queued: usize,
    memory: usize,
}

impl LocalEngineBuilder {
    pub(super) fn new(registry: Registry) -> Self {
        Self {
            registry,
            store: Arc::new(MemoryStore::new()),
            executor: Executor::new(),
            observer: None,
            run_url: None,
            fleet: None,
            running: DEFAULT_RUNNING,
            queued: DEFAULT_QUEUED,
            memory: DEFAULT_MEMORY_BUDGET,
        }
    }

    /// Sets the store of workflows and runs; a new [`MemoryStore`] by default.
    #[must_use]
    pub fn with_store(mut self, store: Arc<dyn Store>) -> Self {
        self.store = store;
        self
    }

    /// Sets the executor, which has the limits of a single run; [`Executor::new`] by default.
    #[must_use]
    pub fn with_executor(mut self, executor: Executor) -> Self {
        self.executor = executor;
        self
    }

    /// Sets the observer, which receives every event after it is stored; none by default.
    #[must_use]
    pub fn with_observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// Sets the address at which people find a run, such as a page of the host; none by default. Templates read it as
    /// `run.url`. It is called once for each new run, and what it gives is stored with the run.
    ///
    /// ```
    /// use workflow_core::{LocalEngine, Registry};
    ///
    /// let engine = LocalEngine::builder(Registry::default())
    ///     .with_run_url(|run| format!("https://workflows.example.com/#/runs/{run}"))
    ///     .build();
    /// ```
    #[must_use]
    pub fn with_run_url(mut self, url: impl Fn(RunId) -> String + Send + Sync + 'static) -> Self {
        self.run_url = Some(Arc::new(url));
        self
    }

    /// Makes the engine one of several on the same store; by default it is the only one.
    ///
    /// It then drives a run only when the dispatcher calls [`LocalEngine::drive`], and follows the runs that other engines
    /// drive. See the [`fleet`](crate::fleet) module.
    #[must_use]
    pub fn with_fleet(
        mut self,
        coordinator: Arc<dyn Coordinator>,
        dispatcher: Arc<dyn Dispatcher>,
    ) -> Self {
        self.fleet = Some((coordinator, dispatcher));
        self
    }

    /// Sets how many runs are executed at the same time; at least 1, by default 1,024. Suspended runs do not count.
    #[must_use]
    pub fn with_max_running(mut self, runs: usize) -> Self {
        self.running = runs.max(1);
        self
    }

    /// Sets how many more runs may wait for admission; 10,000 by default. Beyond that, [`Runs::start`](crate::Runs::start) fails with
    /// [`EngineError::Busy`](crate::EngineError::Busy).
    #[must_use]
    pub fn with_max_queued(mut self, runs: usize) -> Self {
        self.queued = runs;
        self
    }

    /// Sets how many bytes of memory all runs may hold together while they are being stored or executed; 1 GiB by
    /// default.
    ///
    /// A new run that does not fit is rejected with [`EngineError::Busy`](crate::EngineError::Busy), and a queued run waits until memory is free.
    /// If executing runs grow beyond the budget, those that hold more than an equal share fail with `out_of_memory`.
    /// Runs that are queued or suspended are in the store only and do not count.
    ///
    /// Values are estimated as described at [`Executor::with_max_run_memory`]. The text of running steps, the readers
    /// and the store are not included.
    #[must_use]
    pub fn with_memory_budget(mut self, bytes: usize) -> Self {
        self.memory = bytes;
        self
    }

    /// Builds the engine. It spawns nothing yet: runs are spawned on the tokio runtime in which [`Runs::start`](crate::Runs::start) or
    /// [`LocalEngine::recover`] is called.
    pub fn build(self) -> LocalEngine {
        let shared = Arc::new(Shared::new(
            self.registry,
            self.store,
            self.executor,
            self.observer,
            self.run_url,
            Admission::new(self.running, self.queued, self.memory),
            match self.fleet {
                None => Placement::Here(Timers::default()),
                Some((coordinator, dispatcher)) => {
                    Placement::Fleet(Arc::new(Fleet::new(coordinator, dispatcher)))
                }
            },
        ));
        let drives = Drives::new(&shared);
        let logs = RunLogs::new(&shared);
        LocalEngine {
            commands: Commands::new(&shared, &drives),
            starts: Starts::new(&shared, &drives, &logs),
            logs,
            drives,
            shared,
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
