//! Runs: start, list, get, cancel.

use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Json, Response},
};
use serde::Deserialize;
use workflow_core::{
    Page, PageRequest, RunId, RunQuery, RunRecord, RunStatus, StepHistory, WorkflowId,
};

use crate::{
    accept::{self, EVENT_STREAM},
    app::App,
    events,
    extract::{Id, Limit, Query},
    legacy,
    problem::{Kind, Problem},
    run_request::RunRequest,
};

/// Starts a run and answers with it, or with the stream of its events.
pub(crate) async fn start(
    State(app): State<App>,
    Id(workflow): Id<WorkflowId>,
    headers: HeaderMap,
    request: RunRequest,
) -> Result<Response, Problem> {
    let run = app.engine.start(request.of(workflow)).await?;
    let run_headers = app.run_headers(run.id);
    if accept::names(&headers, EVENT_STREAM) {
        return Ok((run_headers, events::follow(&app, run.id, 0).await?).into_response());
    }
    let run = app.linked(run.clone(), run.id, run.workflow.id);
    Ok((StatusCode::ACCEPTED, run_headers, Json(run)).into_response())
}

/// Starts a run and answers with the prototype's frames.
pub(crate) async fn run(
    State(app): State<App>,
    Id(workflow): Id<WorkflowId>,
    request: RunRequest,
) -> Result<Response, Problem> {
    let run = app.engine.start(request.of(workflow)).await?;
    Ok((app.run_headers(run.id), legacy::follow(&app, run.id).await?).into_response())
}

#[derive(Deserialize)]
pub(crate) struct ListQuery {
    workflow_id: Option<WorkflowId>,
    status: Option<RunStatus>,
    #[serde(default)]
    limit: Limit,
    cursor: Option<String>,
}

impl From<ListQuery> for RunQuery {
    fn from(asked: ListQuery) -> Self {
        let mut query = RunQuery::default();
        query.workflow_id = asked.workflow_id;
        query.status = asked.status;
        query.page = PageRequest::new(asked.limit.0, asked.cursor);
        query
    }
}

pub(crate) async fn list(
    State(app): State<App>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<RunRecord>>, Problem> {
    Ok(Json(app.engine.runs(query.into()).await?))
}

pub(crate) async fn get(
    State(app): State<App>,
    Id(id): Id<RunId>,
) -> Result<impl IntoResponse, Problem> {
    let report = app.engine.run(id).await?;
    let workflow = report.record.workflow.id;
    Ok(Json(app.linked(report, id, workflow)))
}

pub(crate) async fn cancel(
    State(app): State<App>,
    Id(id): Id<RunId>,
) -> Result<impl IntoResponse, Problem> {
    let run = app.engine.cancel(id).await?;
    let workflow = run.workflow.id;
    Ok(Json(app.linked(run, id, workflow)))
}

/// One step, attempt by attempt. Its path may have slashes in it.
pub(crate) async fn step(
    State(app): State<App>,
    Path((run, path)): Path<(String, String)>,
) -> Result<Json<StepHistory>, Problem> {
    let Ok(id) = run.parse() else {
        return Err(Kind::UnknownRun.of(format!("there is no run {run:?}")));
    };
    Ok(Json(app.engine.step(id, &path.as_str().into()).await?))
}
