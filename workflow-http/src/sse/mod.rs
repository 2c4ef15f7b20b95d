//! Frames as a Server-Sent Events answer.

pub(crate) mod events;
pub(crate) mod legacy;
mod readers;

pub(crate) use self::{events::EventPage, legacy::Frame, readers::Readers};

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

/// JSON as the data of a frame. It has no line breaks, so it is written once, and whole.
///
/// # Errors
/// The value is no JSON.
pub(crate) fn data(frame: Event, value: &impl Serialize) -> Result<Event, axum::Error> {
    let json = serde_json::to_string(value).map_err(axum::Error::new)?;
    Ok(frame.data(json))
}

/// Sends each frame as one chunk, and a comment when there has been none for a while. The answer
/// ends with the frames, or when the service shuts down.
pub(crate) fn answer<S>(frames: S, options: &Options) -> Response
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
