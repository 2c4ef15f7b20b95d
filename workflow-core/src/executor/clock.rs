//! The time of a run.

use tokio::time::Instant;

use crate::value::Timestamp;

/// The wall clock, carried forward by the monotonic one: it never goes back within a run, and is
/// virtual where tokio's is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    wall: Timestamp,
    started: Instant,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self {
            wall: Timestamp::now(),
            started: Instant::now(),
        }
    }

    /// A clock that is not behind this time: that of the last event of a run that goes on, or the
    /// time that a timer was set to.
    pub(crate) fn not_before(mut self, time: Timestamp) -> Self {
        let behind = time.since(self.now());
        self.wall = self.wall.after(behind);
        self
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.wall.after(self.started.elapsed())
    }
}
