//! The events of a run: as a stream, or a page at a time.

use std::time::Duration;

use axum::{
    extract::State,
    http::{HeaderMap, HeaderName, StatusCode},
    response::{IntoResponse, Json, Response, sse::Event},
};
use futures::{StreamExt, stream};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use workflow_core::{RunId, StepEvent, Update};

use crate::{
    accept::{self, EVENT_STREAM, JSON},
    app::App,
    extract::{Id, Limit, Query},
    problem::{Kind, Problem},
    sse,
};

#[derive(Deserialize)]
pub(crate) struct EventsQuery {
    #[serde(default)]
    after: u64,
    #[serde(default)]
    limit: Limit,
}

pub(crate) async fn get(
    State(app): State<App>,
    Id(run): Id<RunId>,
    headers: HeaderMap,
    Query(query): Query<EventsQuery>,
) -> Result<Response, Problem> {
    let form = accept::choose(&headers, &[EVENT_STREAM, JSON])?;
    let after = last_event_id(&headers)?.unwrap_or(query.after);
    let seen = seen(&app, run, after).await?;
    if form == JSON {
        return Ok(Json(page(&app, run, after, query.limit.0).await?).into_response());
    }
    if seen.is_some_and(|event| event.is_terminal()) {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    follow(&app, run, after).await
}

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Where a stream that broke off left its reader.
fn last_event_id(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let Some(header) = headers.get(LAST_EVENT_ID) else {
        return Ok(None);
    };
    let id = header.to_str().ok().and_then(|text| text.parse().ok());
    id.map(Some)
        .ok_or_else(|| Kind::InvalidEventId.of(format!("Last-Event-ID {header:?} is not a number")))
}

/// The last event that the reader has had, unless it begins at the beginning.
async fn seen(app: &App, run: RunId, after: u64) -> Result<Option<StepEvent>, Problem> {
    let Some(before) = after.checked_sub(1) else {
        return Ok(None);
    };
    let event = app.engine.page(run, before, 1).await?.pop();
    let beyond = || Kind::BeyondEnd.of(format!("the log has no event {after}"));
    event.map(Some).ok_or_else(beyond)
}

/// The updates of a run after event number `after`: those of the log, then live.
pub(crate) async fn follow(app: &App, run: RunId, after: u64) -> Result<Response, Problem> {
    let seat = app.readers.seat(run)?;
    let updates = app.engine.events(run, after).await?;
    let frames = stream::iter([Ok(greeting())]).chain(updates.map(|update| frame(&update)));
    Ok(sse::answer(seat.keep(frames), &app.options.shutdown))
}

/// The first bytes: the stream is open, and a second is enough before a reconnect.
fn greeting() -> Event {
    Event::default().comment("ok").retry(Duration::from_secs(1))
}

fn frame(update: &Update) -> Result<Event, axum::Error> {
    match update {
        Update::Event(event) => {
            let frame = Event::default().id(event.seq.to_string());
            sse::data(frame.event(event.kind.name()), &event.shown())
        }
        Update::Delta(delta) => sse::data(Event::default().event("node.delta"), delta),
        _ => Ok(Event::default().comment("")),
    }
}

/// Some of a run's log, and where it goes on.
#[derive(Serialize, JsonSchema)]
pub(crate) struct EventPage {
    items: Vec<StepEvent>,
    /// What to ask for next as `after`; none when this is all there is by now.
    next_cursor: Option<String>,
}

async fn page(app: &App, run: RunId, after: u64, limit: usize) -> Result<EventPage, Problem> {
    let items = app.engine.page(run, after, limit).await?;
    let items: Vec<StepEvent> = items
        .into_iter()
        .map(|event| event.shown().into_owned())
        .collect();
    let last = items.last().filter(|last| !last.is_terminal());
    let next_cursor = match last.map(|last| last.seq) {
        // A page of large events may be short of its limit, with more behind it.
        Some(last) if !app.engine.page(run, last, 1).await?.is_empty() => Some(last.to_string()),
        _ => None,
    };
    Ok(EventPage { items, next_cursor })
}
