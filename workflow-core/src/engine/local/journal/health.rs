//! Whether the store does what it is asked.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::time::{Instant, timeout};

use crate::store::{Store, StoreError};

/// How long the result of a check counts. With [`PATIENCE`], a store that fails is known to fail within 1 s.
const COUNTS_FOR: Duration = Duration::from_millis(500);

/// How long a store may take for a check.
const PATIENCE: Duration = Duration::from_millis(500);

#[derive(Default)]
pub(in crate::engine::local) struct Health {
    /// How many runs cannot append their events.
    failing: AtomicUsize,
    checked: tokio::sync::Mutex<Option<Checked>>,
}

#[derive(Clone, Copy)]
struct Checked {
    at: Instant,
    is_well: bool,
}

/// A run that cannot append its events, as long as this is held.
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

    /// Finds out whether the store can be written: at once when runs wait for it in vain, else by a check,
    /// which is made twice a second at most, however often this is called.
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
            Some(last) if last.at.elapsed() < COUNTS_FOR => {
                let failed = || unavailable("it failed a moment ago".to_owned());
                last.is_well.then_some(()).ok_or_else(failed)
            }
            _ => {
                let result = timeout(PATIENCE, store.ping())
                    .await
                    .unwrap_or_else(|_| Err(unavailable(format!("no answer within {PATIENCE:?}"))));
                let (at, is_well) = (Instant::now(), result.is_ok());
                *checked = Some(Checked { at, is_well });
                result
            }
        }
    }
}

fn unavailable(why: String) -> StoreError {
    StoreError::Unavailable(why.into())
}
