//! The calls that run on a connection.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use http_body::{Body, Frame, SizeHint};
use tokio::sync::watch;

/// Counts the calls of a connection.
pub(crate) struct Calls(watch::Sender<Count>);

#[derive(Clone, Copy, Default)]
struct Count {
    running: usize,
    begun: bool,
}

impl Calls {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(Count::default()))
    }

    /// Counts a call, which runs until the value is dropped.
    pub(crate) fn begin(&self) -> Running {
        self.0.send_modify(|count| {
            count.running += 1;
            count.begun = true;
        });
        Running(self.0.clone())
    }

    /// Whether there was a call.
    pub(crate) fn has_begun(&self) -> bool {
        self.0.borrow().begun
    }

    /// Completes as soon as no call runs.
    pub(crate) async fn none_runs(&self) {
        let mut counts = self.0.subscribe();
        // It fails only without a sender, and `self` is one.
        let _ = counts.wait_for(|count| count.running == 0).await;
    }
}

/// A call that runs.
pub(crate) struct Running(watch::Sender<Count>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.send_modify(|count| count.running -= 1);
    }
}

/// The body of a response. The call runs until it is sent, or dropped.
pub(crate) struct CallBody<B> {
    body: B,
    _running: Running,
}

impl<B> CallBody<B> {
    pub(crate) fn new(body: B, running: Running) -> Self {
        Self {
            body,
            _running: running,
        }
    }
}

impl<B: Body + Unpin> Body for CallBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
