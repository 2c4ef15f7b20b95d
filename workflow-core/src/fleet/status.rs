//! Figures of one engine of a fleet.

use crate::value::{InstanceId, Timestamp};

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
    /// When the dispatcher last took a run.
    pub dispatched_at: Option<Timestamp>,
    /// How often the dispatcher did not take a run, since the start.
    pub dispatch_failures: u64,
    /// How often notifications were lost, since the start.
    pub notifications_lost: u64,
}
