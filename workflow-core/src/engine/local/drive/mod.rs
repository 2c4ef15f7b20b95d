//! Executes runs: each is one task, from its claim until it ends or is suspended.
//!
//! [`Drives`] spawns the tasks. New runs (`new_run`), runs with a command or an alarm ([`Drives::wake`]) and recovered
//! runs (`recover`) all reach [`Drives::drive`], the only place that loads a run and hands it to an executor's driver.

pub(super) mod loaded_run;
pub(super) mod new_run;
pub(super) mod recover;
pub(super) mod replay;
pub(super) mod run_table;
pub(super) mod tasks;
pub(super) mod timers;

use std::{sync::Arc, time::Duration};

use self::{
    loaded_run::{AdmittedRun, LoadedRun},
    replay::ReplayError,
    timers::Alarm,
};
use super::{admission::Admitted, journal::StoreJournal, shared::Shared};
use crate::engine::local::journal::live::LiveRun;
use crate::{
    engine::EngineError,
    executor::{Driver, Fenced},
    record::{RunHead, RunStatus},
    value::{RunId, Timestamp},
};

/// Delay before a run is driven again after the store failed or the driver panicked.
const RETRY_DELAY: Duration = Duration::from_secs(5);

/// Spawns and executes the tasks of runs. At most one task drives a run: the one that holds its [`DriveLease`].
#[derive(Clone)]
pub(super) struct Drives {
    pub(super) shared: Arc<Shared>,
}

impl Drives {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        let shared = Arc::clone(shared);
        Self { shared }
    }

    /// Spawns a task that drives a run, unless one does already. Called when its alarm fires (`time`) or when it has a
    /// command to process.
    pub(super) fn wake(&self, run: RunId, time: Option<Timestamp>) {
        let live = self.shared.runs.live(run);
        let Some(lease) = DriveLease::claim(self, &live) else {
            return;
        };
        let drives = self.clone();
        // A closed engine drops the future, and with it the lease, which ends the readers.
        let _ = self.spawn(async move {
            let _place = drives.shared.admission.place_for_resumed();
            drives.drive(lease, time, None).await;
        });
    }

    /// Spawns a task; the first call also spawns the task that waits for the alarms of suspended runs.
    pub(super) fn spawn(
        &self,
        task: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), EngineError> {
        let timers = || self.clone().wake_when_due();
        self.shared.tasks.spawn(task, timers)
    }

    /// Wakes suspended runs when their alarms fire, until the engine is closed.
    async fn wake_when_due(self) {
        let Shared { tasks, timers, .. } = &*self.shared;
        while let Some(alarm) = tasks.closing().run_until_cancelled(timers.next()).await {
            let Alarm { run, time, .. } = alarm;
            self.wake(run, Some(time));
        }
    }

    /// Drives a run until it ends, is suspended with nothing to do, or is fenced off by another engine.
    ///
    /// `admitted` is a run that is in memory already; otherwise the run is loaded from the store. `time` is when the run
    /// was woken, by the clock of the caller.
    pub(super) async fn drive(
        &self,
        mut lease: DriveLease,
        mut time: Option<Timestamp>,
        mut admitted: Option<Box<AdmittedRun<'_>>>,
    ) {
        loop {
            let run = match admitted.take() {
                Some(run) => run,
                None => match self.admit(&mut lease, time.take()).await {
                    Some(run) => run,
                    None => return,
                },
            };
            // Boxed, so that the task of a queued run is not as large as that of an executing one.
            let Some(head) = Box::pin(self.execute(&lease.live, run)).await else {
                return;
            };
            self.set_alarm(lease.live.id(), &head);
            if lease.try_release() {
                return;
            }
            // A command has arrived in the meantime.
        }
    }

    /// Waits until a stored run is admitted, and loads it; `None` if there is nothing to do.
    async fn admit(
        &self,
        lease: &mut DriveLease,
        time: Option<Timestamp>,
    ) -> Option<Box<AdmittedRun<'_>>> {
        let run = lease.live.id();
        let record = match self.shared.store.run(run).await {
            Ok(record) => record?,
            Err(error) => {
                self.cannot_drive(run, error.into());
                return None;
            }
        };
        if record.head.status.has_ended() {
            return None;
        }
        if !lease.has_something_to_do(&record.head, time) {
            // Before the lease is released: another task may set a newer alarm after that.
            self.set_alarm(run, &record.head);
            if lease.try_release() {
                return None;
            }
        }
        // Before the log is read, so that only few of many woken runs are in memory at once.
        let admitted = self.shared.admission.admit(&lease.live).await;
        if matches!(admitted, Admitted::Closed) {
            return None;
        }
        match replay::load(&self.shared, &record, time).await {
            Ok(loaded) => {
                self.shared.runs.clear_stopped(run);
                Some(Box::new(AdmittedRun {
                    run: loaded,
                    admitted,
                    memory: self.shared.admission.budget().reserve_nothing(),
                }))
            }
            Err(error) => {
                self.cannot_drive(run, error);
                None
            }
        }
    }

    /// Drives a run until it ends or is suspended. Returns its head if it is suspended.
    async fn execute(&self, live: &Arc<LiveRun>, run: Box<AdmittedRun<'_>>) -> Option<RunHead> {
        let AdmittedRun {
            run: loaded,
            admitted,
            memory,
        } = *run;
        let LoadedRun {
            machine,
            clock,
            head,
        } = loaded;
        let observed = self.shared.observed(machine.workflow());
        let store = Arc::clone(&self.shared.store);
        let health = Arc::clone(&self.shared.health);
        let journal = StoreJournal::new(store, Arc::clone(live), head, observed, memory, health);
        let cancellation = live.inbox().cancelled().child_token();
        let deltas = Arc::clone(live);
        let driver = Driver::new(live.id(), machine, journal, deltas, cancellation, clock);
        let driver = driver.with_inbox(Arc::clone(live.inbox()));
        let journal = match driver.drive(Vec::new(), None).await {
            Ok(journal) => journal,
            // Another engine has appended to the log and owns the run now.
            Err(Fenced) => return None,
        };
        drop(admitted);
        let head = journal.into_head();
        if head.status != RunStatus::Waiting {
            return None;
        }
        live.clear_tail();
        Some(head)
    }

    fn cannot_drive(&self, run: RunId, error: ReplayError) {
        match error {
            ReplayError::Unavailable => self.retry_later(run),
            ReplayError::Stopped(problem) => self.shared.runs.stop(run, *problem),
        }
    }

    /// Sets an alarm to drive a run that could not be stored, read or driven now.
    pub(super) fn retry_later(&self, run: RunId) {
        let now = self.shared.clock().now();
        self.shared.timers.set(run, now.after(RETRY_DELAY), now);
    }

    fn set_alarm(&self, run: RunId, head: &RunHead) {
        match head.wake_at {
            Some(time) => (self.shared.timers).set(run, time, self.shared.clock().now()),
            None => self.shared.timers.clear(run),
        }
    }
}

/// The exclusive right to drive a run, held by one task.
///
/// When it is dropped without [`try_release`](Self::try_release), because the run ended, was fenced off or its task was
/// aborted or panicked, the readers of the run end.
pub(super) struct DriveLease {
    drives: Drives,
    live: Arc<LiveRun>,
    /// The run is suspended: its readers stay.
    released: bool,
}

impl DriveLease {
    /// Takes the lease of a run; `None` if another task holds it.
    pub(super) fn claim(drives: &Drives, live: &Arc<LiveRun>) -> Option<Self> {
        live.claim().then(|| Self {
            drives: drives.clone(),
            live: Arc::clone(live),
            released: false,
        })
    }

    /// Whether a run with this head must be driven: it is not suspended, its time has come, or it has a command.
    fn has_something_to_do(&self, head: &RunHead, time: Option<Timestamp>) -> bool {
        let is_due = time.is_some_and(|time| head.is_due(time));
        head.status != RunStatus::Waiting || is_due || self.live.inbox().has_pending_requests()
    }

    /// Releases the lease of a suspended run. Returns `false` and keeps it if a command has arrived.
    ///
    /// The inbox is checked after the release. A sender puts its command in before it tries to claim the run, so either
    /// this check or the sender's claim sees it.
    fn try_release(&mut self) -> bool {
        self.live.release();
        self.released = !(self.live.inbox().has_pending_requests() && self.live.claim());
        self.released
    }
}

impl Drop for DriveLease {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // A panic of the engine or its observer: those of nodes are caught by the executor.
            self.drives.retry_later(self.live.id());
        }
        self.drives.shared.runs.remove(&self.live, !self.released);
        if !self.released {
            self.live.close();
        }
    }
}
