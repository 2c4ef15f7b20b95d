//! An engine that can crash.

use std::{fmt, pin::pin, sync::Arc};

use futures::{
    StreamExt,
    future::{Either, select},
};
use serde_json::Value;

use super::crash::CrashAfter;
use crate::{
    engine::{EngineError, LocalEngine, LocalEngineBuilder, NewRun, Runs, Workflows},
    event::{StepEvent, Update},
    node::Registry,
    store::{MemoryStore, Store},
    value::RunId,
};

/// Runs workflows to their end, and lets the process of a run crash after any event of its log.
///
/// It is a [`LocalEngine`] on a store that outlives it. Every start builds a new registry, as a new process
/// would. Run it by [`run_in_virtual_time`](super::run_in_virtual_time), so that waits take no time. See
/// [the module](super) for an example.
pub struct TestEngine {
    registry: Box<dyn Fn() -> Registry + Send + Sync>,
    settings: Box<dyn Fn(LocalEngineBuilder) -> LocalEngineBuilder + Send + Sync>,
    store: Arc<dyn Store>,
}

impl TestEngine {
    /// An engine for workflows of these node types, on a [`MemoryStore`].
    pub fn new(registry: impl Fn() -> Registry + Send + Sync + 'static) -> Self {
        Self {
            registry: Box::new(registry),
            settings: Box::new(|builder| builder),
            store: Arc::new(MemoryStore::new()),
        }
    }

    /// Sets the store. Default: a [`MemoryStore`].
    #[must_use]
    pub fn with_store(mut self, store: Arc<dyn Store>) -> Self {
        self.store = store;
        self
    }

    /// Changes the settings of each engine that is started, such as its executor. The store is set afterwards.
    ///
    /// ```
    /// use workflow_core::{Executor, Registry, testing::TestEngine};
    ///
    /// let engine = TestEngine::new(Registry::default)
    ///     .with_settings(|builder| builder.with_executor(Executor::new().with_concurrent_steps(1)));
    /// ```
    #[must_use]
    pub fn with_settings(
        mut self,
        settings: impl Fn(LocalEngineBuilder) -> LocalEngineBuilder + Send + Sync + 'static,
    ) -> Self {
        self.settings = Box::new(settings);
        self
    }

    /// Starts an engine on the store, for tests that answer, cancel or read runs. Dropping it stops its runs;
    /// [`LocalEngine::recover`] of the next one resumes them.
    pub fn start(&self) -> LocalEngine {
        self.start_on(Arc::clone(&self.store))
    }

    fn start_on(&self, store: Arc<dyn Store>) -> LocalEngine {
        let builder = LocalEngine::builder((self.registry)());
        (self.settings)(builder).with_store(store).build()
    }

    /// Runs a workflow and returns its log. Does not return while a step waits for a person.
    ///
    /// # Errors
    /// As [`Workflows::create_workflow`] and [`Runs::start`]. A run that fails is not an error: its last event is
    /// `run.failed`.
    pub async fn run(&self, spec: &Value, input: Value) -> Result<Vec<StepEvent>, EngineError> {
        run_to_end(&self.start(), spec, input).await
    }

    /// Runs a workflow, lets its process crash after event number `event`, recovers the run with a second engine,
    /// and returns its whole log. The process works until it would store the next event, and that one is lost:
    /// a node that the event started has called its service, but its result is not in the log. Without a next
    /// event there is no crash.
    ///
    /// # Errors
    /// As [`run`](Self::run), and as [`LocalEngine::recover`].
    pub async fn run_with_crash_after(
        &self,
        event: u64,
        spec: &Value,
        input: Value,
    ) -> Result<Vec<StepEvent>, EngineError> {
        let store = Arc::new(CrashAfter::new(Arc::clone(&self.store), event));
        let engine = self.start_on(store.clone());
        let run = {
            let crashed = pin!(store.crashed());
            let ended = pin!(run_to_end(&engine, spec, input));
            match select(crashed, ended).await {
                Either::Left((run, _)) => run,
                Either::Right((log, _)) => return log,
            }
        };
        drop(engine);
        let engine = self.start();
        engine.recover().await?;
        log_to_end(&engine, run).await
    }
}

impl fmt::Debug for TestEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestEngine").finish_non_exhaustive()
    }
}

async fn run_to_end(
    engine: &LocalEngine,
    spec: &Value,
    input: Value,
) -> Result<Vec<StepEvent>, EngineError> {
    let workflow = engine.create_workflow(spec.clone()).await?.record;
    let run = engine.start(NewRun::new(workflow.id, input)).await?;
    log_to_end(engine, run.id).await
}

async fn log_to_end(engine: &LocalEngine, run: RunId) -> Result<Vec<StepEvent>, EngineError> {
    let updates = engine.events(run, 0).await?;
    let events = updates.filter_map(async |update| match update {
        Update::Event(event) => Some(event),
        _ => None,
    });
    Ok(events.collect().await)
}
