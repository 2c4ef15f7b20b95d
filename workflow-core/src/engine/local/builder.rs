//! The settings of an engine.

use std::{fmt, sync::Arc};

use super::{
    LocalEngine, admission::Admission, commands::Commands, drive::Drives, journal::logs::RunLogs,
    shared::Shared, start::Starts,
};
use crate::{
    engine::Observer,
    executor::Executor,
    node::Registry,
    store::{MemoryStore, Store},
};

/// How many runs work at once, unless it is set.
const DEFAULT_RUNNING: usize = 1_024;

/// How many more runs wait for their turn, unless it is set.
const DEFAULT_QUEUED: usize = 10_000;

/// How much memory runs may hold together, unless it is set: 1 GiB.
const DEFAULT_MEMORY_BUDGET: usize = 1024 * 1024 * 1024;

/// Sets up a [`LocalEngine`].
pub struct LocalEngineBuilder {
    registry: Registry,
    store: Arc<dyn Store>,
    executor: Executor,
    observer: Option<Arc<dyn Observer>>,
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
            running: DEFAULT_RUNNING,
            queued: DEFAULT_QUEUED,
            memory: DEFAULT_MEMORY_BUDGET,
        }
    }

    /// Where workflows and runs are kept; a [`MemoryStore`] unless it is set.
    #[must_use]
    pub fn with_store(mut self, store: Arc<dyn Store>) -> Self {
        self.store = store;
        self
    }

    /// How each run is executed.
    #[must_use]
    pub fn with_executor(mut self, executor: Executor) -> Self {
        self.executor = executor;
        self
    }

    /// Who hears of every event, once it is stored; nobody unless it is set.
    #[must_use]
    pub fn with_observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// How many runs work at once; at least 1, 1,024 by default.
    #[must_use]
    pub fn with_max_running(mut self, runs: usize) -> Self {
        self.running = runs.max(1);
        self
    }

    /// How many more runs may wait until there is room; 10,000 by default.
    #[must_use]
    pub fn with_max_queued(mut self, runs: usize) -> Self {
        self.queued = runs;
        self
    }

    /// How many bytes of memory runs may hold together while they are stored or work; 1 GiB by default.
    /// A new run that does not fit is refused with [`EngineError::Busy`](crate::EngineError::Busy), and a queued one waits until
    /// there is room. When runs that work come to hold more than this, those fail with `out_of_memory` that
    /// hold more than an equal share. Runs that wait in the queue, for a person or for a time are in the store
    /// only. Values are estimated as [`Executor::with_max_run_memory`] says; what the text of running steps, the
    /// readers and the store take comes on top.
    #[must_use]
    pub fn with_memory_budget(mut self, bytes: usize) -> Self {
        self.memory = bytes;
        self
    }

    /// The engine. It spawns its runs on the tokio runtime that `start` is called in.
    pub fn build(self) -> LocalEngine {
        let shared = Arc::new(Shared::new(
            self.registry,
            self.store,
            self.executor,
            self.observer,
            Admission::new(self.running, self.queued, self.memory),
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
