//! Drives runs: each one is a task, from its claim until it ends or is suspended.

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

/// How long to wait before the next drive of a run that the store failed.
const AGAIN_AFTER: Duration = Duration::from_secs(5);

/// Drives the runs of an engine. At most one task drives a run: the one that holds its [`DriveLease`].
#[derive(Clone)]
pub(super) struct Drives {
    pub(super) shared: Arc<Shared>,
}

impl Drives {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        let shared = Arc::clone(shared);
        Self { shared }
    }

    /// Lets a run be driven that is not: because this time has come, or because it has a command to process.
    pub(super) fn wake(&self, run: RunId, time: Option<Timestamp>) {
        let live = self.shared.runs.live(run);
        let Some(lease) = DriveLease::claim(self, &live) else {
            return;
        };
        let drives = self.clone();
        // A closed engine drops the task, and the lease in it closes the readers.
        let _ = self.spawn(async move {
            let _place = drives.shared.admission.place_again();
            drives.drive(lease, time, None).await;
        });
    }

    /// Spawns a task, with the timers of suspended runs in the background.
    pub(super) fn spawn(
        &self,
        task: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), EngineError> {
        let timers = || self.clone().wake_in_time();
        self.shared.tasks.spawn(task, timers)
    }

    /// Wakes runs when their time has come.
    async fn wake_in_time(self) {
        let Shared { tasks, timers, .. } = &*self.shared;
        while let Some(alarm) = tasks.closing().run_until_cancelled(timers.next()).await {
            let Alarm { run, time, .. } = alarm;
            self.wake(run, Some(time));
        }
    }

    /// Drives a run until it ends, is suspended with nothing to do, or belongs to another engine. New runs, woken
    /// runs and recovered runs all come here.
    ///
    /// `admitted` is a run that is in memory already. `time` is when the run was woken, by the clock of the caller.
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
            // Boxed, so that a run that is queued does not take the space of one that is driven.
            let Some(head) = Box::pin(self.execute(&lease.live, run)).await else {
                return;
            };
            self.set_alarm(lease.live.id(), &head);
            if lease.try_rest() {
                return;
            }
            // It has a command to process already.
        }
    }

    /// Waits until a stored run may be driven, and loads it; none if there is nothing to do.
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
            // Before the lease is given up, and another task may set another alarm.
            self.set_alarm(run, &record.head);
            if lease.try_rest() {
                return None;
            }
        }
        // Before the log is read: of many runs that are woken, few are in memory at once.
        let admitted = self.shared.admission.admit(&lease.live).await;
        if matches!(admitted, Admitted::Never) {
            return None;
        }
        match replay::load(&self.shared, &record, time).await {
            Ok(loaded) => {
                self.shared.runs.not_stopped(run);
                Some(Box::new(AdmittedRun {
                    run: loaded,
                    admitted,
                    memory: self.shared.admission.budget().nothing(),
                }))
            }
            Err(error) => {
                self.cannot_drive(run, error);
                None
            }
        }
    }

    /// Drives a run until it ends or is suspended; its head if it is suspended.
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
            // The log belongs to another engine now.
            Err(Fenced) => return None,
        };
        drop(admitted);
        let head = journal.into_head();
        if head.status != RunStatus::Waiting {
            return None;
        }
        live.rest();
        Some(head)
    }

    fn cannot_drive(&self, run: RunId, error: ReplayError) {
        match error {
            ReplayError::ForNow => self.try_again(run),
            ReplayError::Stopped(problem) => self.shared.runs.stop(run, *problem),
        }
    }

    /// Lets a run that could not be stored, read or driven be driven later.
    pub(super) fn try_again(&self, run: RunId) {
        let now = self.shared.clock().now();
        self.shared.timers.set(run, now.after(AGAIN_AFTER), now);
    }

    fn set_alarm(&self, run: RunId, head: &RunHead) {
        match head.wake_at {
            Some(time) => (self.shared.timers).set(run, time, self.shared.clock().now()),
            None => self.shared.timers.clear(run),
        }
    }
}

/// The right to drive a run, held by one task. However the task ends, unless the run is suspended, its readers
/// are closed.
pub(super) struct DriveLease {
    drives: Drives,
    live: Arc<LiveRun>,
    rests: bool,
}

impl DriveLease {
    /// The lease of a run, unless another task holds it.
    pub(super) fn claim(drives: &Drives, live: &Arc<LiveRun>) -> Option<Self> {
        live.claim().then(|| Self {
            drives: drives.clone(),
            live: Arc::clone(live),
            rests: false,
        })
    }

    /// Whether a run that is not driven has to be.
    fn has_something_to_do(&self, head: &RunHead, time: Option<Timestamp>) -> bool {
        let is_due = time.is_some_and(|time| head.is_due(time));
        head.status != RunStatus::Waiting || is_due || self.live.inbox().has_pending_requests()
    }

    /// Gives the lease up, unless the run has a command to process by now.
    fn try_rest(&mut self) -> bool {
        self.live.release();
        self.rests = !(self.live.inbox().has_pending_requests() && self.live.claim());
        self.rests
    }
}

impl Drop for DriveLease {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // Of the engine or of its observer: panics of nodes are caught.
            self.drives.try_again(self.live.id());
        }
        self.drives.shared.runs.forget(&self.live, !self.rests);
        if !self.rests {
            self.live.close();
        }
    }
}
