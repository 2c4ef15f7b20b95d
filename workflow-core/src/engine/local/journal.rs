//! Stores the events of a run, then shows them.

use std::{sync::Arc, time::Duration};

use super::live::LiveRun;
use crate::{
    event::{EventKind, StepEvent},
    executor::{Journal, Refused},
    record::RunHead,
    store::{Store, StoreError},
};

/// How long to wait before an append is tried again: half a minute in all.
const WAITS: [Duration; 8] = [
    Duration::from_millis(100),
    Duration::from_millis(400),
    Duration::from_millis(1_500),
    Duration::from_secs(3),
    Duration::from_secs(5),
    Duration::from_secs(5),
    Duration::from_secs(5),
    Duration::from_secs(10),
];

pub(super) struct StoreJournal {
    store: Arc<dyn Store>,
    live: Arc<LiveRun>,
    head: RunHead,
}

impl StoreJournal {
    pub(super) fn new(store: Arc<dyn Store>, live: Arc<LiveRun>, head: RunHead) -> Self {
        Self { store, live, head }
    }

    /// Appends, again and again for a while when the store fails: what has happened was perhaps paid for.
    async fn append(&self, expected: u64, events: &[StepEvent]) -> Result<(), Refused> {
        let run = self.live.id();
        let mut waits = WAITS.into_iter();
        let mut is_unknown = false;
        loop {
            let Err(error) = self.store.append(run, expected, events, &self.head).await else {
                return Ok(());
            };
            // An append that failed before may have been written all the same.
            if is_unknown && self.is_written(expected, events).await {
                return Ok(());
            }
            if !matches!(error, StoreError::Unavailable(_)) {
                tracing::error!(%run, %error, "the log took no event, so the run stops");
                return Err(Refused::Fenced);
            }
            is_unknown = true;
            let Some(wait) = waits.next() else {
                tracing::error!(%run, %error, "the log took no event, so the run is interrupted");
                return Err(Refused::Unavailable);
            };
            tracing::warn!(%run, %error, "the log takes no event; trying again in {wait:?}");
            let wait = tokio::time::sleep(wait);
            if self
                .live
                .cancellation()
                .run_until_cancelled(wait)
                .await
                .is_none()
            {
                return Err(Refused::Unavailable);
            }
        }
    }

    async fn is_written(&self, expected: u64, events: &[StepEvent]) -> bool {
        let written = self
            .store
            .read(self.live.id(), expected, events.len())
            .await;
        written.is_ok_and(|written| written == events)
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
    async fn commit(&mut self, events: &mut Vec<StepEvent>) -> Result<(), Refused> {
        if events.is_empty() {
            return Ok(());
        }
        let expected = self.head.last_seq;
        for event in &*events {
            self.head.apply(event);
        }
        self.append(expected, events).await?;
        if let Some(last) = events.last() {
            tell_operator(last);
        }
        self.live.publish(events.drain(..));
        // A run whose steps never wait must still let others work.
        tokio::task::consume_budget().await;
        Ok(())
    }
}
