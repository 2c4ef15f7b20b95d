//! Stores new runs, and drives them.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::{
    DriveLease, Drives,
    loaded_run::{AdmittedRun, LoadedRun},
};
use crate::engine::local::{
    admission::{Place, budget::Held},
    shared::Shared,
};
use crate::{
    engine::EngineError,
    error::{Fault, FaultCode},
    event::{RunCreated, StepEvent},
    machine::Machine,
    record::{RunKey, RunRecord, WorkflowRecord, WorkflowRef},
    value::RunId,
    workflow::Workflow,
};

/// A run that is not stored yet.
struct UnstoredRun {
    loaded: LoadedRun,
    record: RunRecord,
    first: StepEvent,
    key: Option<RunKey>,
    memory: Held,
}

impl Drives {
    /// Stores a new run and drives it, also when the caller is dropped in between.
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
            drives.store_and_drive(run, reply).await;
            drop(place);
        })?;
        started.await.unwrap_or(Err(EngineError::ShuttingDown))
    }

    async fn store_and_drive(
        &self,
        run: UnstoredRun,
        reply: oneshot::Sender<Result<RunRecord, EngineError>>,
    ) {
        let UnstoredRun {
            loaded,
            record,
            first,
            key,
            memory,
        } = run;
        // Before it is stored, so that a reader that finds it in the store finds it driven.
        let live = self.shared.runs.live(record.id);
        let Some(lease) = DriveLease::claim(self, &live) else {
            return;
        };
        let Shared {
            store, admission, ..
        } = &*self.shared;
        let stored = store.create_run(record.clone(), first.clone(), key).await;
        if let Err(error) = stored {
            // It may have been stored all the same; then it is to be driven.
            self.try_again(record.id);
            let _ = reply.send(Err(error.into()));
            return;
        }
        if let Some(observed) = self.shared.observed(loaded.machine.workflow()) {
            observed.tell(&first);
        }
        let admitted = if let Some(admitted) = admission.admit_at_once() {
            live.publish(std::iter::once(first));
            Some(Box::new(AdmittedRun {
                run: loaded,
                admitted,
                memory,
            }))
        } else {
            // While it is queued, only the store has it: neither the machine nor the event stays here.
            live.learn_length(first.seq);
            drop((first, loaded, memory));
            None
        };
        drop(live);
        let _ = reply.send(Ok(record));
        Box::pin(self.drive(lease, None, admitted)).await;
    }
}

impl UnstoredRun {
    fn new(
        shared: &Shared,
        workflow: Arc<Workflow>,
        stored: &WorkflowRecord,
        created: RunCreated,
        key: Option<RunKey>,
        memory: Held,
    ) -> Self {
        let (id, clock) = (RunId::new(), shared.clock());
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

/// A place in the queue and memory for a new run.
fn reserve(shared: &Shared, created: &RunCreated) -> Result<(Place, Held), EngineError> {
    let bytes = created.memory();
    let most = shared.executor.limits().memory;
    if bytes > most {
        let detail = format!(
            "this takes {bytes} bytes of memory, and a run may hold {most} (`run_memory_bytes`)"
        );
        let fault = Fault::new(FaultCode::InvalidValue, "#/input", detail);
        return Err(EngineError::InvalidInput(vec![fault]));
    }
    let busy = |limit, most| EngineError::Busy { limit, most };
    let (_, queued) = shared.admission.limits();
    let place = shared.admission.place();
    let place = place.ok_or_else(|| busy("queued_runs", queued))?;
    let budget = shared.admission.budget();
    let held = budget.reserve(bytes);
    let held = held.ok_or_else(|| busy("memory_budget_bytes", budget.most()))?;
    Ok((place, held))
}
