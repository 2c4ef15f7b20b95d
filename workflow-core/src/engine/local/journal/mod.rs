//! The journal of an engine: appends the events of a run to the store, then shows them to the observer and to readers.
//!
//! The order is the promise: what a reader has seen is in the log, and a restart cannot take it back.

pub(super) mod creation;
pub(super) mod health;
pub(super) mod live;
pub(super) mod logs;
pub(super) mod observed;
pub(super) mod reader;
pub(super) mod text;

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, timeout, timeout_at};

use self::{
    creation::{Answer, Creation},
    health::Health,
    live::LiveRun,
    observed::Observed,
};
use crate::engine::local::{admission::budget::Reservation, fleet::Fleet};
use crate::{
    event::{EventKind, StepEvent},
    executor::{Fenced, Journal},
    record::RunHead,
    store::{Append, Store, StoreError},
    value::Cost,
};

/// Back-off between attempts to append: it doubles from the minimum to the maximum.
const MIN_BACKOFF: Duration = Duration::from_millis(100);
const MAX_BACKOFF: Duration = Duration::from_secs(10);

/// The journal of one run that is driven.
pub(super) struct StoreJournal {
    store: Arc<dyn Store>,
    live: Arc<LiveRun>,
    /// The head of the record with all events applied, including those that are being appended.
    head: RunHead,
    /// Set until the run is stored.
    creation: Option<Box<Creation>>,
    observed: Option<Observed>,
    memory: Reservation,
    health: Arc<Health>,
    /// Set if other engines may drive the run.
    peers: Option<Peers>,
}

/// What a driver has to do because other engines may drive or follow its run.
struct Peers {
    fleet: Arc<Fleet>,
    /// When the store last confirmed that this engine owns the log.
    owned_at: Instant,
}

/// A process that was frozen (by `SIGSTOP`, a debugger, a paused virtual machine) begins the attempts that it had decided
/// on when it thaws, although another engine has continued the run. After this time, ownership is confirmed first.
const OWNERSHIP_VALID_FOR: Duration = Duration::from_secs(2);

/// How long the store may take to confirm ownership, before it is asked again.
const CONFIRM_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a driver with peers retries an append. Then it stops, so that an engine that reaches the store can drive the
/// run.
const GIVE_UP_AFTER: Duration = Duration::from_secs(60);

impl StoreJournal {
    pub(super) fn new(
        store: Arc<dyn Store>,
        live: Arc<LiveRun>,
        head: RunHead,
        observed: Option<Observed>,
        memory: Reservation,
        health: Arc<Health>,
    ) -> Self {
        Self {
            store,
            live,
            head,
            creation: None,
            observed,
            memory,
            health,
            peers: None,
        }
    }

    /// Sets that the run is not stored yet: its first commit does that.
    pub(super) fn with_creation(mut self, creation: Option<Box<Creation>>) -> Self {
        self.creation = creation;
        self
    }

    /// Sets the fleet of the engine. Then ownership of the log is confirmed after a pause, an append is not retried without
    /// limit, and engines that follow the run are notified.
    pub(super) fn with_fleet(mut self, fleet: Arc<Fleet>) -> Self {
        self.peers = Some(Peers {
            fleet,
            owned_at: Instant::now(),
        });
        self
    }

    /// Appends events. While the store is unavailable, it retries: the results may have been paid for, and nothing may
    /// depend on events that are not stored. Without limit if no other engine can drive the run, else up to
    /// [`GIVE_UP_AFTER`].
    ///
    /// # Errors
    /// [`Fenced`] if the store rejects the append: another engine has appended, or the run was deleted. Or if it was
    /// unavailable for too long.
    async fn append(&self, expected: u64, events: &[StepEvent]) -> Result<(), Fenced> {
        let run = self.live.id();
        let mut backoff = MIN_BACKOFF;
        let mut failing = None;
        let give_up_at = self.peers.as_ref().map(|_| Instant::now() + GIVE_UP_AFTER);
        loop {
            let append = self
                .store
                .append(run, Append::new(expected, events, &self.head));
            let appended = match give_up_at {
                // A database that vanished without a word does not even fail.
                Some(at) => timeout_at(at, append)
                    .await
                    .unwrap_or_else(|_| Err(no_answer())),
                None => append.await,
            };
            let Err(error) = appended else {
                return Ok(());
            };
            // An earlier append may have been written although it failed. Then this one conflicts with it.
            if failing.is_some() && self.is_written(expected, events).await {
                return Ok(());
            }
            let StoreError::Unavailable(cause) = error else {
                tracing::error!(%run, %error, "the store rejected an append, so this engine stops driving the run");
                return Err(Fenced);
            };
            failing.get_or_insert_with(|| self.health.failing());
            if give_up_at.is_some_and(|at| at <= Instant::now()) {
                tracing::error!(%run, %cause, "the store is unavailable, so this engine stops driving the run");
                return Err(Fenced);
            }
            tracing::warn!(%run, %cause, "an append failed; next attempt in {backoff:?}");
            tokio::time::sleep(backoff).await;
            backoff = (backoff * 2).min(MAX_BACKOFF);
        }
    }

    /// Stores the run with its first events.
    ///
    /// # Errors
    /// [`Fenced`] if it is not stored, or the store cannot say whether it is. The caller of `start` has the error then.
    async fn create(&self, creation: Creation, events: &[StepEvent]) -> Result<Answer, Fenced> {
        let (answer, stored) = creation.store(&*self.store, events, &self.head).await;
        match stored {
            Ok(()) => Ok(answer),
            // It may have been written although it failed. An attempt that is among the events has not begun: as a run that is loaded,
            // it would count as lost.
            Err(StoreError::Unavailable(_)) if self.is_written(0, events).await => Ok(answer),
            Err(error) => {
                answer.refuse(error);
                Err(Fenced)
            }
        }
    }

    /// Whether the log has exactly these events after number `expected`.
    async fn is_written(&self, expected: u64, events: &[StepEvent]) -> bool {
        let (mut after, mut left) = (expected, events);
        while !left.is_empty() {
            let Ok(written) = self.store.read(self.live.id(), after, left.len()).await else {
                return false;
            };
            if written.is_empty() || !left.starts_with(&written) {
                return false;
            }
            after += written.len() as u64;
            left = &left[written.len()..];
        }
        true
    }

    /// The head of the record after all events.
    pub(super) fn into_head(self) -> RunHead {
        self.head
    }
}

fn no_answer() -> StoreError {
    StoreError::Unavailable("no answer".into())
}

/// Logs how a run ended, and attempts that break the promise of a budget, for operators: ids, codes and costs only, since inputs and
/// outputs may be confidential.
fn log_for_operators(event: &StepEvent) {
    let run = event.run_id;
    let shown = |cost: Option<Cost>| cost.map(tracing::field::display);
    match &event.kind {
        EventKind::RunCompleted(it) => {
            let cost = shown(it.cost);
            tracing::info!(%run, duration_ms = it.duration_ms, cost, "a run completed");
        }
        EventKind::RunCancelled(it) => {
            tracing::info!(%run, cost = shown(it.cost), "a run was cancelled");
        }
        EventKind::RunFailed(it) => {
            let step = it.step.as_ref().map(|step| step.path().as_str());
            let (code, cost) = (&*it.error.code, shown(it.cost));
            tracing::warn!(%run, step, code, cost, "a run failed");
        }
        _ if event.report().is_some_and(|it| it.bound_exceeded) => {
            let step = event.step().map(|step| step.path().as_str());
            tracing::warn!(%run, step, "an attempt used more than the upper bound of its plan");
        }
        _ => {}
    }
}

impl Journal for StoreJournal {
    fn hold(&mut self, memory: usize) -> Result<(), usize> {
        self.memory.set(memory)
    }

    async fn commit(&mut self, events: &mut Vec<StepEvent>) -> Result<(), Fenced> {
        if events.is_empty() {
            return Ok(());
        }
        let expected = self.head.last_seq;
        for event in &*events {
            self.head.apply(event);
        }
        let mut created = None;
        if let Some(creation) = self.creation.take() {
            // Boxed: it happens once, and each commit would be as large.
            created = Some(Box::pin(self.create(*creation, events)).await?);
        } else {
            self.append(expected, events).await?;
        }
        if let Some(peers) = &mut self.peers {
            peers.owned_at = Instant::now();
            peers.fleet.appended(self.live.id(), self.head.last_seq);
        }
        if let Some(observed) = &self.observed {
            for event in &*events {
                observed.notify(event);
            }
        }
        for event in &*events {
            log_for_operators(event);
        }
        self.live.publish(events.drain(..));
        drop(created);
        // A run whose steps never suspend must still yield to other tasks.
        tokio::task::consume_budget().await;
        Ok(())
    }

    async fn confirm(&mut self) -> Result<(), Fenced> {
        let Some(peers) = &mut self.peers else {
            return Ok(());
        };
        if peers.owned_at.elapsed() <= OWNERSHIP_VALID_FOR {
            return Ok(());
        }
        let run = self.live.id();
        let mut backoff = MIN_BACKOFF;
        let give_up_at = Instant::now() + GIVE_UP_AFTER;
        loop {
            let record = timeout(CONFIRM_TIMEOUT, self.store.run(run)).await;
            match record.unwrap_or_else(|_| Err(no_answer())) {
                Ok(Some(record)) if record.head.last_seq == self.head.last_seq => {
                    peers.owned_at = Instant::now();
                    return Ok(());
                }
                Err(StoreError::Unavailable(_)) if Instant::now() < give_up_at => {}
                _ => {
                    tracing::warn!(%run, "another engine has continued the run, so this one stops driving it");
                    return Err(Fenced);
                }
            }
            tokio::time::sleep(backoff).await;
            backoff = (backoff * 2).min(MAX_BACKOFF);
        }
    }
}
