//! Predictions: what a request that starts or retries a run would do. Nothing is started.

use axum::{extract::State, response::Json};
use workflow_core::{RunId, WorkflowId, view::Prediction};

use super::run_request::{RetryRequest, RunRequest};
use crate::{
    app::App,
    problem::Problem,
    request::{Id, IdempotencyKey, OptionalTyped, Typed},
};

/// What a first run would do. The body is that of a start.
pub(crate) async fn of_workflow(
    State(app): State<App>,
    Id(workflow): Id<WorkflowId>,
    Typed(request): Typed<RunRequest>,
) -> Result<Json<Prediction>, Problem> {
    let run = request.of(workflow, IdempotencyKey(None));
    Ok(Json(app.engine.predict(run).await?))
}

/// What a retry would do. The body is that of the retry.
pub(crate) async fn of_run(
    State(app): State<App>,
    Id(run): Id<RunId>,
    OptionalTyped(request): OptionalTyped<RetryRequest>,
) -> Result<Json<Prediction>, Problem> {
    let retry = request.of(run, IdempotencyKey(None));
    Ok(Json(app.engine.predict_retry(retry).await?))
}
