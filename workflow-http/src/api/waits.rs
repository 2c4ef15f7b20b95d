//! Waits: answers to steps that wait for a person.

use axum::{
    extract::State,
    response::{IntoResponse, Json},
};
use workflow_core::{RunId, value::WaitId};

use crate::{
    app::{App, Linked},
    problem::{Kind, Problem},
    request::{JsonBody, Path},
};

/// Answers a wait. The body is the answer itself, of any JSON shape; the engine checks it against the schema of
/// the step. Only the first answer counts: a second one is 409 `wait_answered`.
///
/// The first answer again is a success, not 409. So a client that has lost the connection can repeat its request.
///
/// The ids are parsed here and not by `Id`, which reads a path with a single parameter. As there, a malformed id is
/// an unknown one: 404.
pub(crate) async fn answer(
    State(app): State<App>,
    Path((run, wait)): Path<(String, String)>,
    JsonBody(payload): JsonBody,
) -> Result<impl IntoResponse, Problem> {
    let run: RunId =
        (run.parse()).map_err(|_| Kind::UnknownRun.of(format!("there is no run {run:?}")))?;
    let wait: WaitId = (wait.parse())
        .map_err(|_| Kind::UnknownWait.of(format!("the run has no wait {wait:?}")))?;
    let run = app.engine.answer(run, wait, payload).await?;
    let links = app.links(&run);
    Ok(Json(Linked { run, links }))
}
