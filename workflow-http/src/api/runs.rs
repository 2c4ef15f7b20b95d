//! Runs: start, retry, list, get, cancel, delete.
//!
//! A request that starts a run is complete once the run is stored. What happens to the connection later does
//! not affect the run.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Json, Response},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use workflow_core::{
    RunId, RunRecord, RunStatus, WorkflowId,
    record::{Page, PageRequest, RunCounts, RunQuery},
    view::{RunDiff, StepHistory},
};

use super::run_request::{RetryRequest, RunRequest};
use crate::{
    app::{App, Linked},
    problem::{Kind, Problem},
    request::{
        EVENT_STREAM, Id, IdempotencyKey, JSON, Limit, List, OptionalTyped, Path, Query, Typed,
        VARY_ACCEPT, accept,
    },
    sse::{events, simple_stream},
};

/// Starts a run. The response is its record, or the stream of its events if the client prefers that.
///
/// The run has started even if the stream is refused, such as with 429 `too_many_readers`. So the headers of
/// the problem name the run; a client that retried would start a second one.
///
/// # Errors
/// Those of [`Runs::start`](workflow_core::Runs::start), and 406 `not_acceptable`; then no run is started.
///
/// # Cancellation
/// axum drops this future when the client disconnects. Then the run was stored and continues, or it was not stored.
/// A client finds out by repeating the request with the same `Idempotency-Key`.
pub(crate) async fn start(
    State(app): State<App>,
    Id(workflow): Id<WorkflowId>,
    headers: HeaderMap,
    key: IdempotencyKey,
    Typed(request): Typed<RunRequest>,
) -> Result<Response, Problem> {
    // Before the run is started: a client that accepts neither form must not cause a run.
    let form = accept::choose(&headers, &[JSON, EVENT_STREAM])?;
    let run = app.engine.start(request.of(workflow, key)).await?;
    let run_headers = app.run_headers(run.id);
    if form == EVENT_STREAM {
        // Not `?`: a refused stream becomes a problem with the headers of the run.
        let stream = events::follow(&app, run.id, 0).await;
        return Ok((VARY_ACCEPT, run_headers, stream).into_response());
    }
    let links = app.links(&run);
    let body = Json(Linked { run, links });
    Ok((StatusCode::ACCEPTED, VARY_ACCEPT, run_headers, body).into_response())
}

/// Starts a run and responds with the simple stream: one frame per status change of a step.
///
/// The response is always a stream, whatever the client accepts: this format has no other form. As in [`start`], the
/// run has started even if the stream is refused.
pub(crate) async fn run(
    State(app): State<App>,
    Id(workflow): Id<WorkflowId>,
    key: IdempotencyKey,
    Typed(request): Typed<RunRequest>,
) -> Result<Response, Problem> {
    let run = app.engine.start(request.of(workflow, key)).await?;
    let headers = app.run_headers(run.id);
    let stream = simple_stream::follow(&app, run.id).await;
    Ok((headers, stream).into_response())
}

/// Starts a new run that repeats an ended one, from a step if the body names one.
///
/// Without a body, all nodes are executed again with the same input.
pub(crate) async fn retry(
    State(app): State<App>,
    Id(id): Id<RunId>,
    key: IdempotencyKey,
    OptionalTyped(request): OptionalTyped<RetryRequest>,
) -> Result<Response, Problem> {
    let run = app.engine.retry(request.of(id, key)).await?;
    let headers = app.run_headers(run.id);
    let links = app.links(&run);
    Ok((StatusCode::CREATED, headers, Json(Linked { run, links })).into_response())
}

/// The filters of a list of runs, and the place in it.
#[derive(Deserialize)]
pub(crate) struct ListQuery {
    workflow_id: Option<WorkflowId>,
    status: Option<RunStatus>,
    q: Option<String>,
    #[serde(default)]
    limit: Limit,
    cursor: Option<String>,
}

impl ListQuery {
    /// The list, for its cursors, and the query of a page of it.
    ///
    /// The cursor is bound to all filters, not to the limit: a client may change the size of pages, but a cursor
    /// together with another filter is 400 `bad_cursor`. An empty `q`, as a search form sends it, is no filter.
    fn read(self) -> Result<(List, RunQuery), Problem> {
        let mut query = RunQuery::default();
        query.workflow_id = self.workflow_id;
        query.status = self.status;
        query.text = self.q.filter(|text| !text.is_empty());
        let list = List::new("runs", &(query.workflow_id, query.status, &query.text));
        query.page = PageRequest::new(self.limit.0, list.open(self.cursor)?);
        Ok((list, query))
    }
}

/// A page of runs, and the number of all matching runs by status.
#[derive(Serialize, JsonSchema)]
pub(crate) struct RunPage {
    #[serde(flatten)]
    page: Page<RunRecord>,
    counts: RunCounts,
}

/// `GET /api/runs`. The counts ignore `status` and the cursor: they label the tabs of a list of which one status is
/// shown.
///
/// Counts and page are two reads of the store. A run that changes between them may be counted with its status
/// before.
pub(crate) async fn list(
    State(app): State<App>,
    Query(query): Query<ListQuery>,
) -> Result<Json<RunPage>, Problem> {
    let (list, query) = query.read()?;
    let counts = app.engine.count_runs(&query).await?;
    let page = list.seal(app.engine.runs(query).await?);
    Ok(Json(RunPage { page, counts }))
}

/// Deletes an ended run with its log. A run that has not ended is 409 `run_not_ended`.
///
/// The client can delete a run that cannot continue, too
/// ([`EngineError::Stopped`](workflow_core::EngineError::Stopped)): otherwise a damaged run would stay forever.
pub(crate) async fn delete(
    State(app): State<App>,
    Id(id): Id<RunId>,
) -> Result<StatusCode, Problem> {
    app.engine.delete_run(id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A run with its steps and outputs, folded from its log.
///
/// The engine bounds the size of a report (`RunReport::MAX_OUTPUT_BYTES`); what it leaves out is in the history of
/// the step.
pub(crate) async fn get(
    State(app): State<App>,
    Id(id): Id<RunId>,
) -> Result<impl IntoResponse, Problem> {
    let report = app.engine.run_report(id).await?;
    let links = app.links(&report.record);
    Ok(Json(Linked { run: report, links }))
}

/// Cancels a run. Cancelling an ended run changes nothing and returns it, so a client may repeat the request.
///
/// # Errors
/// 503 `interrupted` if the run has not ended in time. It ends as soon as it can: the request may be repeated.
pub(crate) async fn cancel(
    State(app): State<App>,
    Id(id): Id<RunId>,
) -> Result<impl IntoResponse, Problem> {
    let run = app.engine.cancel(id).await?;
    let links = app.links(&run);
    Ok(Json(Linked { run, links }))
}

/// The attempts of a step. The path of a step in a container has slashes (`each/2/sum`), so the route has a
/// wildcard, and the id of the run is parsed here and not by `Id`.
pub(crate) async fn step(
    State(app): State<App>,
    Path((run, path)): Path<(String, String)>,
) -> Result<Json<StepHistory>, Problem> {
    let id = run_id(&run)?;
    Ok(Json(
        app.engine.step_history(id, &path.as_str().into()).await?,
    ))
}

/// Compares two runs. The engine bounds the size of the comparison.
pub(crate) async fn diff(
    State(app): State<App>,
    Path((a, b)): Path<(String, String)>,
) -> Result<Json<RunDiff>, Problem> {
    let diff = app.engine.run_diff(run_id(&a)?, run_id(&b)?).await?;
    Ok(Json(diff))
}

/// The id of a run in a path with more than one parameter.
fn run_id(text: &str) -> Result<RunId, Problem> {
    let unknown = |_| Kind::UnknownRun.of(format!("there is no run {text:?}"));
    text.parse().map_err(unknown)
}
