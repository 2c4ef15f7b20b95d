//! Wakes suspended runs when their time has come.

use std::{collections::BTreeSet, sync::Mutex};

use tokio::{
    sync::Notify,
    time::{Instant, sleep_until, timeout_at},
};

use crate::{id::RunId, sync::lock, time::Timestamp};

/// When to wake which run.
#[derive(Default)]
pub(super) struct Timers {
    queue: Mutex<BTreeSet<Alarm>>,
    changed: Notify,
}

/// A time to wake a run at: by the monotonic clock, and by that of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Alarm {
    at: Instant,
    pub(super) run: RunId,
    pub(super) time: Timestamp,
}

impl Timers {
    /// Sets a run's alarm. One that was set before stays: it finds that there is nothing to do.
    pub(super) fn set(&self, run: RunId, time: Timestamp, now: Timestamp) {
        let at = Instant::now() + time.since(now);
        lock(&self.queue).insert(Alarm { at, run, time });
        self.changed.notify_one();
    }

    /// Waits for the next alarm.
    pub(super) async fn next(&self) -> Alarm {
        loop {
            let first = lock(&self.queue).first().copied();
            let Some(alarm) = first else {
                self.changed.notified().await;
                continue;
            };
            if alarm.at > Instant::now()
                && timeout_at(alarm.at, self.changed.notified()).await.is_ok()
            {
                continue;
            }
            sleep_until(alarm.at).await;
            if lock(&self.queue).remove(&alarm) {
                return alarm;
            }
        }
    }
}
