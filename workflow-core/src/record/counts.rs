//! How many runs there are.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::RunStatus;

/// How many runs are doing what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct RunCounts {
    /// They wait for their turn.
    pub queued: u64,
    /// They work.
    pub running: u64,
    /// They wait for a person or a timer.
    pub waiting: u64,
    /// They are done.
    pub completed: u64,
    /// They failed.
    pub failed: u64,
    /// They were cancelled.
    pub cancelled: u64,
}

impl RunCounts {
    /// How many there are of a status.
    pub fn of(mut self, status: RunStatus) -> u64 {
        *self.place(status)
    }

    /// Counts so many more runs of a status.
    pub fn add(&mut self, status: RunStatus, runs: u64) {
        *self.place(status) += runs;
    }

    fn place(&mut self, status: RunStatus) -> &mut u64 {
        match status {
            RunStatus::Queued => &mut self.queued,
            RunStatus::Running => &mut self.running,
            RunStatus::Waiting => &mut self.waiting,
            RunStatus::Completed => &mut self.completed,
            RunStatus::Failed => &mut self.failed,
            RunStatus::Cancelled => &mut self.cancelled,
        }
    }
}
