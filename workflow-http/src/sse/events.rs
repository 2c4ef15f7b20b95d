//! The events of a run: as a stream, page by page, or as a recording.
//!
//! The number of an event is its position in the log. It is the `id` of a frame, the cursor of pages, and the
//! `Last-Event-ID` of a browser that reconnects; so a client can change between stream and pages at any event.

use std::io::Write;

use axum::{
    extract::{FromRequestParts, State},
    http::{HeaderMap, HeaderName, StatusCode, request::Parts},
    response::{IntoResponse, Json, Response},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use workflow_core::{RunId, StepEvent, Update, value::json_bytes};

use crate::{
    app::App,
    problem::{Kind, Problem},
    request::{Argument, EVENT_STREAM, Id, JSON, Limit, NDJSON, Query, VARY_ACCEPT, accept},
    sse::{self, recording, write_data},
};

/// The position in the log, for clients that cannot set headers, and the size of a page.
#[derive(Deserialize)]
pub(crate) struct EventsQuery {
    #[serde(default)]
    after: u64,
    #[serde(default)]
    limit: Limit,
}

/// The events after a position, in the accepted format.
///
/// A reader that has the last event of an ended run gets 204: a browser's `EventSource` reconnects after every
/// other end of a stream (WHATWG HTML, section 9.2).
///
/// A position beyond the log is 400 for pages and streams alike: such a reader has confused two runs, and would wait
/// for events that it never gets.
///
/// # Errors
/// 404 `unknown_run`, 400 `beyond_the_end` or `invalid_event_id`, 406 `not_acceptable`, 409 `run_stopped`, 429
/// `too_many_readers`.
pub(crate) async fn get(
    State(app): State<App>,
    Id(run): Id<RunId>,
    headers: HeaderMap,
    Query(query): Query<EventsQuery>,
    LastEventId(last): LastEventId,
) -> Result<Response, Problem> {
    let form = accept::choose(&headers, &[EVENT_STREAM, JSON, NDJSON])?;
    let after = last.unwrap_or(query.after);
    let seen = seen(&app, run, after).await?;
    if form == JSON {
        let page = page(&app, run, after, query.limit.0).await?;
        return Ok((VARY_ACCEPT, Json(page)).into_response());
    }
    if form == NDJSON {
        return recording::record(&app, run, after).await;
    }
    if seen.is_some_and(|event| event.is_terminal()) {
        return Ok((VARY_ACCEPT, StatusCode::NO_CONTENT).into_response());
    }
    Ok((VARY_ACCEPT, follow(&app, run, after).await?).into_response())
}

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// The position of a reader whose stream was interrupted. It takes precedence over `after`, since a browser
/// reconnects with the original URL.
///
/// A header that is not a number is refused. Ignoring it would send the whole log again, which a client would take
/// for new events.
pub(crate) struct LastEventId(Option<u64>);

impl FromRequestParts<App> for LastEventId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        let Some(header) = parts.headers.get(LAST_EVENT_ID) else {
            return Ok(Self(None));
        };
        let id = header.to_str().ok().and_then(|text| text.parse().ok());
        let invalid =
            || Kind::InvalidEventId.of(format!("Last-Event-ID {header:?} is not a number"));
        id.map(Some).map(Self).ok_or_else(invalid)
    }
}

impl Argument for LastEventId {
    const REFUSALS: &'static [Kind] = &[Kind::InvalidEventId];
}

/// The last event that the reader has; `None` at the beginning of the log.
async fn seen(app: &App, run: RunId, after: u64) -> Result<Option<StepEvent>, Problem> {
    let Some(before) = after.checked_sub(1) else {
        return Ok(None);
    };
    let event = app.engine.read_events(run, before, 1).await?.pop();
    let beyond = || Kind::BeyondEnd.of(format!("the log of the run has no event {after}"));
    event.map(Some).ok_or_else(beyond)
}

/// The updates of a run after event number `after`: those of the log, then live.
///
/// The permit is taken before the engine is asked, so that a refused reader costs nothing.
///
/// # Cancellation
/// When the client disconnects, axum drops the stream: the engine forgets the reader, and the permit is returned.
/// The run does not notice.
pub(crate) async fn follow(app: &App, run: RunId, after: u64) -> Result<Response, Problem> {
    let permit = app.readers.permit(run)?;
    let updates = app.engine.events(run, after).await?;
    let updates = permit.hold_during(updates);
    Ok(sse::response(GREETING, updates, write_frame, &app.options))
}

/// The first frame. Its bytes confirm to client and proxies that the stream is open; `retry` sets the browser's
/// delay before it reconnects to a second.
const GREETING: &str = ": ok\nretry: 1000\n\n";

/// Appends the frame of an update. Deltas have no id: they are not in the log, so a reader cannot resume after one. Kinds of
/// updates of later versions of core have no frame.
fn write_frame(update: &Update, chunk: &mut Vec<u8>) -> serde_json::Result<()> {
    match update {
        Update::Event(event) => {
            let name = event.kind.name();
            // A vector takes all bytes.
            let _ = write!(chunk, "id: {}\nevent: {name}\n", event.seq);
            // `shown` leaves out what is in the log only. It copies the event only if there is such a field.
            write_data(chunk, &event.shown())
        }
        Update::Delta(delta) => {
            chunk.extend_from_slice(b"event: node.delta\n");
            write_data(chunk, delta)
        }
        _ => Ok(()),
    }
}

/// A page of a run's log.
#[derive(Serialize, JsonSchema)]
pub(crate) struct EventPage {
    items: Vec<StepEvent>,
    /// The value of `after` for the next page; `null` if there are no more events yet.
    next_cursor: Option<String>,
}

/// The most bytes of events in a page, as JSON. The first event is included even if it alone has more; otherwise
/// the client could never read past it.
pub(crate) const MAX_PAGE_BYTES: usize = 8 * 1024 * 1024;
/// How many events are read at once for a page. Each may be large, so the page is not read as a whole.
const READ_BATCH: usize = 8;

/// A page of at most `limit` events, and at most [`MAX_PAGE_BYTES`].
///
/// Events are read in small batches, since the store does not know the limit of bytes: a batch may be larger than
/// what is left, and its rest is dropped and read again with the next page.
async fn page(app: &App, run: RunId, after: u64, limit: usize) -> Result<EventPage, Problem> {
    let mut items: Vec<StepEvent> = Vec::new();
    let mut left = MAX_PAGE_BYTES;
    'page: while items.len() < limit {
        let last = items.last().map_or(after, |last| last.seq);
        let wanted = READ_BATCH.min(limit - items.len());
        let some = app.engine.read_events(run, last, wanted).await?;
        let is_all = some.len() < wanted;
        for event in some {
            let event = event.shown().into_owned();
            match left.checked_sub(json_bytes(&event)) {
                Some(rest) => left = rest,
                // A first event that alone is too large: it is the only one of its page.
                None if items.is_empty() => left = 0,
                None => break 'page,
            }
            items.push(event);
        }
        if is_all {
            break;
        }
    }
    let last = items.last().filter(|last| !last.is_terminal());
    let next_cursor = match last.map(|last| last.seq) {
        // A page may be full by bytes before it has `limit` events, so only the log says if there are more.
        Some(last) if !app.engine.read_events(run, last, 1).await?.is_empty() => {
            Some(last.to_string())
        }
        _ => None,
    };
    Ok(EventPage { items, next_cursor })
}
