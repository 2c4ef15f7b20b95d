//! Hands the updates of a polled run to its reader, a batch per turn.

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

/// What the driver and the nodes put in, and [`Run`](super::Run) takes out. Both put in only while
/// the run is polled, and it looks afterwards: nobody needs to be woken.
#[derive(Default)]
pub(super) struct Outbox(Mutex<VecDeque<Update>>);

impl Outbox {
    /// Swaps what there is into an empty batch.
    pub(super) fn hand_over(&self, batch: &mut VecDeque<Update>) {
        let mut updates = lock(&self.0);
        if !updates.is_empty() {
            std::mem::swap(&mut *updates, batch);
        }
    }
}

impl Journal for Arc<Outbox> {
    const PAUSES_RUN: bool = true;

    /// Gives the events to the reader, and waits until it took them: the reader paces the run. The
    /// reader polls the driver again once it is through, so no waker is needed.
    async fn commit(&mut self, events: &mut Vec<StepEvent>) -> Result<(), Fenced> {
        lock(&self.0).extend(events.drain(..).map(Update::Event));
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
