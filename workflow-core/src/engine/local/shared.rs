//! What the parts of an engine share.

use std::{sync::Arc, time::Duration};

use super::admission::Admission;
use crate::engine::local::{
    drive::{run_table::RunTable, tasks::Tasks, timers::Timers},
    journal::{health::Health, live::LiveRun, observed::Observed},
    start::linker::Linker,
};
use crate::{
    engine::{EngineError, EngineLimits, Observer},
    executor::{Clock, Executor, RunCommand},
    node::Registry,
    store::Store,
    value::RunId,
    workflow::Workflow,
};

/// The state of an engine. Each field has methods of its own; what needs several of them is a type that
/// holds an `Arc` of this: [`Drives`](super::drive::Drives), [`RunLogs`](super::logs::RunLogs),
/// [`Commands`](super::commands::Commands).
pub(super) struct Shared {
    pub(super) store: Arc<dyn Store>,
    pub(super) executor: Executor,
    pub(super) linker: Linker,
    pub(super) admission: Admission,
    pub(super) runs: RunTable,
    pub(super) timers: Timers,
    pub(super) tasks: Tasks,
    pub(super) health: Arc<Health>,
    observer: Option<Arc<dyn Observer>>,
    clock: Clock,
}

impl Shared {
    pub(super) fn new(
        registry: Registry,
        store: Arc<dyn Store>,
        executor: Executor,
        observer: Option<Arc<dyn Observer>>,
        admission: Admission,
    ) -> Self {
        Self {
            linker: Linker::new(Arc::new(registry), Arc::clone(&store)),
            store,
            executor,
            admission,
            runs: RunTable::default(),
            timers: Timers::default(),
            tasks: Tasks::default(),
            health: Arc::default(),
            observer,
            clock: Clock::start(),
        }
    }

    /// The observer of the events of a run of this workflow.
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

    /// A clock that shows the time, and is not behind any that was returned before: also where time is
    /// virtual, or the wall clock was set back.
    pub(super) fn clock(&self) -> Clock {
        Clock::start().not_before(self.clock.now())
    }

    /// Whether runs can be started.
    pub(super) async fn ready(&self) -> Result<(), EngineError> {
        if self.tasks.is_closed() {
            return Err(EngineError::ShuttingDown);
        }
        Ok(self.health.check(&*self.store).await?)
    }

    /// The error of a request that a run did not process in time.
    pub(super) fn interrupted(&self, run: RunId) -> EngineError {
        if self.tasks.is_closed() {
            EngineError::ShuttingDown
        } else {
            EngineError::Interrupted(run)
        }
    }

    /// Stops everything at once.
    pub(super) fn stop(&self) {
        self.admission.close();
        drop(self.tasks.close());
        self.runs.each_live(LiveRun::close);
    }

    /// Waits this long for the runs that are driven to end, then suspends the rest.
    ///
    /// # Cancellation
    /// Everything stops at once.
    pub(super) async fn shut_down(&self, grace: Duration) {
        struct CloseReaders<'a>(&'a RunTable);
        impl Drop for CloseReaders<'_> {
            fn drop(&mut self) {
                self.0.each_live(LiveRun::close);
            }
        }
        let _at_the_end = CloseReaders(&self.runs);
        let tasks = self.tasks.close();
        self.admission.close();
        let suspend = || {
            self.runs.each_live(|live| {
                live.inbox().send(RunCommand::Interrupt);
            });
        };
        tasks.end(grace, suspend).await;
    }
}
