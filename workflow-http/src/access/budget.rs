//! A rate limit: requests per minute.
//!
//! Times are those of tokio's clock, so that tests can advance it.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

const MINUTE: Duration = Duration::from_secs(60);

/// A token bucket that holds the requests of a minute and refills evenly.
///
/// Its state is one point in time: when it will be full. Taking a request moves that point by `MINUTE / requests`;
/// the bucket is empty if the point is more than a minute away. So no timer refills it.
///
/// With 60 requests a minute, for example, each request moves the point by a second. After 60 requests at once, the
/// point is a minute away, and one request becomes available with each further second. (This is the generic cell
/// rate algorithm.)
pub(crate) struct Budget {
    requests: u32,
    /// When the bucket is full again.
    full_at: Mutex<Instant>,
}

impl Budget {
    /// A full bucket. 0 counts as 1: `MINUTE / 0` would panic.
    pub(crate) fn per_minute(requests: u32) -> Self {
        Self {
            requests: requests.max(1),
            full_at: Mutex::new(Instant::now()),
        }
    }

    /// The number of requests per minute.
    pub(crate) fn requests(&self) -> u32 {
        self.requests
    }

    /// The time until a request is available; `None` if one is available now. Takes nothing. It computes the same
    /// as [`take`](Self::take): change both together.
    pub(crate) fn wait(&self) -> Option<Duration> {
        let now = Instant::now();
        let full = *self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        let next = full.max(now) + MINUTE / self.requests;
        (next - now)
            .checked_sub(MINUTE)
            .filter(|wait| !wait.is_zero())
    }

    /// Whether the bucket is full, so that a new one would be the same. Its owner can then drop it without a loss.
    pub(crate) fn is_full(&self) -> bool {
        *self.full_at.lock().unwrap_or_else(PoisonError::into_inner) <= Instant::now()
    }

    /// Takes a request.
    ///
    /// # Errors
    /// The time until a request is available.
    pub(crate) fn take(&self) -> Result<(), Duration> {
        let now = Instant::now();
        let mut full = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        // A point in the past means that the bucket is full. The time since then earns nothing; otherwise an idle
        // client could send more than a minute's requests at once.
        let next = (*full).max(now) + MINUTE / self.requests;
        match (next - now).checked_sub(MINUTE) {
            None | Some(Duration::ZERO) => {
                *full = next;
                Ok(())
            }
            Some(wait) => Err(wait),
        }
    }
}
