//! What the service can do: node types, limits, and that it is there.

use axum::{
    extract::State,
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Json},
};
use schemars::JsonSchema;
use serde::Serialize;
use workflow_core::{
    DEFAULT_CONCURRENT_STEPS, DEFAULT_EVENTS, MAX_ITEMS, MAX_NESTING, MAX_NODES, MAX_OUTPUT_BYTES,
    MAX_RESULT_BYTES, MAX_TEMPLATE_BYTES, NodeType, PageRequest,
};

use crate::{app::App, options::Options, problem::Problem};

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
    body_bytes: usize,
    nodes: usize,
    nesting: usize,
    map_items: usize,
    concurrent_steps: usize,
    events: u64,
    output_bytes: usize,
    result_bytes: usize,
    template_bytes: usize,
    page_items: usize,
}

impl Bounds {
    fn of(options: &Options) -> Self {
        Self {
            body_bytes: options.limits.body_bytes,
            nodes: MAX_NODES,
            nesting: MAX_NESTING,
            map_items: MAX_ITEMS,
            concurrent_steps: DEFAULT_CONCURRENT_STEPS,
            events: DEFAULT_EVENTS,
            output_bytes: MAX_OUTPUT_BYTES,
            result_bytes: MAX_RESULT_BYTES,
            template_bytes: MAX_TEMPLATE_BYTES,
            page_items: PageRequest::MAX_LIMIT,
        }
    }
}

pub(crate) async fn node_types(State(app): State<App>) -> impl IntoResponse {
    let types = NodeTypes {
        items: app.engine.registry().types().collect(),
        limits: Bounds::of(&app.options),
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
