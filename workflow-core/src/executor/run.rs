//! A run as a stream that the caller polls.

use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use futures::Stream;

use super::driver::Driver;
use crate::{
    event::{Delta, Update},
    node::DeltaSink,
    value::{RunId, SharedQueue},
};

/// A run as a stream of [`Update`]s in order, created by [`Executor::run`](super::Executor::run).
///
/// The stream ends after the terminal event, or after a `run.suspended`; then [`Executor::resume`](super::Executor::resume)
/// or [`Executor::signal`](super::Executor::signal) continue the run.
///
/// The run makes progress only while the stream is polled, and it is never ahead of its reader by more than one turn: an attempt
/// begins after its `node.started` was read. A reader that is slow, or holds a lock while it awaits, should use an engine, whose
/// runs do not depend on readers.
#[must_use = "a run does nothing unless it is polled"]
pub struct Run {
    id: RunId,
    /// `None` after the last event.
    driver: Option<Box<Driver>>,
    next: Next,
    /// Those that the reader has not taken. They are added only while the run is polled, and taken after that, so no waker is
    /// needed.
    deltas: Arc<SharedQueue<Delta>>,
}

/// What the run does once its reader has taken all updates.
#[derive(Clone, Copy)]
enum Next {
    Decide,
    /// Execute what was decided.
    Execute,
    Wait,
    End,
}

impl Run {
    pub(super) fn new(id: RunId, driver: impl FnOnce(Arc<dyn DeltaSink>) -> Driver) -> Self {
        let deltas = Arc::<SharedQueue<Delta>>::default();
        let sink = Arc::clone(&deltas);
        Self {
            id,
            driver: Some(Box::new(driver(sink))),
            next: Next::Decide,
            deltas,
        }
    }

    /// The id of the run, as in its events.
    pub fn id(&self) -> RunId {
        self.id
    }
}

impl Stream for Run {
    type Item = Update;

    /// Deltas come from attempts, which are polled after the events before them were taken, and before what follows from them is
    /// decided. So both are in order.
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Update>> {
        let this = &mut *self;
        let Some(driver) = &mut this.driver else {
            return Poll::Ready(None);
        };
        loop {
            if let Some(event) = driver.turn.events.pop() {
                return Poll::Ready(Some(Update::Event(event)));
            }
            if let Some(delta) = this.deltas.pop() {
                return Poll::Ready(Some(Update::Delta(delta)));
            }
            this.next = match this.next {
                Next::Decide => {
                    driver.decide();
                    // They are taken from the end.
                    driver.turn.events.reverse();
                    if driver.machine.is_at_rest() {
                        Next::End
                    } else {
                        Next::Execute
                    }
                }
                Next::Execute => {
                    driver.execute(cx);
                    if driver.turn.more {
                        // A run with much to decide yields to other tasks between turns.
                        this.next = Next::Wait;
                        cx.waker().wake_by_ref();
                        return Poll::Pending;
                    }
                    Next::Wait
                }
                Next::Wait => match driver.poll_inputs(cx) {
                    Poll::Ready(()) => Next::Decide,
                    Poll::Pending if this.deltas.is_empty() => {
                        // Releases its memory: the run may wait for long.
                        driver.turn.events.shrink_to_fit();
                        return Poll::Pending;
                    }
                    Poll::Pending => Next::Wait,
                },
                Next::End => {
                    this.driver = None;
                    return Poll::Ready(None);
                }
            };
        }
    }
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl DeltaSink for SharedQueue<Delta> {
    fn push(&self, delta: Delta) {
        Self::push(self, delta);
    }
}
