//! The task that a run is while it works.

use std::{sync::Arc, time::Duration};

use tokio::sync::oneshot;

use super::{
    admission::Admitted, budget::Held, host::Host, journal::StoreJournal, live::LiveRun,
    replay::Unplayable,
};
use crate::{
    engine::EngineError,
    event::{RunCreated, StepEvent},
    executor::{Clock, Driver, Executor, Fenced},
    id::RunId,
    machine::Machine,
    record::{RunHead, RunKey, RunRecord, RunStatus, WorkflowRecord, WorkflowRef},
    time::Timestamp,
    workflow::Workflow,
};

/// How long to wait before a run is taken up again that the store failed.
const AGAIN_AFTER: Duration = Duration::from_secs(5);

/// A run that is about to be stored and driven.
pub(super) struct Fresh {
    standing: Standing,
    record: RunRecord,
    first: StepEvent,
    pub(super) key: Option<RunKey>,
    memory: Held,
}

/// A run as its driver takes it up.
pub(super) struct Standing {
    pub(super) machine: Machine,
    pub(super) clock: Clock,
    pub(super) head: RunHead,
}

impl Fresh {
    pub(super) fn new(
        workflow: Arc<Workflow>,
        stored: &WorkflowRecord,
        created: RunCreated,
        executor: &Executor,
        clock: Clock,
        memory: Held,
    ) -> Self {
        let id = RunId::new();
        let input = Arc::clone(&created.input);
        let mut machine = Machine::new(workflow, id, input, executor.limits());
        let first = machine.create(created, clock.now());
        let record = RunRecord::new(WorkflowRef::from(stored), &first);
        let head = record.head.clone();
        Self {
            standing: Standing {
                machine,
                clock,
                head,
            },
            record,
            first,
            key: None,
            memory,
        }
    }
}

impl Host {
    /// Stores a new run and drives it.
    pub(super) async fn begin(
        self: Arc<Self>,
        fresh: Fresh,
        tell: oneshot::Sender<Result<RunRecord, EngineError>>,
    ) {
        let Fresh {
            standing,
            record,
            first,
            key,
            memory,
        } = fresh;
        // Before it is stored, so that whoever finds it in the store finds it alive.
        let live = self.live_or_new(record.id);
        let Some(driven) = Driven::claim(&self, &live) else {
            return;
        };
        if let Err(error) = self
            .store()
            .create_run(record.clone(), first.clone(), key)
            .await
        {
            // It may have been stored all the same; then it is to be driven.
            self.try_again(record.id);
            let _ = tell.send(Err(error.into()));
            return;
        }
        if let Some(observed) = self.observed(standing.machine.workflow()) {
            observed.tell(&first);
        }
        let Some(admitted) = self.admission().admit_at_once() else {
            // While it queues, only the store has it: neither the machine nor the event stays here.
            live.learn_length(first.seq);
            drop((live, first, standing, memory));
            let _ = tell.send(Ok(record));
            return Box::pin(self.take_up(driven, None)).await;
        };
        live.publish(std::iter::once(first));
        drop(live);
        let _ = tell.send(Ok(record));
        self.drive_admitted(driven, standing, admitted, memory)
            .await;
    }

    /// Lets a run that is not driven be driven: because its time has come, or because somebody wants
    /// something of it.
    pub(super) fn wake(self: &Arc<Self>, run: RunId, time: Option<Timestamp>) {
        let live = self.live_or_new(run);
        let Some(driven) = Driven::claim(self, &live) else {
            return;
        };
        let host = Arc::clone(self);
        // A closed engine drops the task, which lets go whoever waits for the run.
        let _ = self.spawn(async move {
            let _place = host.admission().place_again();
            host.take_up(driven, time).await;
        });
    }

    /// Rebuilds a run from its log and drives it on, if it has something to do.
    async fn take_up(self: &Arc<Self>, mut driven: Driven, time: Option<Timestamp>) {
        let run = driven.live.id();
        let record = match self.store().run(run).await {
            Ok(Some(record)) => record,
            Ok(None) => return,
            Err(error) => return self.cannot_go_on(run, error.into()),
        };
        if record.head.status.has_ended() {
            return;
        }
        if !driven.has_something_to_do(&record.head, time) {
            // Before somebody else may set another.
            self.set_alarm(run, &record.head);
            if driven.try_rest() {
                return;
            }
        }
        // Before the log is read: of many runs that are taken up, few are in memory at once.
        let live = Arc::clone(&driven.live);
        let admitted = self.admission().admit(&live).await;
        if matches!(admitted, Admitted::Never) {
            return;
        }
        match self.replay(&record, time).await {
            Ok(standing) => {
                self.no_longer_stopped(run);
                let memory = self.admission().budget().nothing();
                Box::pin(self.drive_admitted(driven, standing, admitted, memory)).await;
            }
            Err(unplayable) => self.cannot_go_on(run, unplayable),
        }
    }

    /// Drives a run that may work until it has ended or rests with nothing to do.
    async fn drive_admitted(
        self: &Arc<Self>,
        mut driven: Driven,
        standing: Standing,
        admitted: Admitted<'_>,
        memory: Held,
    ) {
        let live = Arc::clone(&driven.live);
        let Standing {
            machine,
            clock,
            head,
        } = standing;
        let observed = self.observed(machine.workflow());
        let store = Arc::clone(self.store());
        let health = Arc::clone(self.health());
        let journal = StoreJournal::new(store, Arc::clone(&live), head, observed, memory, health);
        let cancellation = live.cancellation().child_token();
        let deltas = Arc::clone(&live);
        let work = Driver::new(live.id(), machine, journal, deltas, cancellation, clock);
        let work = work.with_inbox(Arc::clone(live.inbox()));
        let journal = match work.drive(Vec::new(), None).await {
            Ok(journal) => journal,
            // The run is somebody else's now.
            Err(Fenced) => return,
        };
        drop(admitted);
        let head = journal.into_head();
        if head.status != RunStatus::Waiting {
            return;
        }
        let run = live.id();
        live.rest();
        drop(live);
        self.set_alarm(run, &head);
        if driven.try_rest() {
            return;
        }
        // Somebody wants something of it already.
        Box::pin(self.take_up(driven, None)).await;
    }

    fn cannot_go_on(&self, run: RunId, unplayable: Unplayable) {
        match unplayable {
            Unplayable::ForNow => self.try_again(run),
            Unplayable::Stopped(problem) => self.stop_run(run, *problem),
        }
    }

    /// A run that could not be stored, read or driven is taken up again later.
    fn try_again(&self, run: RunId) {
        let now = self.clock().now();
        self.timers().set(run, now.after(AGAIN_AFTER), now);
    }

    fn set_alarm(&self, run: RunId, head: &RunHead) {
        match head.wake_at {
            Some(time) => self.timers().set(run, time, self.clock().now()),
            None => self.timers().clear(run),
        }
    }
}

/// Held by the one task that drives a run. However the task ends, unless the run rests, its readers
/// are let go.
pub(super) struct Driven {
    host: Arc<Host>,
    live: Arc<LiveRun>,
    rests: bool,
}

impl Driven {
    /// Makes the caller the one who drives a run, unless somebody does already.
    fn claim(host: &Arc<Host>, live: &Arc<LiveRun>) -> Option<Self> {
        live.claim().then(|| Self {
            host: Arc::clone(host),
            live: Arc::clone(live),
            rests: false,
        })
    }

    /// Whether a run that is not driven has to be.
    fn has_something_to_do(&self, head: &RunHead, time: Option<Timestamp>) -> bool {
        let is_due = time.is_some_and(|time| head.is_due(time));
        head.status != RunStatus::Waiting || is_due || self.live.has_mail()
    }

    /// Lets the run rest, unless somebody wants something of it by now.
    fn try_rest(&mut self) -> bool {
        self.live.release();
        self.rests = !(self.live.has_mail() && self.live.claim());
        self.rests
    }
}

impl Drop for Driven {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // Of the engine or of its observer: nodes' panics are caught.
            self.host.try_again(self.live.id());
        }
        self.host.forget(&self.live, !self.rests);
        if !self.rests {
            self.live.close();
        }
    }
}
