//! Server-Sent Events (WHATWG HTML, section 9.2): the event stream of a run, and the simple stream.
//!
//! A stream reads the log of a run through the engine, which holds the position of each reader. This module
//! buffers nothing: a client that does not read delays only itself.
//!
//! An event stream on the wire:
//!
//! ```text
//! retry: 1000
//! : ok
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

pub(crate) mod events;
mod readers;
mod recording;
pub(crate) mod simple_stream;

pub(crate) use self::{events::EventPage, readers::Readers, simple_stream::Frame};

use axum::{
    http::header::{CACHE_CONTROL, HeaderName},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures::{Stream, StreamExt};
use serde::Serialize;

use crate::options::Options;

/// A frame with JSON as its data. The text has no line breaks, so it is one `data` line.
///
/// # Errors
/// If the value cannot be serialized.
pub(crate) fn data(frame: Event, value: &impl Serialize) -> Result<Event, axum::Error> {
    let json = serde_json::to_string(value).map_err(axum::Error::new)?;
    Ok(frame.data(json))
}

/// A response that sends each frame as one chunk, and a comment after a time without frames. It ends with the
/// frames, or when the service shuts down.
///
/// `no-transform` and `X-Accel-Buffering` (nginx) keep proxies from collecting frames before they send them.
///
/// At shutdown the body ends without a last frame. A browser reconnects with the id of the last event, to this
/// service after its restart or to another one. Heartbeats are counted from the last frame, so a busy stream has
/// none.
pub(crate) fn response<S>(frames: S, options: &Options) -> Response
where
    S: Stream<Item = Result<Event, axum::Error>> + Send + 'static,
{
    let frames = frames.take_until(options.shutdown.clone().cancelled_owned());
    let heartbeat = KeepAlive::new().interval(options.heartbeat).text("hb");
    let sse = Sse::new(frames).keep_alive(heartbeat);
    let headers = [
        (CACHE_CONTROL, "no-cache, no-transform"),
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    (headers, sse).into_response()
}
