//! Metrics of an engine among several.

use std::sync::atomic::Ordering;

use prometheus_client::{
    metrics::{counter::Counter, gauge::Gauge},
    registry::Registry,
};
use workflow_core::fleet::FleetStatus;

#[derive(Default)]
pub(super) struct Fleet {
    instances: Gauge,
    driving: Gauge,
    following: Gauge,
    undispatched: Gauge,
    failures: Counter,
    lost: Counter,
}

impl Fleet {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let fleet = Self::default();
        let gauges = [
            (
                "fleet_instances",
                "Instances that are alive, with this one",
                &fleet.instances,
            ),
            (
                "driving_runs",
                "Runs that this instance drives",
                &fleet.driving,
            ),
            (
                "following_runs",
                "Runs of other instances that have readers here",
                &fleet.following,
            ),
            (
                "undispatched_runs",
                "Runs that the dispatcher has not taken yet",
                &fleet.undispatched,
            ),
        ];
        for (name, help, gauge) in gauges {
            registry.register(name, help, gauge.clone());
        }
        let help = "Requests that the dispatcher did not take";
        registry.register("dispatch_failures", help, fleet.failures.clone());
        let help = "How often notifications of other instances were lost";
        registry.register("notifications_lost", help, fleet.lost.clone());
        fleet
    }

    /// Takes over the figures of the engine.
    pub(super) fn set(&self, status: &FleetStatus) {
        let gauges = [
            (&self.instances, status.instances),
            (&self.driving, status.driving),
            (&self.following, status.following),
            (&self.undispatched, status.undispatched),
        ];
        for (gauge, value) in gauges {
            gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        }
        // The engine counts since its start, as a counter must.
        self.failures
            .inner()
            .store(status.dispatch_failures, Ordering::Relaxed);
        self.lost
            .inner()
            .store(status.notifications_lost, Ordering::Relaxed);
    }
}
