//! The journal of a polled [`Run`](super::Run): passes updates to its reader, one batch per turn.

use std::{
    collections::VecDeque,
    future::poll_fn,
    sync::{Arc, Mutex},
    task::Poll,
};

use super::driver::{Fenced, Journal};
use crate::{
    event::{Delta, StepEvent, Update},
    node::DeltaSink,
    value::lock,
};

/// Updates that the driver and the nodes add, and [`Run`](super::Run) takes. They are added only while the run is polled, and
/// the run takes them after each poll of the driver, so no waker is needed.
///
/// The lock is held for a push or a swap only, and never across an await.
#[derive(Default)]
pub(super) struct Outbox(Mutex<VecDeque<Update>>);

impl Outbox {
    /// Swaps the updates with an empty batch, so that both buffers are reused.
    pub(super) fn hand_over(&self, batch: &mut VecDeque<Update>) {
        let mut updates = lock(&self.0);
        if !updates.is_empty() {
            std::mem::swap(&mut *updates, batch);
        }
    }
}

impl Journal for Arc<Outbox> {
    const PAUSES_RUN: bool = true;

    /// Passes the events to the reader and waits until it has taken them: the reader paces the run. The reader polls the
    /// driver after it has taken a batch, so no waker is needed.
    async fn commit(&mut self, events: &mut Vec<StepEvent>) -> Result<(), Fenced> {
        lock(&self.0).extend(events.drain(..).map(Update::Event));
        // Pending without a waker is correct here only because `Run::poll_next` polls the driver after each batch.
        poll_fn(|_| {
            let taken = lock(&self.0).is_empty();
            if taken {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
        Ok(())
    }
}

impl DeltaSink for Outbox {
    fn push(&self, delta: Delta) {
        lock(&self.0).push_back(Update::Delta(delta));
    }
}
