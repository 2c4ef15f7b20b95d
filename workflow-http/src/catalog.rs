//! What the service can do: node types, limits, and that it is there.

use axum::{
    extract::State,
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Json},
};
use serde_json::{Value, json};
use workflow_core::{
    DEFAULT_CONCURRENT_STEPS, DEFAULT_EVENTS, MAX_ITEMS, MAX_NESTING, MAX_NODES, MAX_OUTPUT_BYTES,
    MAX_RESULT_BYTES, MAX_TEMPLATE_BYTES, NodeType, PageRequest,
};

use crate::{app::App, problem::Problem};

pub(crate) async fn node_types(State(app): State<App>) -> Json<Value> {
    let items: Vec<&NodeType> = app.engine.registry().types().collect();
    Json(json!({
        "items": items,
        "limits": {
            "body_bytes": app.options.max_body_bytes,
            "nodes": MAX_NODES,
            "nesting": MAX_NESTING,
            "map_items": MAX_ITEMS,
            "concurrent_steps": DEFAULT_CONCURRENT_STEPS,
            "events": DEFAULT_EVENTS,
            "output_bytes": MAX_OUTPUT_BYTES,
            "result_bytes": MAX_RESULT_BYTES,
            "template_bytes": MAX_TEMPLATE_BYTES,
            "page_items": PageRequest::MAX_LIMIT,
        },
        "simulated": app.options.simulated,
    }))
}

/// The JSON Schema of the language, with the node types there are.
pub(crate) async fn workflow_schema(State(app): State<App>) -> impl IntoResponse {
    let json = [(CONTENT_TYPE, "application/schema+json")];
    (json, Json(app.engine.registry().language_schema()))
}

/// Whether runs can be started: the engine takes them, and the store can be written.
pub(crate) async fn readyz(State(app): State<App>) -> Result<Json<Value>, Problem> {
    app.engine.ready().await?;
    Ok(Json(json!({"status": "ready"})))
}

pub(crate) async fn healthz() -> Json<Value> {
    Json(json!({"status": "ok"}))
}
