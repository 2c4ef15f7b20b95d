//! Figures of one engine of a fleet.

use std::time::Duration;

use crate::value::{InstanceId, Timestamp};

/// How long a reached dispatcher counts as reachable: two tries of an engine.
const REACHED_FOR: Duration = Duration::from_secs(10);

/// What an engine knows of its fleet, for metrics and readiness probes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FleetStatus {
    /// This engine.
    pub instance: InstanceId,
    /// How many engines are alive, with this one.
    pub instances: usize,
    /// Runs that this engine drives.
    pub driving: usize,
    /// Runs that readers of this engine follow while another engine drives them.
    pub following: usize,
    /// Runs that the dispatcher has not taken yet.
    pub undispatched: usize,
    /// When the dispatcher was last reached. Engines try it every 5 s.
    pub dispatcher_reached_at: Option<Timestamp>,
    /// How often the dispatcher did not take a run, since the start.
    pub dispatch_failures: u64,
    /// How often notifications were lost, since the start.
    pub notifications_lost: u64,
}

impl FleetStatus {
    /// Whether the dispatcher was reached in the last 10 s before `now`. If not, new runs wait, and runs of engines that die
    /// are not continued.
    pub fn is_dispatcher_reachable(&self, now: Timestamp) -> bool {
        self.dispatcher_reached_at
            .is_some_and(|at| now.since(at) <= REACHED_FOR)
    }
}
