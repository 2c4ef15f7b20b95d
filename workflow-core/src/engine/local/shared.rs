//! The state that the parts of an engine share.

use std::{sync::Arc, time::Duration};

use super::admission::Admission;
use crate::engine::local::{
    drive::{placement::Placement, run_table::RunTable, tasks::Tasks},
    journal::{health::Health, live::LiveRun, observed::Observed},
    start::linker::Linker,
};
use crate::{
    engine::{EngineError, EngineLimits, Observer},
    executor::{Clock, Executor},
    node::Registry,
    store::Store,
    value::RunId,
    workflow::Workflow,
};

/// Gives the address of a run.
pub(super) type RunUrl = dyn Fn(RunId) -> String + Send + Sync;

/// The state of an engine. Each field owns its state and has its own lock. Operations that need several fields are
/// types that hold an `Arc` of this one: [`Drives`](super::drive::Drives), [`RunLogs`](super::logs::RunLogs),
/// [`Commands`](super::commands::Commands). So no type has to own all of them and their methods.
pub(super) struct Shared {
    pub(super) store: Arc<dyn Store>,
    pub(super) executor: Executor,
    pub(super) linker: Linker,
    pub(super) admission: Admission,
    pub(super) runs: RunTable,
    pub(super) placement: Placement,
    pub(super) tasks: Tasks,
    pub(super) health: Arc<Health>,
    observer: Option<Arc<dyn Observer>>,
    run_url: Option<Arc<RunUrl>>,
    clock: Clock,
}

impl Shared {
    pub(super) fn new(
        registry: Registry,
        store: Arc<dyn Store>,
        executor: Executor,
        observer: Option<Arc<dyn Observer>>,
        run_url: Option<Arc<RunUrl>>,
        admission: Admission,
        placement: Placement,
    ) -> Self {
        Self {
            linker: Linker::new(Arc::new(registry), Arc::clone(&store)),
            store,
            executor,
            admission,
            runs: RunTable::default(),
            placement,
            tasks: Tasks::default(),
            health: Arc::default(),
            observer,
            run_url,
            clock: Clock::start(),
        }
    }

    /// The observer of the events of a run of this workflow.
    pub(super) fn observed(&self, workflow: &Workflow) -> Option<Observed> {
        let observer = self.observer.as_ref()?;
        Some(Observed::new(observer, workflow))
    }

    /// The address of a run on the page of the host.
    pub(super) fn run_url(&self, run: RunId) -> Option<Arc<str>> {
        self.run_url.as_ref().map(|url| url(run).into())
    }

    pub(super) fn limits(&self) -> EngineLimits {
        let mut limits = EngineLimits::of(&self.executor);
        (limits.concurrent_runs, limits.queued_runs) = self.admission.limits();
        limits.memory_budget_bytes = self.admission.budget().limit();
        limits
    }

    /// A clock with the current time that is never behind a clock that was returned before, even if the wall clock was
    /// set back or the time of tokio is virtual. Events of a run must not go back in time when it is resumed.
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

    /// Aborts all tasks and ends all readers, without waiting.
    pub(super) fn stop(&self) {
        self.admission.close();
        drop(self.tasks.close());
        self.runs.for_each_live(LiveRun::close);
    }

    /// Waits up to `grace` for executing runs to end, then suspends the others.
    ///
    /// # Cancellation
    /// All tasks are aborted, and all readers end.
    pub(super) async fn shut_down(&self, grace: Duration) {
        // A guard, since the readers must end also if this future is dropped.
        struct CloseReaders<'a>(&'a RunTable);
        impl Drop for CloseReaders<'_> {
            fn drop(&mut self) {
                self.0.for_each_live(LiveRun::close);
            }
        }
        let _on_exit = CloseReaders(&self.runs);
        let tasks = self.tasks.close();
        self.admission.close();
        let suspend = || {
            self.runs.for_each_live(|live| live.inbox().interrupt());
        };
        tasks.end(grace, suspend).await;
        if let Some(fleet) = self.placement.fleet() {
            fleet.leave().await;
        }
    }
}
