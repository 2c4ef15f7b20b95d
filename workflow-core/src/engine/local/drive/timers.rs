//! Wakes suspended runs when their time has come.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Mutex,
    time::Duration,
};

use tokio::{
    sync::Notify,
    time::{Instant, timeout_at},
};

use crate::value::{RunId, Timestamp, lock};

/// How often the wall clock is asked: the monotonic one may stand still while the machine sleeps.
const LOOK: Duration = Duration::from_secs(60);

/// When to wake which run; at most one alarm a run.
#[derive(Default)]
pub(in crate::engine::local) struct Timers {
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

    /// The first that is due by the monotonic clock, else any that is by the wall clock.
    fn take_due(&mut self) -> Option<Alarm> {
        let (at, time) = (Instant::now(), Timestamp::now());
        let first = self.queue.first().filter(|first| first.at <= at);
        let due = first.or_else(|| self.queue.iter().find(|alarm| alarm.time <= time))?;
        self.remove(due.run)
    }
}

/// A time to wake a run at: by the monotonic clock, and by that of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::engine::local) struct Alarm {
    at: Instant,
    pub(in crate::engine::local) run: RunId,
    pub(in crate::engine::local) time: Timestamp,
}

impl Timers {
    /// Sets a run's alarm, instead of the one it had. `now` is the run's time.
    pub(in crate::engine::local) fn set(&self, run: RunId, time: Timestamp, now: Timestamp) {
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
    pub(in crate::engine::local) fn clear(&self, run: RunId) {
        lock(&self.alarms).remove(run);
    }

    /// Waits for the next alarm.
    pub(in crate::engine::local) async fn next(&self) -> Alarm {
        loop {
            let first = lock(&self.alarms).queue.first().copied();
            let Some(first) = first else {
                self.changed.notified().await;
                continue;
            };
            let until = first.at.min(Instant::now() + LOOK);
            if timeout_at(until, self.changed.notified()).await.is_ok() {
                continue;
            }
            if let Some(alarm) = lock(&self.alarms).take_due() {
                return alarm;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_was_slept_through_is_noticed_soon() {
        let (timers, now) = (Timers::default(), Timestamp::now());
        timers.set(RunId::new(), now.after(10 * LOOK), now);
        let long_ago: Timestamp = serde_json::from_str("\"2020-02-02T20:20:20Z\"").unwrap();
        let slept_through = RunId::new();
        timers.set(slept_through, now, long_ago);
        let set = Instant::now();
        assert_eq!(timers.next().await.run, slept_through);
        assert_eq!(set.elapsed(), LOOK);
    }
}
