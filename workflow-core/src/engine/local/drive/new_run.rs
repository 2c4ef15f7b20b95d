//! Creates new runs: reserves a place and memory, then stores the run and drives it.
//!
//! A run that is admitted at once is stored by its driver, with everything that is decided before an attempt begins that is
//! billed or acts. A run that is queued, or driven by a fleet, is stored with its first event only.

use std::{slice, sync::Arc};

use tokio::sync::oneshot;

use super::{
    DriveLease, Drives,
    loaded_run::{AdmittedRun, LoadedRun, Unstored},
};
use crate::engine::local::{
    admission::{Admitted, Place, budget::Reservation},
    journal::{creation::Creation, live::LiveRun},
    shared::Shared,
};
use crate::{
    engine::EngineError,
    error::{Fault, FaultCode},
    event::{RunCreated, StepEvent},
    machine::Machine,
    record::{RunHead, RunKey, RunRecord, WorkflowRecord, WorkflowRef},
    store::StoreError,
    value::RunId,
    workflow::Workflow,
};

/// Where the result of a start is sent.
type Reply = oneshot::Sender<Result<RunRecord, EngineError>>;

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
        // Boxed: each future that it passes through would be as large.
        let run = UnstoredRun::new(&self.shared, workflow, stored, created, key, memory);
        let run = Box::new(run);
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

    /// Drives a new run if it is admitted at once, else queues it.
    async fn store_and_drive(&self, run: Box<UnstoredRun>, reply: Reply) {
        // Before it is stored, so that a reader that finds the run in the store also finds its driver.
        let live = self.shared.runs.live(run.record.id);
        let Some(lease) = DriveLease::claim(self, &live) else {
            return;
        };
        match self.shared.admission.try_admit() {
            Some(admitted) => {
                drop(live);
                let admitted = Box::new(self.unstored(run, admitted, reply));
                Box::pin(self.drive_here(lease, None, Some(admitted))).await;
            }
            None => self.store_and_queue(lease, live, run, reply).await,
        }
    }

    /// A run that is stored by its driver.
    fn unstored<'a>(
        &self,
        run: Box<UnstoredRun>,
        admitted: Admitted<'a>,
        reply: Reply,
    ) -> AdmittedRun<'a> {
        let UnstoredRun {
            mut loaded,
            record,
            first,
            key,
            memory,
        } = *run;
        // Its first event is among those that are stored.
        loaded.head = RunHead::new(record.created_at);
        let (drives, answer) = (self.clone(), record.clone());
        let created = move |stored: Result<(), StoreError>| {
            if let Err(error) = &stored {
                drives.retry_if_stored(answer.id, error);
            }
            let _ = reply.send(stored.map(|()| answer).map_err(EngineError::from));
        };
        let creation = Box::new(Creation::new(record, key, created));
        AdmittedRun {
            run: loaded,
            admitted,
            memory,
            unstored: Some(Unstored { first, creation }),
        }
    }

    /// Stores a new run. It is loaded from the store when it is admitted.
    async fn store_and_queue(
        &self,
        lease: DriveLease,
        live: Arc<LiveRun>,
        mut run: Box<UnstoredRun>,
        reply: Reply,
    ) {
        if let Err(error) = self.store(&mut run).await {
            self.retry_if_stored(run.record.id, &error);
            let _ = reply.send(Err(error.into()));
            return;
        }
        let UnstoredRun {
            record,
            first,
            loaded,
            memory,
            ..
        } = *run;
        live.learn_length(first.seq);
        drop((live, first, loaded, memory));
        let _ = reply.send(Ok(record));
        Box::pin(self.drive_here(lease, None, None)).await;
    }

    /// Sets an alarm for a run that the store may have written before it failed.
    fn retry_if_stored(&self, run: RunId, error: &StoreError) {
        if matches!(error, StoreError::Unavailable(_)) {
            self.retry_later(run);
        }
    }

    /// Stores a new run for the fleet. If this process ends before the dispatcher has taken it, the sweep of the fleet
    /// finds it in the store.
    async fn store_and_dispatch(&self, mut run: Box<UnstoredRun>, reply: Reply) {
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
