//! Creates new runs: reserves a place and memory, stores the run, then drives it.

use std::{slice, sync::Arc};

use tokio::sync::oneshot;

use super::{
    DriveLease, Drives,
    loaded_run::{AdmittedRun, LoadedRun},
};
use crate::engine::local::{
    admission::{Place, budget::Reservation},
    shared::Shared,
};
use crate::{
    engine::EngineError,
    error::{Fault, FaultCode},
    event::{RunCreated, StepEvent},
    machine::Machine,
    record::{RunKey, RunRecord, WorkflowRecord, WorkflowRef},
    store::StoreError,
    value::RunId,
    workflow::Workflow,
};

/// A new run before it is stored.
struct UnstoredRun {
    loaded: LoadedRun,
    record: RunRecord,
    first: StepEvent,
    key: Option<RunKey>,
    memory: Reservation,
}

impl Drives {
    /// Stores a new run and drives it.
    ///
    /// # Cancellation
    /// Both happen in a task of the engine, so the run is stored and driven even if this future is dropped.
    pub(in crate::engine::local) async fn start(
        &self,
        stored: &WorkflowRecord,
        workflow: Arc<Workflow>,
        created: RunCreated,
        key: Option<RunKey>,
    ) -> Result<RunRecord, EngineError> {
        if self.shared.tasks.is_closed() {
            return Err(EngineError::ShuttingDown);
        }
        workflow
            .check_input(&created.input)
            .map_err(EngineError::InvalidInput)?;
        let (place, memory) = reserve(&self.shared, &created)?;
        let run = UnstoredRun::new(&self.shared, workflow, stored, created, key, memory);
        let (reply, started) = oneshot::channel();
        let drives = self.clone();
        self.spawn(async move {
            if drives.shared.placement.fleet().is_some() {
                drives.store_and_dispatch(run, reply).await;
            } else {
                drives.store_and_drive(run, reply).await;
            }
            drop(place);
        })?;
        started.await.unwrap_or(Err(EngineError::ShuttingDown))
    }

    async fn store_and_drive(
        &self,
        mut run: UnstoredRun,
        reply: oneshot::Sender<Result<RunRecord, EngineError>>,
    ) {
        // Before it is stored, so that a reader that finds the run in the store also finds its driver.
        let live = self.shared.runs.live(run.record.id);
        let Some(lease) = DriveLease::claim(self, &live) else {
            return;
        };
        if let Err(error) = self.store(&mut run).await {
            // The store may have written it before it failed. If so, the alarm drives it.
            self.retry_later(run.record.id);
            let _ = reply.send(Err(error.into()));
            return;
        }
        let UnstoredRun {
            loaded,
            record,
            first,
            memory,
            ..
        } = run;
        let admitted = if let Some(admitted) = self.shared.admission.try_admit() {
            live.publish(std::iter::once(first));
            Some(Box::new(AdmittedRun {
                run: loaded,
                admitted,
                memory,
            }))
        } else {
            // A queued run stays in the store only. It is loaded when it is admitted.
            live.learn_length(first.seq);
            drop((first, loaded, memory));
            None
        };
        drop(live);
        let _ = reply.send(Ok(record));
        Box::pin(self.drive_here(lease, None, admitted)).await;
    }

    /// Stores a new run for the fleet. If this process ends before the dispatcher has taken it, the sweep of the fleet
    /// finds it in the store.
    async fn store_and_dispatch(
        &self,
        mut run: UnstoredRun,
        reply: oneshot::Sender<Result<RunRecord, EngineError>>,
    ) {
        let stored = self.store(&mut run).await;
        if stored.is_ok() {
            self.dispatch(run.record.id);
        }
        let _ = reply.send(stored.map(|()| run.record).map_err(EngineError::from));
    }

    /// Stores a new run, and shows its first event to the observer.
    async fn store(&self, run: &mut UnstoredRun) -> Result<(), StoreError> {
        let (record, events) = (run.record.clone(), slice::from_ref(&run.first));
        let store = &self.shared.store;
        store.create_run(record, events, run.key.take()).await?;
        if let Some(observed) = self.shared.observed(run.loaded.machine.workflow()) {
            observed.notify(&run.first);
        }
        Ok(())
    }
}

impl UnstoredRun {
    fn new(
        shared: &Shared,
        workflow: Arc<Workflow>,
        stored: &WorkflowRecord,
        mut created: RunCreated,
        key: Option<RunKey>,
        memory: Reservation,
    ) -> Self {
        let (id, clock) = (RunId::new(), shared.clock());
        created.url = shared.run_url(id);
        let input = Arc::clone(&created.input);
        let mut machine = Machine::new(workflow, id, input, shared.executor.limits());
        let first = machine.create(created, clock.now());
        let record = RunRecord::new(WorkflowRef::from(stored), &first);
        let head = record.head.clone();
        Self {
            loaded: LoadedRun {
                machine,
                clock,
                head,
            },
            record,
            first,
            key,
            memory,
        }
    }
}

/// Reserves a place in the queue and memory for a new run, before anything of it is stored.
fn reserve(shared: &Shared, created: &RunCreated) -> Result<(Place, Reservation), EngineError> {
    let bytes = created.memory();
    let most = shared.executor.limits().memory;
    if bytes > most {
        let detail = format!(
            "the input takes {bytes} bytes of memory, and a run may hold {most} (`run_memory_bytes`)"
        );
        let fault = Fault::new(FaultCode::InvalidValue, "#/input", detail);
        return Err(EngineError::InvalidInput(vec![fault]));
    }
    let busy = |limit, most| EngineError::Busy { limit, most };
    let (_, queued) = shared.admission.limits();
    let place = shared.admission.place();
    let has_space = shared
        .placement
        .fleet()
        .is_none_or(|fleet| fleet.queued() < queued);
    let place = place.filter(|_| has_space);
    let place = place.ok_or_else(|| busy("queued_runs", queued))?;
    let budget = shared.admission.budget();
    let memory = budget.reserve(bytes);
    let memory = memory.ok_or_else(|| busy("memory_budget_bytes", budget.limit()))?;
    Ok((place, memory))
}
