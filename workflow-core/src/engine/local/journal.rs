//! Stores the events of a run, then shows them.

use std::sync::Arc;

use super::live::LiveRun;
use crate::{
    event::StepEvent,
    executor::{Journal, Refused},
    record::RunHead,
    store::Store,
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
            return Err(Refused);
        }
        self.live.publish(events.drain(..));
        // A run whose steps never wait must still let others work.
        tokio::task::consume_budget().await;
        Ok(())
    }
}
