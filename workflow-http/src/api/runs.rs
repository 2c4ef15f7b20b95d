//! Runs: start, do again, list, get, cancel, delete.

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
    view::StepHistory,
};

use super::run_request::{RetryRequest, RunRequest};
use crate::{
    app::{App, Linked},
    problem::{Kind, Problem},
    request::{
        EVENT_STREAM, Id, IdempotencyKey, JSON, Limit, List, OptionalTyped, Path, Query, Typed,
        VARY_ACCEPT, accept,
    },
    sse::{events, legacy},
};

/// Starts a run and answers with it, or with the stream of its events. Where there is no stream to be
/// had, the run has started all the same, and the headers of the problem say which it is.
pub(crate) async fn start(
    State(app): State<App>,
    Id(workflow): Id<WorkflowId>,
    headers: HeaderMap,
    key: IdempotencyKey,
    Typed(request): Typed<RunRequest>,
) -> Result<Response, Problem> {
    let form = accept::choose(&headers, &[JSON, EVENT_STREAM])?;
    let run = app.engine.start(request.of(workflow, key)).await?;
    let run_headers = app.run_headers(run.id);
    if form == EVENT_STREAM {
        let stream = events::follow(&app, run.id, 0).await;
        return Ok((VARY_ACCEPT, run_headers, stream).into_response());
    }
    let links = app.links(&run);
    let body = Json(Linked { run, links });
    Ok((StatusCode::ACCEPTED, VARY_ACCEPT, run_headers, body).into_response())
}

/// Starts a run and answers with the prototype's frames.
pub(crate) async fn run(
    State(app): State<App>,
    Id(workflow): Id<WorkflowId>,
    key: IdempotencyKey,
    Typed(request): Typed<RunRequest>,
) -> Result<Response, Problem> {
    let run = app.engine.start(request.of(workflow, key)).await?;
    Ok((app.run_headers(run.id), legacy::follow(&app, run.id).await).into_response())
}

/// Does a run again, as a new one.
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
    /// The list that is asked for, and the page of it.
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

/// Some of the runs, and how many there are in all.
#[derive(Serialize, JsonSchema)]
pub(crate) struct RunPage {
    #[serde(flatten)]
    page: Page<RunRecord>,
    counts: RunCounts,
}

pub(crate) async fn list(
    State(app): State<App>,
    Query(query): Query<ListQuery>,
) -> Result<Json<RunPage>, Problem> {
    let (list, query) = query.read()?;
    let counts = app.engine.count_runs(&query).await?;
    let page = list.seal(app.engine.runs(query).await?);
    Ok(Json(RunPage { page, counts }))
}

pub(crate) async fn delete(
    State(app): State<App>,
    Id(id): Id<RunId>,
) -> Result<StatusCode, Problem> {
    app.engine.delete_run(id).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn get(
    State(app): State<App>,
    Id(id): Id<RunId>,
) -> Result<impl IntoResponse, Problem> {
    let report = app.engine.run_report(id).await?;
    let links = app.links(&report.record);
    Ok(Json(Linked { run: report, links }))
}

pub(crate) async fn cancel(
    State(app): State<App>,
    Id(id): Id<RunId>,
) -> Result<impl IntoResponse, Problem> {
    let run = app.engine.cancel(id).await?;
    let links = app.links(&run);
    Ok(Json(Linked { run, links }))
}

/// One step, attempt by attempt. Its path may have slashes in it.
pub(crate) async fn step(
    State(app): State<App>,
    Path((run, path)): Path<(String, String)>,
) -> Result<Json<StepHistory>, Problem> {
    let Ok(id) = run.parse() else {
        return Err(Kind::UnknownRun.of(format!("there is no run {run:?}")));
    };
    Ok(Json(
        app.engine.step_history(id, &path.as_str().into()).await?,
    ))
}
