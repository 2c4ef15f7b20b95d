//! Server-Sent Events (WHATWG HTML, section 9.2): the event stream of a run, and the simple stream.
//!
//! A stream reads the log of a run through the engine, which holds the position of each reader. This module
//! buffers one chunk, 16 KiB and a frame at most: a client that does not read delays only itself.
//!
//! An event stream on the wire:
//!
//! ```text
//! : ok
//! retry: 1000
//!
//! id: 1
//! event: run.created
//! data: {"seq":1,"type":"run.created",…}
//!
//! event: node.delta
//! data: {"path":"draft","text":"The tide…",…}
//!
//! : hb
//! ```
//!
//! Lines that begin with `:` are comments, which clients ignore. `: hb` is sent in silence, so that both sides detect a
//! dead connection. Only events of the log have an `id`.
//!
//! The same log is also served page by page and, in `recording`, as lines of JSON with what streams omit.
//!
//! What a client must know to follow a run without a gap: the id of the last event that it has processed, in
//! `Last-Event-ID` or `after`. Text of running steps comes first after a reconnect, as larger deltas with their
//! offsets, so a client can skip what it has.

mod chunks;
pub(crate) mod events;
mod readers;
mod recording;
pub(crate) mod simple_stream;

pub(crate) use self::{events::EventPage, readers::Readers, simple_stream::Frame};

use axum::{
    body::Body,
    http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName},
    response::{IntoResponse, Response},
};
use futures::{Stream, StreamExt};
use workflow_core::Update;

use self::chunks::{Chunks, write_data};
use crate::{options::Options, request::EVENT_STREAM};

/// A response that sends a greeting, then the frames that `write` appends for each update, and a comment after a time
/// without frames. It ends with the updates, or when the service shuts down.
///
/// `no-transform` and `X-Accel-Buffering` (nginx) keep proxies from collecting frames before they send them.
///
/// At shutdown the body ends without a last frame. A browser reconnects with the id of the last event, to this
/// service after its restart or to another one. Heartbeats are counted from the last frame, so a busy stream has
/// none.
fn response<S, W>(greeting: &str, updates: S, write: W, options: &Options) -> Response
where
    S: Stream<Item = Update> + Send + Unpin + 'static,
    W: FnMut(&Update, &mut Vec<u8>) -> serde_json::Result<()> + Send + Unpin + 'static,
{
    // A token of its own: each poll takes its lock, which all streams would share otherwise.
    let shutdown = options.shutdown.child_token().cancelled_owned();
    let updates = updates.take_until(Box::pin(shutdown));
    let chunks = Chunks::new(greeting, updates, write, options.heartbeat);
    let headers = [
        (CONTENT_TYPE, EVENT_STREAM),
        (CACHE_CONTROL, "no-cache, no-transform"),
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    (headers, Body::from_stream(chunks)).into_response()
}
