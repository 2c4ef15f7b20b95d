//! Executes runs: each is one task, from its claim until it ends or is suspended.
//!
//! [`Drives`] spawns the tasks. New runs (`new_run`), runs with a command or an alarm ([`Drives::wake`]) and recovered
//! runs (`recover`) all reach [`Drives::drive`], the only place that loads a run and hands it to an executor's driver.

pub(super) mod loaded_run;
pub(super) mod new_run;
pub(super) mod placement;
pub(super) mod recover;
pub(super) mod replay;
pub(super) mod run_table;
pub(super) mod tasks;
pub(super) mod timers;

use std::{future::poll_fn, pin::pin, sync::Arc, time::Duration};

use futures::FutureExt;

use self::{
    loaded_run::{AdmittedRun, LoadedRun, Unstored},
    placement::Placement,
    replay::{NEWER_LOG, ReplayError},
    run_table::log_stopped,
    timers::Alarm,
};
use super::{admission::Admitted, journal::StoreJournal, shared::Shared};
use crate::engine::local::journal::live::LiveRun;
use crate::{
    engine::EngineError,
    executor::{Driver, Fenced, Journaled},
    fleet::{DriveEnd, DriveError},
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
            drives.drive_here(lease, time, None).await;
        });
    }

    /// Spawns a task; the first call also spawns the background work of the engine, until it is closed.
    pub(super) fn spawn(
        &self,
        task: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), EngineError> {
        let background = || {
            let drives = self.clone();
            match drives.shared.placement {
                Placement::Here(_) => drives.wake_when_due().boxed(),
                Placement::Fleet(_) => drives.run_in_background().boxed(),
            }
        };
        self.shared.tasks.spawn(task, background)
    }

    /// Wakes suspended runs when their alarms fire, until the engine is closed.
    async fn wake_when_due(self) {
        let Shared {
            tasks, placement, ..
        } = &*self.shared;
        let Some(timers) = placement.timers() else {
            return;
        };
        while let Some(alarm) = tasks.closing().run_until_cancelled(timers.next()).await {
            let Alarm { run, time, .. } = alarm;
            self.wake(run, Some(time));
        }
    }

    /// Drives a run of an engine without a fleet, and again later if the store fails.
    pub(super) async fn drive_here(
        &self,
        lease: DriveLease,
        time: Option<Timestamp>,
        admitted: Option<Box<AdmittedRun<'_>>>,
    ) {
        let run = lease.live.id();
        if let Err(DriveError::Store(_)) = self.drive(lease, time, admitted).await {
            self.retry_later(run);
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
    ) -> Result<DriveEnd, DriveError> {
        loop {
            let run = match admitted.take() {
                Some(run) => run,
                // Boxed: a new run is in memory already, and needs no space for loading one.
                None => match Box::pin(self.admit(&mut lease, time.take())).await? {
                    DriveStart::Execute(run) => run,
                    DriveStart::End(end) => return Ok(end),
                },
            };
            // Boxed, so that the task of a queued run is not as large as that of an executing one.
            let head = Box::pin(self.execute(&lease.live, run)).await;
            let head = head.map_err(|Fenced| DriveError::Fenced)?;
            if head.status != RunStatus::Waiting {
                lease.ended = true;
                if let Some(fleet) = self.shared.placement.fleet() {
                    fleet.delete_commands(&lease.live).await;
                }
                return Ok(DriveEnd::Ended);
            }
            lease.live.clear_tail();
            if let Some(end) = self.suspend(&mut lease, &head).await? {
                return Ok(end);
            }
            // A command has arrived in the meantime, or its time has come.
            time = Some(self.shared.clock().now());
        }
    }

    /// Waits until a stored run is admitted, and loads it, unless there is nothing to do.
    async fn admit(
        &self,
        lease: &mut DriveLease,
        time: Option<Timestamp>,
    ) -> Result<DriveStart<'_>, DriveError> {
        let run = lease.live.id();
        if let Some(fleet) = self.shared.placement.fleet() {
            // Before the record is read: a command that is stored between the two reads has its own dispatch.
            fleet.take_commands(&lease.live).await?;
        }
        let record = match self.shared.store.run(run).await {
            Ok(Some(record)) => record,
            Ok(None) => {
                lease.ended = true;
                return Ok(DriveStart::End(DriveEnd::Ended));
            }
            Err(error) => return self.cannot_drive(lease, None, error.into()).await,
        };
        if record.head.status.has_ended() {
            // What another engine has appended last may not have reached the readers here.
            lease.live.begin_at(record.head.last_seq);
            lease.ended = true;
            return Ok(DriveStart::End(DriveEnd::Ended));
        }
        if !lease.has_something_to_do(&record.head, time)
            && let Some(end) = self.suspend(lease, &record.head).await?
        {
            return Ok(DriveStart::End(end));
        }
        // Before the log is read, so that only few of many woken runs are in memory at once.
        let admitted = self.shared.admission.admit(&lease.live).await;
        if matches!(admitted, Admitted::Closed) {
            return Err(DriveError::ShuttingDown);
        }
        match replay::load(&self.shared, &record, time).await {
            Ok(loaded) => {
                self.shared.runs.clear_stopped(run);
                if self.shared.placement.fleet().is_some() {
                    lease.live.begin_at(loaded.head.last_seq);
                }
                Ok(DriveStart::Execute(Box::new(AdmittedRun {
                    run: loaded,
                    admitted,
                    memory: self.shared.admission.budget().reserve_nothing(),
                    unstored: None,
                })))
            }
            Err(error) => {
                let at = Some(record.head.last_seq);
                self.cannot_drive(lease, at, error).await
            }
        }
    }

    /// Drives a run until it ends or is suspended. Returns its head.
    ///
    /// # Errors
    /// [`Fenced`] if another engine has appended to the log and owns the run now, or the run could not be created.
    async fn execute(
        &self,
        live: &Arc<LiveRun>,
        run: Box<AdmittedRun<'_>>,
    ) -> Result<RunHead, Fenced> {
        let AdmittedRun {
            run: loaded,
            admitted,
            memory,
            unstored,
        } = *run;
        let (decided, creation) = unstored
            .map(|Unstored { first, creation }| (first, creation))
            .unzip();
        let LoadedRun {
            machine,
            clock,
            head,
        } = loaded;
        let observed = self.shared.observed(machine.workflow());
        let store = Arc::clone(&self.shared.store);
        let health = Arc::clone(&self.shared.health);
        let mut journal =
            StoreJournal::new(store, Arc::clone(live), head, observed, memory, health)
                .with_creation(creation);
        if let Some(fleet) = self.shared.placement.fleet() {
            journal = journal.with_fleet(Arc::clone(fleet));
            self.relay_to_followers(live);
        }
        let cancellation = live.inbox().cancelled().child_token();
        let deltas = Arc::clone(live);
        let driver = Driver::new(live.id(), machine, deltas, cancellation, clock);
        let driver = driver.with_decided(decided);
        let journaled = Journaled::new(driver, journal, Arc::clone(live.inbox()));
        let mut turns = pin!(journaled.drive());
        let at_end = poll_fn(|cx| {
            let polled = turns.as_mut().poll(cx);
            live.wake_readers();
            polled
        });
        let journal = at_end.await?;
        drop(admitted);
        Ok(journal.into_head())
    }

    /// Gives up the lease of a suspended run. Returns `None` and keeps it if a command has arrived.
    async fn suspend(
        &self,
        lease: &mut DriveLease,
        head: &RunHead,
    ) -> Result<Option<DriveEnd>, DriveError> {
        let run = lease.live.id();
        let is_idle = match &self.shared.placement {
            Placement::Here(timers) => {
                // Before the lease is released: another task may set a newer alarm after that.
                match head.wake_at {
                    Some(time) => timers.set(run, time, self.shared.clock().now()),
                    None => timers.clear(run),
                }
                // One that is due at once may have fired while the lease was held, and woken nobody.
                lease.try_release(|| head.wake_at.is_some() && !timers.is_set(run))
            }
            Placement::Fleet(_) if lease.live.inbox().is_interrupted() => {
                return Err(DriveError::ShuttingDown);
            }
            Placement::Fleet(fleet) => fleet.settle_commands(&lease.live).await?,
        };
        Ok(is_idle.then_some(DriveEnd::Suspended(head.wake_at)))
    }

    /// Records why a run cannot be loaded after event number `at`, unless it may be loaded later.
    async fn cannot_drive(
        &self,
        lease: &mut DriveLease,
        at: Option<u64>,
        error: ReplayError,
    ) -> Result<DriveStart<'_>, DriveError> {
        let run = lease.live.id();
        let problem = match error {
            ReplayError::Unavailable => {
                return Err(DriveError::Store("the run cannot be read".to_owned()));
            }
            ReplayError::Stopped(problem) => problem,
        };
        if let Some(fleet) = self.shared.placement.fleet() {
            if problem.code == NEWER_LOG {
                // During an upgrade, a program of the old version may be given a run of the new one.
                return Err(DriveError::NewerLog);
            }
            let at = at.unwrap_or_else(|| lease.live.last_seq());
            fleet.coordinator().block(run, at, &problem).await?;
            log_stopped(run, &problem);
        } else {
            self.shared.runs.stop(run, *problem);
        }
        lease.ended = true;
        Ok(DriveStart::End(DriveEnd::Ended))
    }

    /// Sets an alarm to drive a run that could not be stored, read or driven now. In a fleet, the dispatcher does that.
    pub(super) fn retry_later(&self, run: RunId) {
        if let Some(timers) = self.shared.placement.timers() {
            let now = self.shared.clock().now();
            timers.set(run, now.after(RETRY_DELAY), now);
        }
    }
}

/// The result of admitting a run.
enum DriveStart<'a> {
    Execute(Box<AdmittedRun<'a>>),
    /// There is nothing to execute.
    End(DriveEnd),
}

/// The exclusive right to drive a run, held by one task.
///
/// When it is dropped without [`try_release`](Self::try_release), because the run ended, was fenced off or its task was
/// aborted or panicked, the readers of the run end. In a fleet they end only with the run, since another engine may
/// continue it.
pub(super) struct DriveLease {
    drives: Drives,
    live: Arc<LiveRun>,
    /// The run is suspended: its readers stay.
    released: bool,
    /// The run has ended or cannot continue: nothing will be published any more.
    ended: bool,
}

impl DriveLease {
    /// Takes the lease of a run; `None` if another task holds it.
    pub(super) fn claim(drives: &Drives, live: &Arc<LiveRun>) -> Option<Self> {
        live.claim().then(|| Self {
            drives: drives.clone(),
            live: Arc::clone(live),
            released: false,
            ended: false,
        })
    }

    /// Whether a run with this head must be driven: it is not suspended, its time has come, or it has a command.
    fn has_something_to_do(&self, head: &RunHead, time: Option<Timestamp>) -> bool {
        let is_due = time.is_some_and(|time| head.is_due(time));
        head.status != RunStatus::Waiting || is_due || self.live.inbox().has_pending_requests()
    }

    /// Releases the lease of a suspended run. Returns `false` and keeps it if a command has arrived, or its alarm `has_fired`.
    ///
    /// Both are checked after the release. A sender puts its command in, and an alarm is removed, before the run is claimed: so either
    /// this check or that claim sees it.
    fn try_release(&mut self, has_fired: impl FnOnce() -> bool) -> bool {
        self.live.release();
        let is_wanted = self.live.inbox().has_pending_requests() || has_fired();
        self.released = !(is_wanted && self.live.claim());
        self.released
    }
}

impl Drop for DriveLease {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // A panic of the engine or its observer: those of nodes are caught by the executor.
            self.drives.retry_later(self.live.id());
        }
        let Shared {
            runs, placement, ..
        } = &*self.drives.shared;
        if placement.fleet().is_some() {
            self.live.hand_over();
            self.released = !self.ended;
            if !self.ended && Arc::strong_count(&self.live) > 1 {
                // The run continues elsewhere, and readers that came during the drive have to follow it. One that comes
                // after `hand_over` does so by itself.
                self.drives.follow(&self.live);
            }
        }
        runs.remove(&self.live, !self.released);
        if !self.released {
            self.live.close();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LocalEngine, Registry};

    #[tokio::test(start_paused = true)]
    async fn an_alarm_that_fires_before_the_lease_is_released_is_not_lost() {
        let engine = LocalEngine::builder(Registry::default()).build();
        let drives = &engine.drives;
        let timers = drives.shared.placement.timers().unwrap();
        let (run, now) = (RunId::new(), drives.shared.clock().now());
        let live = drives.shared.runs.live(run);
        let mut lease = DriveLease::claim(drives, &live).unwrap();
        timers.set(run, now, now);
        let alarm = timers.next().await;
        drives.wake(alarm.run, Some(alarm.time));
        assert!(!lease.try_release(|| !timers.is_set(run)), "it is kept");

        timers.set(run, now.after(RETRY_DELAY), now);
        assert!(lease.try_release(|| !timers.is_set(run)));
        assert!(DriveLease::claim(drives, &live).is_some());
    }
}
