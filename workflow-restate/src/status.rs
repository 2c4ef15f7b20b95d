//! Whether Restate can be reached.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};

/// How long a success counts.
const VALID_FOR: Duration = Duration::from_secs(10);

/// When Restate was last reached, for a readiness probe: shared by a [`RestateDispatcher`](crate::RestateDispatcher) and
/// a [`Registration`](crate::Registration). Clones are the same value.
///
/// Without new runs nothing is sent for a while; so a probe calls
/// [`RestateDispatcher::ping`](crate::RestateDispatcher::ping), which asks Restate when the value is old.
#[derive(Clone, Debug, Default)]
pub struct RestateStatus(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    reached: Mutex<Option<Instant>>,
    unregistered: Notify,
}

impl RestateStatus {
    /// Restate was not reached yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether a request to Restate has succeeded in the last 10 seconds.
    pub fn is_reachable(&self) -> bool {
        self.since_reached().is_some_and(|time| time <= VALID_FOR)
    }

    /// How long ago the last request to Restate has succeeded.
    pub fn since_reached(&self) -> Option<Duration> {
        let reached = self
            .0
            .reached
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        reached.map(|at| at.elapsed())
    }

    pub(crate) fn record_success(&self) {
        let mut reached = self
            .0
            .reached
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *reached = Some(Instant::now());
    }

    /// Restate does not know the workers: it is new, or has lost its data.
    pub(crate) fn request_registration(&self) {
        self.0.unregistered.notify_one();
    }

    /// Completes when a registration was requested since the last call.
    pub(crate) async fn registration_requested(&self) {
        self.0.unregistered.notified().await;
    }
}
