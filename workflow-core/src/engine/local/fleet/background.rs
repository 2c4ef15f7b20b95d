//! What an engine of a fleet does besides driving runs.

use std::{collections::HashMap, pin::pin, sync::atomic::Ordering, time::Duration};

use futures::{
    StreamExt,
    future::{join, join3, select},
};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use super::Fleet;
use crate::{
    engine::local::drive::Drives,
    fleet::Notification,
    record::{RunQuery, RunRecord, RunStatus},
    store::StoreError,
    value::lock,
};

/// How often followed runs are looked at in the store, since notifications may be lost.
const POLL_EVERY: Duration = Duration::from_secs(2);

/// The shortest time between two polls. Notifications that are lost have followed runs polled at once, and polling sends
/// notifications, which may be lost too.
const POLL_PAUSE: Duration = Duration::from_millis(200);

/// How often the engine registers as alive. The registration is valid for three times as long.
const REGISTER_EVERY: Duration = Duration::from_secs(5);

/// How often the dispatcher is tried.
const PING_EVERY: Duration = Duration::from_secs(5);

/// How often the oldest engine looks for runs that nobody drives.
const SWEEP_EVERY: Duration = Duration::from_secs(30);

/// After how long without an event a run may be driven by nobody. It may also have a long step: then its drive is requested
/// in vain.
const ABANDONED_AFTER: Duration = Duration::from_secs(60);

/// How much later than planned a sweep may be.
const SWEEP_SLACK: Duration = Duration::from_secs(5);

/// The most runs with commands that are looked at.
const MAX_COMMANDED: usize = 1_000;

/// How often an engine that shuts down looks whether its drives have ended.
const DRAIN_CHECK: Duration = Duration::from_millis(50);

/// Pause before notifications are subscribed to again, after their stream has ended.
const SUBSCRIBE_AGAIN: Duration = Duration::from_secs(1);

impl Drives {
    /// Works until the engine is closed.
    pub(in crate::engine::local) async fn run_in_background(self) {
        let Some(fleet) = self.shared.placement.fleet() else {
            return;
        };
        let work = join(
            join3(
                self.receive(fleet),
                self.poll(fleet),
                self.take_commands(fleet),
            ),
            join3(
                fleet.dispatches.send_all(),
                self.supervise(fleet),
                ping(fleet),
            ),
        );
        // Drives go on while the engine shuts down: until they have ended, it takes commands and registers as alive.
        let drained = async {
            self.shared.tasks.closing().cancelled().await;
            while fleet.drives.count() > 0 {
                sleep(DRAIN_CHECK).await;
            }
        };
        select(pin!(work), pin!(drained)).await;
    }

    /// Receives notifications.
    async fn receive(&self, fleet: &Fleet) {
        loop {
            let mut notifications = pin!(fleet.coordinator.subscribe(fleet.instance));
            while let Some(notification) = notifications.next().await {
                self.process(fleet, notification);
            }
            sleep(SUBSCRIBE_AGAIN).await;
        }
    }

    fn process(&self, fleet: &Fleet, notification: Notification) {
        match notification {
            Notification::Appended { run, last_seq } => fleet.follows.note_length(run, last_seq),
            Notification::Text { to, text } if to == fleet.instance => {
                fleet.follows.note_text(text);
            }
            Notification::Followed { run, by, restart } if by != fleet.instance => {
                fleet.followers.note(run, by, restart);
                if fleet.drives.contains(run)
                    && let Some(live) = self.shared.runs.find_live(run)
                {
                    // What was appended before this engine knew of the follower.
                    fleet.appended(run, live.last_seq());
                    self.relay_to_followers(&live);
                }
            }
            Notification::Text { .. } | Notification::Followed { .. } => {}
            Notification::CommandQueued { run } => fleet.note_command(run),
            Notification::Lagged => {
                fleet.notifications_lost.fetch_add(1, Ordering::Relaxed);
                fleet.poll_now.notify_one();
            }
        }
    }

    /// Reads the commands of runs that are driven here, one run after the other: notifications do not wait for the store.
    async fn take_commands(&self, fleet: &Fleet) {
        loop {
            let Some(run) = fleet.next_commanded() else {
                fleet.commanded_added.notified().await;
                continue;
            };
            if let Some(live) = self.shared.runs.find_live(run)
                && let Err(error) = fleet.take_commands(&live).await
            {
                tracing::warn!(%run, %error, "commands of a run cannot be read; they are read at its next drive");
            }
        }
    }

    /// Looks at followed runs, so that lost notifications delay their readers by a few seconds only.
    async fn poll(&self, fleet: &Fleet) {
        loop {
            let _ = timeout(POLL_EVERY, fleet.poll_now.notified()).await;
            fleet.followers.forget_expired();
            if let Err(error) = find_commands(fleet).await {
                tracing::warn!(%error, "commands of runs cannot be polled");
            }
            fleet.follows.tick();
            let runs = fleet.follows.runs();
            if runs.is_empty() {
                continue;
            }
            for run in &runs {
                fleet.announce(*run, false);
            }
            match fleet.coordinator.lengths(&runs).await {
                Ok(lengths) => {
                    let lengths: HashMap<_, _> = lengths.into_iter().collect();
                    for run in runs {
                        match lengths.get(&run) {
                            Some(last_seq) => fleet.follows.note_length(run, *last_seq),
                            None => fleet.follows.note_deleted(run),
                        }
                    }
                }
                Err(error) => tracing::warn!(%error, "followed runs cannot be polled"),
            }
            sleep(POLL_PAUSE).await;
        }
    }

    /// Registers this engine, counts queued runs, and does what only the oldest engine does.
    async fn supervise(&self, fleet: &Fleet) {
        let mut ticks = interval(REGISTER_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let ticks_per_sweep = SWEEP_EVERY.as_secs() / REGISTER_EVERY.as_secs();
        let mut tick = 0;
        loop {
            ticks.tick().await;
            let registered = fleet.register().await;
            let counted = self.count_queued(fleet).await;
            if let Err(error) = registered.map(drop).and(counted) {
                tracing::warn!(%error, "the fleet cannot be reached");
                continue;
            }
            tick += 1;
            if tick % ticks_per_sweep == 0
                && lock(&fleet.membership).is_oldest
                && let Err(error) = self.sweep(fleet).await
            {
                tracing::warn!(%error, "unfinished runs cannot be read");
            }
        }
    }

    async fn count_queued(&self, fleet: &Fleet) -> Result<(), StoreError> {
        if !fleet.is_queue_used.swap(false, Ordering::Relaxed) {
            return Ok(());
        }
        let counts = self.shared.store.count_runs(&RunQuery::default()).await?;
        let queued = usize::try_from(counts.queued).unwrap_or(usize::MAX);
        fleet.queued.store(queued, Ordering::Relaxed);
        Ok(())
    }

    /// Dispatches the runs that seem to be driven by nobody: those that are due, and those that are not suspended but have
    /// no event for a while. If one is driven after all, its second drive waits for the first and finds nothing to do.
    ///
    /// It repairs everything that the dispatcher can lose: its data, and requests of engines that died before making them.
    async fn sweep(&self, fleet: &Fleet) -> Result<(), StoreError> {
        let now = self.shared.clock().now();
        let sweep = |run: &RunRecord| {
            let since = match run.head.wake_at {
                // Due for so long, and one period more, so that the first sweep dispatches it.
                Some(at) if run.head.is_due(now) => Some(now.since(at) + ABANDONED_AFTER),
                _ if run.head.status == RunStatus::Waiting => None,
                _ => Some(now.since(run.head.updated_at)),
            };
            if since.is_some_and(is_sweep_due) {
                self.dispatch(run.id);
            }
        };
        self.each_unfinished(sweep).await?;
        self.dispatch_commanded(fleet).await
    }

    /// Dispatches the runs with commands. One that was sent may have been dispatched by an engine that died before.
    pub(in crate::engine::local) async fn dispatch_commanded(
        &self,
        fleet: &Fleet,
    ) -> Result<(), StoreError> {
        for run in fleet.coordinator.runs_with_commands(MAX_COMMANDED).await? {
            self.dispatch(run);
        }
        Ok(())
    }
}

/// Finds commands of runs that are driven here, whose notifications were lost.
async fn find_commands(fleet: &Fleet) -> Result<(), StoreError> {
    if fleet.drives.count() > 0 {
        for run in fleet.coordinator.runs_with_commands(MAX_COMMANDED).await? {
            fleet.note_command(run);
        }
    }
    Ok(())
}

/// Whether a sweep dispatches a run that has done nothing for this long: after one period, two, four and so on. A run with
/// a long step is driven nevertheless, and the requests for it pile up until its drive ends.
fn is_sweep_due(silence: Duration) -> bool {
    let periods = silence.as_secs() / ABANDONED_AFTER.as_secs();
    let Some(power) = periods.checked_ilog2() else {
        return false;
    };
    let since_power = silence.saturating_sub(ABANDONED_AFTER.saturating_mul(1 << power.min(20)));
    since_power < SWEEP_EVERY + SWEEP_SLACK
}

/// Tries the dispatcher, so that it is known to be away before a run waits for it.
async fn ping(fleet: &Fleet) {
    loop {
        fleet.dispatches.ping().await;
        sleep(PING_EVERY).await;
    }
}
