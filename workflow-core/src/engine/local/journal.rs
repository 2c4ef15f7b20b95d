//! Stores the events of a run, then shows them.

use std::sync::Arc;

use super::live::LiveRun;
use crate::{
    event::{EventKind, StepEvent},
    executor::{Journal, Refused},
    record::RunHead,
    store::{Store, StoreError},
};

pub(super) struct StoreJournal {
    store: Arc<dyn Store>,
    live: Arc<LiveRun>,
    head: RunHead,
}

impl StoreJournal {
    pub(super) fn new(store: Arc<dyn Store>, live: Arc<LiveRun>, head: RunHead) -> Self {
        Self { store, live, head }
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
        if let Err(error) = self
            .store
            .append(self.live.id(), expected, events, &self.head)
            .await
        {
            tracing::error!(run = %self.live.id(), %error, "the log took no event, so the run stops");
            return Err(match error {
                StoreError::Unavailable(_) => Refused::Unavailable,
                _ => Refused::Fenced,
            });
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
