//! The clock of a run.

use tokio::time::Instant;

use crate::value::Timestamp;

/// Reads the wall clock once and advances it by tokio's monotonic clock. So it never goes back within a run, and is virtual
/// in tests that pause tokio's time.
///
/// Events of a run therefore have times in order, also if the wall clock is set back while it runs. A run that is
/// resumed reads the wall clock anew, but not behind its last event.
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

    /// Advances the clock to this time if it is behind. Used with the time of the last event of a resumed run, or with the
    /// time of the alarm that woke it.
    pub(crate) fn not_before(mut self, time: Timestamp) -> Self {
        let behind = time.since(self.now());
        self.wall = self.wall.after(behind);
        self
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.wall.after(self.started.elapsed())
    }
}
