//! Stores the events of a run, then shows them.

pub(super) mod health;
pub(super) mod live;
pub(super) mod logs;
pub(super) mod observed;
pub(super) mod reader;
pub(super) mod text;

use std::{sync::Arc, time::Duration};

use self::{health::Health, live::LiveRun, observed::Observed};
use crate::engine::local::admission::budget::Held;
use crate::{
    event::{EventKind, StepEvent},
    executor::{Fenced, Journal},
    record::RunHead,
    store::{Append, Store, StoreError},
};

/// How long to wait before an append is tried again; twice as long each time after that.
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(10);

pub(super) struct StoreJournal {
    store: Arc<dyn Store>,
    live: Arc<LiveRun>,
    head: RunHead,
    observed: Option<Observed>,
    memory: Held,
    health: Arc<Health>,
}

impl StoreJournal {
    pub(super) fn new(
        store: Arc<dyn Store>,
        live: Arc<LiveRun>,
        head: RunHead,
        observed: Option<Observed>,
        memory: Held,
        health: Arc<Health>,
    ) -> Self {
        Self {
            store,
            live,
            head,
            observed,
            memory,
            health,
        }
    }

    /// Appends, again and again when the store fails: what has happened was perhaps paid for.
    async fn append(&self, expected: u64, events: &[StepEvent]) -> Result<(), Fenced> {
        let run = self.live.id();
        let mut wait = FIRST_WAIT;
        let mut failing = None;
        loop {
            let Err(error) = (self
                .store
                .append(run, Append::new(expected, events, &self.head)))
            .await
            else {
                return Ok(());
            };
            // An append that failed before may have been written all the same.
            if failing.is_some() && self.is_written(expected, events).await {
                return Ok(());
            }
            let StoreError::Unavailable(cause) = error else {
                tracing::error!(%run, %error, "the log took no event, so the run stops");
                return Err(Fenced);
            };
            failing.get_or_insert_with(|| self.health.failing());
            tracing::warn!(%run, %cause, "the log takes no event; trying again in {wait:?}");
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

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

    /// What the events have made of the run.
    pub(super) fn into_head(self) -> RunHead {
        self.head
    }
}

/// How a run ended, for whoever runs the service: ids and codes, nothing of its content.
fn tell_operator(event: &StepEvent) {
    let run = event.run_id;
    match &event.kind {
        EventKind::RunCompleted(it) => {
            tracing::info!(%run, duration_ms = it.duration_ms, "a run completed");
        }
        EventKind::RunCancelled(_) => tracing::info!(%run, "a run was cancelled"),
        EventKind::RunFailed(it) => {
            let step = it.step.as_ref().map(|step| step.path().as_str());
            tracing::warn!(%run, step, code = &*it.error.code, "a run failed");
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
        self.append(expected, events).await?;
        if let Some(observed) = &self.observed {
            for event in &*events {
                observed.tell(event);
            }
        }
        if let Some(last) = events.last() {
            tell_operator(last);
        }
        self.live.publish(events.drain(..));
        // A run whose steps never wait must still let others work.
        tokio::task::consume_budget().await;
        Ok(())
    }
}
