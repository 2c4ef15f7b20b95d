//! Runs on their way to the dispatcher.

use std::{
    collections::BTreeSet,
    future::pending,
    pin::pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures::{
    StreamExt,
    future::{Either, select},
    stream::FuturesUnordered,
};
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

use crate::{
    fleet::{DispatchError, Dispatcher},
    value::{RunId, Timestamp, lock},
};

/// How many requests are made at the same time.
const CONCURRENT: usize = 32;

/// The most runs that wait for the dispatcher. Beyond that, the sweep finds a run in the store later.
const MAX_PENDING: usize = 100_000;

/// Back-off after the dispatcher did not take a run: it doubles from the minimum to the maximum.
const MIN_BACKOFF: Duration = Duration::from_millis(100);
const MAX_BACKOFF: Duration = Duration::from_secs(5);

/// Requests to the dispatcher, made by one task for all runs. So a dispatcher that cannot be reached costs a few bytes per
/// run, and one back-off instead of one per run.
pub(super) struct Dispatches {
    dispatcher: Arc<dyn Dispatcher>,
    pending: Mutex<BTreeSet<RunId>>,
    added: Notify,
    failures: AtomicU64,
    last_success: Mutex<Option<Timestamp>>,
}

impl Dispatches {
    pub(super) fn new(dispatcher: Arc<dyn Dispatcher>) -> Self {
        Self {
            dispatcher,
            pending: Mutex::default(),
            added: Notify::new(),
            failures: AtomicU64::new(0),
            last_success: Mutex::default(),
        }
    }

    /// Has a run dispatched as soon as possible.
    pub(super) fn request(&self, run: RunId) {
        let mut pending = lock(&self.pending);
        if pending.len() < MAX_PENDING {
            pending.insert(run);
        }
        drop(pending);
        self.added.notify_one();
    }

    pub(super) fn pending(&self) -> usize {
        lock(&self.pending).len()
    }

    pub(super) fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    pub(super) fn last_success(&self) -> Option<Timestamp> {
        *lock(&self.last_success)
    }

    /// Makes the requests, until it is dropped. After a failure it waits, then tries one run at a time until one is taken.
    pub(super) async fn send_all(&self) {
        let mut in_flight = FuturesUnordered::new();
        let mut backoff = MIN_BACKOFF;
        let mut retry_at = None;
        loop {
            let is_waiting = retry_at.is_some_and(|at| Instant::now() < at);
            let most = if retry_at.is_some() { 1 } else { CONCURRENT };
            while !is_waiting
                && in_flight.len() < most
                && let Some(run) = self.next()
            {
                in_flight.push(self.send(run));
            }
            let done = pin!(async {
                match in_flight.next().await {
                    Some(done) => done,
                    None => pending().await,
                }
            });
            let wait_until = retry_at.filter(|_| is_waiting);
            let woken = pin!(async move {
                match wait_until {
                    Some(at) => sleep_until(at).await,
                    None => self.added.notified().await,
                }
            });
            let Either::Left(((run, result), _)) = select(done, woken).await else {
                continue;
            };
            match result {
                Ok(()) => {
                    if retry_at.take().is_some() {
                        tracing::info!("the dispatcher takes runs again");
                    }
                    backoff = MIN_BACKOFF;
                    *lock(&self.last_success) = Some(Timestamp::now());
                }
                Err(error) => {
                    self.failures.fetch_add(1, Ordering::Relaxed);
                    self.request(run);
                    // Requests that were made at the same time fail for the same reason.
                    if retry_at.is_none_or(|at| at <= Instant::now()) {
                        let cause = std::error::Error::source(&error).map(ToString::to_string);
                        tracing::warn!(%run, cause, "{error}; next attempt in {backoff:?}");
                        retry_at = Some(Instant::now() + backoff);
                        backoff = (backoff * 2).min(MAX_BACKOFF);
                    }
                }
            }
        }
    }

    /// Finds out whether the dispatcher can be reached.
    pub(super) async fn ping(&self) {
        match self.dispatcher.ping().await {
            Ok(()) => *lock(&self.last_success) = Some(Timestamp::now()),
            Err(error) => tracing::debug!(%error, "the dispatcher cannot be reached"),
        }
    }

    fn next(&self) -> Option<RunId> {
        lock(&self.pending).pop_first()
    }

    async fn send(&self, run: RunId) -> (RunId, Result<(), DispatchError>) {
        (run, self.dispatcher.dispatch(run, None).await)
    }
}
