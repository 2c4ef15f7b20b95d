//! How many requests there may be in a minute.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

const MINUTE: Duration = Duration::from_secs(60);

/// A token bucket: it holds the requests of a minute, and fills up evenly.
pub(crate) struct Budget {
    requests: u32,
    /// When it is full again.
    full: Mutex<Instant>,
}

impl Budget {
    pub(crate) fn per_minute(requests: u32) -> Self {
        Self {
            requests: requests.max(1),
            full: Mutex::new(Instant::now()),
        }
    }

    /// The requests of a minute.
    pub(crate) fn requests(&self) -> u32 {
        self.requests
    }

    /// How long it takes until there is a request in it; none if there is one.
    pub(crate) fn wait(&self) -> Option<Duration> {
        let now = Instant::now();
        let full = *self.full.lock().unwrap_or_else(PoisonError::into_inner);
        let next = full.max(now) + MINUTE / self.requests;
        (next - now)
            .checked_sub(MINUTE)
            .filter(|wait| !wait.is_zero())
    }

    /// Whether nothing was taken out of it for a while.
    pub(crate) fn is_full(&self) -> bool {
        *self.full.lock().unwrap_or_else(PoisonError::into_inner) <= Instant::now()
    }

    /// Takes a request out, or says how long it takes until there is one.
    pub(crate) fn take(&self) -> Result<(), Duration> {
        let now = Instant::now();
        let mut full = self.full.lock().unwrap_or_else(PoisonError::into_inner);
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
