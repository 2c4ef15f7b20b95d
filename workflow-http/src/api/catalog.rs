//! What the service can do: node types, limits, and that it is there.

use axum::{
    extract::State,
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Json},
};
use schemars::JsonSchema;
use serde::Serialize;
use workflow_core::{engine::EngineLimits, node::NodeType, record::PageRequest};

use crate::{app::App, problem::Problem};

/// What workflows can be made of, and how large they may be.
#[derive(Serialize, JsonSchema)]
pub(crate) struct NodeTypes<'a> {
    items: Vec<&'a NodeType>,
    limits: Bounds,
    /// Whether the answers of models are simulated.
    simulated: bool,
}

/// The most there may be of everything.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Limits")]
struct Bounds {
    /// Bytes of the body of a request.
    body_bytes: usize,
    /// Items of a page of a list.
    page_items: usize,
    /// Those of the engine.
    #[serde(flatten)]
    engine: EngineLimits,
}

pub(crate) async fn node_types(State(app): State<App>) -> impl IntoResponse {
    let types = NodeTypes {
        items: app.engine.registry().types().collect(),
        limits: Bounds {
            body_bytes: app.options.limits.body_bytes,
            page_items: PageRequest::MAX_LIMIT,
            engine: app.engine.limits(),
        },
        simulated: app.options.simulated,
    };
    Json(types).into_response()
}

/// The JSON Schema of the language, with the node types there are.
pub(crate) async fn workflow_schema(State(app): State<App>) -> impl IntoResponse {
    let json = [(CONTENT_TYPE, "application/schema+json")];
    (json, Json(app.engine.registry().language_schema()))
}

/// How the service is, in a word.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Probe {
    status: &'static str,
}

/// Whether runs can be started: the engine takes them, and the store can be written.
pub(crate) async fn readyz(State(app): State<App>) -> Result<Json<Probe>, Problem> {
    app.engine.ready().await?;
    Ok(Json(Probe { status: "ready" }))
}

pub(crate) async fn healthz() -> Json<Probe> {
    Json(Probe { status: "ok" })
}
