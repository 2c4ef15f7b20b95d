//! Hands the updates of a polled run to its reader, a batch per turn.

use std::{
    collections::VecDeque,
    future::poll_fn,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Poll, Waker},
};

use super::driver::{Journal, Refused};
use crate::{
    event::{Delta, StepEvent, Update},
    node::DeltaSink,
};

/// What the driver and the nodes put in, and [`Run`](super::Run) takes out.
#[derive(Default)]
pub(super) struct Outbox(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    updates: VecDeque<Update>,
    reader: Option<Waker>,
}

impl Outbox {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Swaps what there is into an empty batch; when there is nothing, the reader is woken by the next update.
    pub(super) fn hand_over(&self, batch: &mut VecDeque<Update>, reader: &Waker) {
        let mut inner = self.lock();
        if !inner.updates.is_empty() {
            std::mem::swap(&mut inner.updates, batch);
        } else if !inner
            .reader
            .as_ref()
            .is_some_and(|known| known.will_wake(reader))
        {
            inner.reader = Some(reader.clone());
        }
    }
}

impl Journal for Arc<Outbox> {
    /// Gives the events to the reader, and waits until it took them: the reader paces the run. The
    /// reader polls the driver again once it is through, so no waker is needed.
    async fn commit(&mut self, events: &mut Vec<StepEvent>) -> Result<(), Refused> {
        self.lock()
            .updates
            .extend(events.drain(..).map(Update::Event));
        poll_fn(|_| {
            if self.lock().updates.is_empty() {
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
        let mut inner = self.lock();
        inner.updates.push_back(Update::Delta(delta));
        let reader = inner.reader.take();
        drop(inner);
        if let Some(reader) = reader {
            reader.wake();
        }
    }
}
