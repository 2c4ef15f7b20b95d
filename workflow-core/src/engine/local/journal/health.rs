//! The health of the store, for readiness checks.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::time::{Instant, timeout};

use crate::store::{Store, StoreError};

/// How long the result of a check is reused. Together with [`PING_TIMEOUT`], a failing store is detected within 1 s.
const VALID_FOR: Duration = Duration::from_millis(500);

/// Time-out of a check.
const PING_TIMEOUT: Duration = Duration::from_millis(500);

/// Combines two signals: runs that fail to append, and a rate-limited ping.
#[derive(Default)]
pub(in crate::engine::local) struct Health {
    /// Number of runs that cannot append their events now.
    failing: AtomicUsize,
    /// Held during a ping, so that concurrent callers share one.
    checked: tokio::sync::Mutex<Option<Checked>>,
}

#[derive(Clone, Copy)]
struct Checked {
    at: Instant,
    is_healthy: bool,
}

/// Counts a run as one that cannot append its events, until it is dropped.
pub(in crate::engine::local) struct Failing(Arc<Health>);

impl Drop for Failing {
    fn drop(&mut self) {
        self.0.failing.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Health {
    pub(in crate::engine::local) fn failing(self: &Arc<Self>) -> Failing {
        self.failing.fetch_add(1, Ordering::AcqRel);
        Failing(Arc::clone(self))
    }

    /// Checks whether the store can be written. It fails at once while runs cannot append; otherwise it pings the store,
    /// at most twice a second however often it is called.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], or the error of the ping.
    pub(in crate::engine::local) async fn check(
        &self,
        store: &dyn Store,
    ) -> Result<(), StoreError> {
        let failing = self.failing.load(Ordering::Acquire);
        if failing > 0 {
            return Err(unavailable(format!(
                "{failing} runs cannot append their events"
            )));
        }
        let mut checked = self.checked.lock().await;
        match *checked {
            Some(last) if last.at.elapsed() < VALID_FOR => {
                let failed =
                    || unavailable("the last check failed less than a second ago".to_owned());
                last.is_healthy.then_some(()).ok_or_else(failed)
            }
            _ => {
                let result = timeout(PING_TIMEOUT, store.ping())
                    .await
                    .unwrap_or_else(|_| {
                        Err(unavailable(format!("no answer within {PING_TIMEOUT:?}")))
                    });
                let (at, is_healthy) = (Instant::now(), result.is_ok());
                *checked = Some(Checked { at, is_healthy });
                result
            }
        }
    }
}

fn unavailable(why: String) -> StoreError {
    StoreError::Unavailable(why.into())
}
