//! The body of an event stream.

use std::{
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::body::Bytes;
use futures::{
    Stream, StreamExt,
    stream::{Fuse, FusedStream},
};
use serde::Serialize;
use tokio::time::{Instant, Sleep, sleep};
use workflow_core::Update;

/// A chunk with this many bytes is sent even if more frames are ready. It bounds what a stream holds for a client that does not
/// read, apart from a single frame that is larger.
const CHUNK_BYTES: usize = 16 * 1024;

/// The bytes of most frames: a chunk that begins with less would be moved while it is written.
const FRAME_BYTES: usize = 512;

/// Sent in silence.
const HEARTBEAT: &[u8] = b": hb\n\n";

/// The frames of updates, as chunks: those that are ready at the same time are one chunk.
pub(super) struct Chunks<S, W> {
    updates: Fuse<S>,
    /// Appends the frame of an update, if it has one.
    write: W,
    /// What is sent before the first frame.
    greeting: Vec<u8>,
    heartbeat: Heartbeat,
}

impl<S, W> Chunks<S, W>
where
    S: Stream<Item = Update> + Unpin,
    W: FnMut(&Update, &mut Vec<u8>) -> serde_json::Result<()> + Unpin,
{
    pub(super) fn new(greeting: &str, updates: S, write: W, heartbeat: Duration) -> Self {
        Self {
            updates: updates.fuse(),
            write,
            greeting: greeting.into(),
            heartbeat: Heartbeat::every(heartbeat),
        }
    }

    /// The frames that are ready now.
    fn ready(&mut self, cx: &mut Context<'_>) -> serde_json::Result<Vec<u8>> {
        let mut chunk = mem::take(&mut self.greeting);
        while chunk.len() < CHUNK_BYTES
            && let Poll::Ready(Some(update)) = self.updates.poll_next_unpin(cx)
        {
            chunk.reserve(FRAME_BYTES);
            (self.write)(&update, &mut chunk)?;
        }
        Ok(chunk)
    }
}

impl<S, W> Stream for Chunks<S, W>
where
    S: Stream<Item = Update> + Unpin,
    W: FnMut(&Update, &mut Vec<u8>) -> serde_json::Result<()> + Unpin,
{
    type Item = serde_json::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let chunk = self.ready(cx)?;
        if !chunk.is_empty() {
            self.heartbeat.postpone();
            return Poll::Ready(Some(Ok(chunk.into())));
        }
        if self.updates.is_terminated() {
            return Poll::Ready(None);
        }
        ready!(self.heartbeat.poll(cx));
        Poll::Ready(Some(Ok(Bytes::from_static(HEARTBEAT))))
    }
}

/// A timer that is postponed without touching the runtime's timers: when it fires, it looks whether it is due.
struct Heartbeat {
    interval: Duration,
    since: Instant,
    /// `None` before the first wait: many streams never wait.
    timer: Option<Pin<Box<Sleep>>>,
}

impl Heartbeat {
    fn every(interval: Duration) -> Self {
        Self {
            interval,
            since: Instant::now(),
            timer: None,
        }
    }

    /// Counts from now.
    fn postpone(&mut self) {
        self.since = Instant::now();
    }

    /// Completes an interval after the last heartbeat or postponement.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let timer = (self.timer).get_or_insert_with(|| Box::pin(sleep(self.interval)));
        loop {
            ready!(timer.as_mut().poll(cx));
            let left = self.interval.saturating_sub(self.since.elapsed());
            if left.is_zero() {
                self.since = Instant::now();
                timer.set(sleep(self.interval));
                return Poll::Ready(());
            }
            timer.set(sleep(left));
        }
    }
}

/// Appends a line of data, which ends the frame. JSON has no line breaks, so it is one line.
///
/// # Errors
/// If the value cannot be serialized.
pub(super) fn write_data(chunk: &mut Vec<u8>, value: &impl Serialize) -> serde_json::Result<()> {
    chunk.extend_from_slice(b"data: ");
    serde_json::to_writer(&mut *chunk, value)?;
    chunk.extend_from_slice(b"\n\n");
    Ok(())
}

#[cfg(test)]
mod tests {
    use futures::stream;
    use workflow_core::StepEvent;

    use super::*;

    #[tokio::test]
    async fn a_chunk_has_no_more_frames_than_fit_into_it() {
        const FRAME: usize = 1_000;
        let event: StepEvent = serde_json::from_value(serde_json::json!({
            "seq": 2,
            "run_id": "0197f9d2-6f3e-7000-8000-000000000001",
            "time": "2026-01-31T12:00:00Z",
            "type": "run.started"
        }))
        .unwrap();
        let updates = stream::iter(vec![Update::Event(event); 100]);
        let write = |_: &Update, chunk: &mut Vec<u8>| {
            chunk.extend_from_slice(&[b'x'; FRAME]);
            Ok(())
        };
        let chunks = Chunks::new("", updates, write, Duration::from_secs(5));
        let lengths: Vec<usize> = chunks.map(|chunk| chunk.unwrap().len()).collect().await;
        assert_eq!(lengths.iter().sum::<usize>(), 100 * FRAME);
        let most = CHUNK_BYTES.next_multiple_of(FRAME);
        assert!(lengths.iter().all(|length| *length <= most), "{lengths:?}");
        assert_eq!(lengths.len(), 6, "as few as possible: {lengths:?}");
    }
}
