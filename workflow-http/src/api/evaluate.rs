//! Evaluates an expression in a run.

use axum::{extract::State, response::Json};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use workflow_core::{RunId, value::StepPath};

use crate::{
    app::App,
    problem::Problem,
    request::{Id, Shape, Typed},
};

/// Where an expression is evaluated.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EvaluateRequest {
    /// The path of a step, such as `each/2/sum`.
    #[schemars(with = "String")]
    at: StepPath,
    /// The expression, without braces: at most 1,000 bytes.
    expression: String,
}

impl Shape for EvaluateRequest {
    const LIKE: &'static str = r#"{"at": "answer", "expression": "draft.output | length"}"#;
}

/// The value of an expression.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Evaluated {
    /// Any JSON of at most 64 KiB.
    value: Value,
}

/// The value of an expression with what a step could read when it was decided. Nothing is executed.
pub(crate) async fn evaluate(
    State(app): State<App>,
    Id(run): Id<RunId>,
    Typed(request): Typed<EvaluateRequest>,
) -> Result<Json<Evaluated>, Problem> {
    let value = app.engine.evaluate(run, &request.at, &request.expression);
    Ok(Json(Evaluated {
        value: value.await?,
    }))
}
