//! Alarms of suspended runs.
//!
//! One task waits for the earliest alarm, instead of one tokio timer per run: suspended runs may be many, for days.

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

/// How often alarms are compared with the wall clock. The monotonic clock may stop while the machine sleeps, so an alarm
/// may be overdue by the wall clock only.
const WALL_CLOCK_CHECK: Duration = Duration::from_secs(60);

/// The alarms of suspended runs, at most one per run.
#[derive(Default)]
pub(in crate::engine::local) struct Timers {
    alarms: Mutex<Alarms>,
    changed: Notify,
}

/// Two views of the same alarms; both always hold the same entries.
#[derive(Default)]
struct Alarms {
    /// Earliest first.
    queue: BTreeSet<Alarm>,
    by_run: HashMap<RunId, Alarm>,
}

impl Alarms {
    fn remove(&mut self, run: RunId) -> Option<Alarm> {
        let alarm = self.by_run.remove(&run)?;
        self.queue.remove(&alarm);
        Some(alarm)
    }

    /// Removes the earliest alarm that is due by the monotonic clock, else any that is due by the wall clock.
    fn take_due(&mut self) -> Option<Alarm> {
        let (at, time) = (Instant::now(), Timestamp::now());
        let first = self.queue.first().filter(|first| first.at <= at);
        let due = first.or_else(|| self.queue.iter().find(|alarm| alarm.time <= time))?;
        self.remove(due.run)
    }
}

/// When to wake a run, by the monotonic clock (`at`) and by the clock of the run (`time`). Ordered by `at`, its first field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::engine::local) struct Alarm {
    at: Instant,
    pub(in crate::engine::local) run: RunId,
    pub(in crate::engine::local) time: Timestamp,
}

impl Timers {
    /// Sets the alarm of a run, replacing an earlier one. `now` is the time of the run's clock.
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

    /// Removes the alarm of a run.
    pub(in crate::engine::local) fn clear(&self, run: RunId) {
        lock(&self.alarms).remove(run);
    }

    /// Whether a run has an alarm that has not fired.
    pub(in crate::engine::local) fn is_set(&self, run: RunId) -> bool {
        lock(&self.alarms).by_run.contains_key(&run)
    }

    /// Waits for the next alarm and removes it.
    ///
    /// # Cancellation
    /// No alarm is lost if the future is dropped.
    pub(in crate::engine::local) async fn next(&self) -> Alarm {
        loop {
            let first = lock(&self.alarms).queue.first().copied();
            let Some(first) = first else {
                self.changed.notified().await;
                continue;
            };
            let until = first.at.min(Instant::now() + WALL_CLOCK_CHECK);
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
    async fn a_time_that_passed_while_the_machine_slept_is_noticed_at_the_next_check() {
        let (timers, now) = (Timers::default(), Timestamp::now());
        timers.set(RunId::new(), now.after(10 * WALL_CLOCK_CHECK), now);
        let long_ago: Timestamp = serde_json::from_str("\"2020-02-02T20:20:20Z\"").unwrap();
        let overdue = RunId::new();
        timers.set(overdue, now, long_ago);
        let set = Instant::now();
        assert_eq!(timers.next().await.run, overdue);
        assert_eq!(set.elapsed(), WALL_CLOCK_CHECK);
    }
}
