//! Numbers of runs by status.

use std::ops::AddAssign;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::RunStatus;

/// The number of runs of each status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct RunCounts {
    /// Runs that wait for admission.
    pub queued: u64,
    /// Runs that are executed.
    pub running: u64,
    /// Runs that are suspended until a person answers or a time comes.
    pub waiting: u64,
    /// Runs that completed.
    pub completed: u64,
    /// Runs that failed.
    pub failed: u64,
    /// Runs that were cancelled.
    pub cancelled: u64,
    /// Whether there may be more runs than these: with a text, a store may stop after some thousand of the newest runs that have all
    /// parts of it. Few of them, even none, may contain the text itself. Absent otherwise.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub at_least: bool,
}

impl RunCounts {
    /// The number of runs of a status.
    pub fn of(mut self, status: RunStatus) -> u64 {
        *self.count_mut(status)
    }

    /// Adds a number of runs of a status.
    pub fn add(&mut self, status: RunStatus, runs: u64) {
        *self.count_mut(status) += runs;
    }

    fn count_mut(&mut self, status: RunStatus) -> &mut u64 {
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

impl AddAssign for RunCounts {
    fn add_assign(&mut self, other: Self) {
        for status in RunStatus::ALL {
            self.add(status, other.of(status));
        }
        self.at_least = self.at_least || other.at_least;
    }
}
