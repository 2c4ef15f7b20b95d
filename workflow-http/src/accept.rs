//! What a client asked to be answered with.

use axum::http::{HeaderMap, header::ACCEPT};

pub(crate) const EVENT_STREAM: &str = "text/event-stream";
pub(crate) const JSON: &str = "application/json";

/// Whether the client names this media type. One that takes anything gets what a route gives by itself.
pub(crate) fn names(headers: &HeaderMap, media_type: &str) -> bool {
    let values = headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let ranges = values.flat_map(|value| value.split(','));
    let mut types = ranges.filter_map(|range| range.split(';').next());
    types.any(|name| name.trim().eq_ignore_ascii_case(media_type))
}
