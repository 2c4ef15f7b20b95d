//! The task that a run is while it works.

use std::{sync::Arc, time::Duration};

use tokio::sync::oneshot;

use super::{admission::Admitted, host::Host, journal::StoreJournal, live::LiveRun};
use crate::{
    engine::{EngineError, NewRun},
    event::{EventKind, RunCreated, StepEvent},
    executor::{Clock, Driver, Executor, Refused},
    id::RunId,
    machine::{self, Machine},
    record::{RunHead, RunRecord, RunStatus, WorkflowRecord, WorkflowRef},
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
}

/// A run as its driver takes it up.
pub(super) struct Standing {
    machine: Machine,
    clock: Clock,
    head: RunHead,
}

impl Fresh {
    pub(super) fn new(
        workflow: Arc<Workflow>,
        stored: &WorkflowRecord,
        new: NewRun,
        executor: &Executor,
        clock: Clock,
    ) -> Self {
        let id = RunId::new();
        let input = Arc::new(new.input);
        let mut created = RunCreated::of(&workflow, Arc::clone(&input));
        created.metadata = new.metadata.map(Arc::new);
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
        } = fresh;
        // Before it is stored, so that whoever finds it in the store finds it alive.
        let live = self.live_or_new(record.id);
        let Some(driven) = Driven::claim(&self, &live) else {
            return;
        };
        if let Err(error) = self
            .store()
            .create_run(record.clone(), first.clone(), None)
            .await
        {
            let _ = tell.send(Err(error.into()));
            return;
        }
        live.publish(std::iter::once(first));
        drop(live);
        let _ = tell.send(Ok(record));
        self.drive(driven, standing).await;
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
        let Ok(Some(record)) = self.store().run(run).await else {
            return self.try_again(run);
        };
        if record.head.status.has_ended() {
            return;
        }
        if !driven.has_something_to_do(&record.head, time) && driven.try_rest() {
            return self.set_alarm(run, &record.head);
        }
        match self.replay(&record, time).await {
            Ok(standing) => self.drive(driven, standing).await,
            Err(error) => {
                let error: &dyn std::error::Error = &*error;
                tracing::error!(%run, error, "a run cannot go on");
            }
        }
    }

    async fn replay(
        &self,
        record: &RunRecord,
        time: Option<Timestamp>,
    ) -> Result<Standing, Box<dyn std::error::Error + Send + Sync>> {
        let log = self.log(record.id, 0).await?;
        let pins = match log.first().map(|first| &first.kind) {
            Some(EventKind::RunCreated(created)) => Arc::clone(&created.workflows),
            _ => Arc::default(),
        };
        let (id, version) = (record.workflow.id, record.workflow.version);
        let stored = self.store().workflow(id, Some(version)).await?;
        let stored = stored.ok_or(EngineError::NoSuchWorkflow(id))?;
        let workflow = self.linker().pinned(&stored, &pins).await?;
        let (_, machine) = self.executor().replay(workflow, &log)?;
        let last = log.last().map(|event| event.time);
        let times = [last, time].into_iter().flatten();
        Ok(Standing {
            machine,
            clock: times.fold(self.clock(), Clock::not_before),
            head: record.head.clone(),
        })
    }

    /// Drives a run until it has ended or rests with nothing to do.
    async fn drive(self: &Arc<Self>, mut driven: Driven, standing: Standing) {
        let live = Arc::clone(&driven.live);
        let admitted = self.admission().admit(&live).await;
        if matches!(admitted, Admitted::Never) {
            return;
        }
        let Standing {
            machine,
            clock,
            head,
        } = standing;
        let journal = StoreJournal::new(Arc::clone(self.store()), Arc::clone(&live), head);
        let cancellation = live.cancellation().child_token();
        let deltas = Arc::clone(&live);
        let work = Driver::new(live.id(), machine, journal, deltas, cancellation, clock);
        let work = work.with_inbox(Arc::clone(live.inbox()));
        let journal = match work.drive(machine::Turn::default(), None).await {
            Ok(journal) => journal,
            // The run is somebody else's now.
            Err(Refused::Fenced) => return,
            Err(Refused::Unavailable) => return self.try_again(live.id()),
        };
        drop(admitted);
        let head = journal.into_head();
        if head.status != RunStatus::Waiting {
            return;
        }
        let run = live.id();
        drop(live);
        if driven.try_rest() {
            return self.set_alarm(run, &head);
        }
        // Somebody wants something of it already.
        Box::pin(self.take_up(driven, None)).await;
    }

    /// A run whose log could not be read or written is taken up again later.
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
        let is_due = time.is_some_and(|time| head.wake_at.is_some_and(|wake_at| wake_at <= time));
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
        self.host.forget(&self.live, !self.rests);
        if !self.rests {
            self.live.close();
        }
    }
}
