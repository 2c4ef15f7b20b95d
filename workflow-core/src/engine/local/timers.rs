//! Wakes suspended runs when their time has come.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Mutex,
};

use tokio::{
    sync::Notify,
    time::{Instant, timeout_at},
};

use crate::{id::RunId, sync::lock, time::Timestamp};

/// When to wake which run; at most one alarm a run.
#[derive(Default)]
pub(super) struct Timers {
    alarms: Mutex<Alarms>,
    changed: Notify,
}

#[derive(Default)]
struct Alarms {
    queue: BTreeSet<Alarm>,
    by_run: HashMap<RunId, Alarm>,
}

impl Alarms {
    fn remove(&mut self, run: RunId) -> Option<Alarm> {
        let alarm = self.by_run.remove(&run)?;
        self.queue.remove(&alarm);
        Some(alarm)
    }
}

/// A time to wake a run at: by the monotonic clock, and by that of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Alarm {
    at: Instant,
    pub(super) run: RunId,
    pub(super) time: Timestamp,
}

impl Timers {
    /// Sets a run's alarm, instead of the one it had. `now` is the run's time.
    pub(super) fn set(&self, run: RunId, time: Timestamp, now: Timestamp) {
        let at = Instant::now() + time.since(now);
        let alarm = Alarm { at, run, time };
        let mut alarms = lock(&self.alarms);
        alarms.remove(run);
        alarms.queue.insert(alarm);
        alarms.by_run.insert(run, alarm);
        drop(alarms);
        self.changed.notify_one();
    }

    /// Takes a run's alarm back.
    pub(super) fn clear(&self, run: RunId) {
        lock(&self.alarms).remove(run);
    }

    /// Waits for the next alarm.
    pub(super) async fn next(&self) -> Alarm {
        loop {
            let first = lock(&self.alarms).queue.first().copied();
            let Some(alarm) = first else {
                self.changed.notified().await;
                continue;
            };
            if alarm.at > Instant::now()
                && timeout_at(alarm.at, self.changed.notified()).await.is_ok()
            {
                continue;
            }
            let mut alarms = lock(&self.alarms);
            if alarms.by_run.get(&alarm.run) == Some(&alarm) {
                alarms.remove(alarm.run);
                return alarm;
            }
        }
    }
}
