//! The recording of a run: its whole log, one event per line.

use axum::{
    body::{Body, Bytes},
    http::header::{CACHE_CONTROL, CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use futures::{Stream, stream};
use workflow_core::{EngineError, RunId, StepEvent};

use crate::{
    app::App,
    problem::Problem,
    request::{NDJSON, VARY_ACCEPT},
};

/// How many events are read at once. Each may be large, and a batch is in memory as a whole.
const READ_BATCH: usize = 8;

/// The events of a run after number `after` that are in the log now, with what streams and pages omit: the requests of
/// nodes, their debug records, and the results that the run brought with it.
///
/// The length of the log is read first and ends the recording, so that it ends although the run continues. Then its last
/// line is not a terminal event; that is how a reader knows.
///
/// An event that cannot be read breaks the connection off: an end without it would look like that of a run that has not
/// ended. The first batch is read before the response begins, so that a log that cannot be read at all is a problem.
///
/// # Cancellation
/// When the client disconnects, axum drops the stream, and the permit is returned.
pub(super) async fn record(app: &App, run: RunId, after: u64) -> Result<Response, Problem> {
    let permit = app.readers.permit(run)?;
    let until = app.engine.run_record(run).await?.head.last_seq;
    let first = read(app, run, after, until).await?;
    let lines = permit.hold_during(lines(app.clone(), run, first, until));
    let headers = [(CONTENT_TYPE, NDJSON), (CACHE_CONTROL, "no-cache")];
    Ok((VARY_ACCEPT, headers, Body::from_stream(lines)).into_response())
}

/// Events from the next one of a recording to its last, at most a batch.
async fn read(
    app: &App,
    run: RunId,
    after: u64,
    until: u64,
) -> Result<Vec<StepEvent>, EngineError> {
    let left = usize::try_from(until.saturating_sub(after)).unwrap_or(usize::MAX);
    match READ_BATCH.min(left) {
        0 => Ok(Vec::new()),
        limit => app.engine.read_events(run, after, limit).await,
    }
}

/// One piece per batch. A batch is read when the client has taken the one before.
fn lines(
    app: App,
    run: RunId,
    first: Vec<StepEvent>,
    until: u64,
) -> impl Stream<Item = Result<Bytes, axum::Error>> {
    stream::try_unfold(
        (app, first),
        move |(app, batch): (App, Vec<StepEvent>)| async move {
            let Some(last) = batch.last().map(|event| event.seq) else {
                return Ok(None);
            };
            let text = text(&batch).map_err(axum::Error::new)?;
            drop(batch);
            let next = read(&app, run, last, until).await;
            let next = next.map_err(|error| {
                tracing::warn!(%run, %error, "a recording ends: the log cannot be read");
                axum::Error::new(error)
            })?;
            Ok(Some((text, (app, next))))
        },
    )
}

fn text(events: &[StepEvent]) -> serde_json::Result<Bytes> {
    let mut text = Vec::new();
    for event in events {
        serde_json::to_writer(&mut text, event)?;
        text.push(b'\n');
    }
    Ok(text.into())
}
