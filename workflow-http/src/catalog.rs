//! What the service can do: node types, limits, and that it is there.

use axum::{extract::State, response::Json};
use serde_json::{Value, json};
use workflow_core::{MAX_TEMPLATE_BYTES, NodeType, PageRequest};

use crate::app::App;

pub(crate) async fn node_types(State(app): State<App>) -> Json<Value> {
    let items: Vec<&NodeType> = app.engine.registry().types().collect();
    Json(json!({
        "items": items,
        "limits": {
            "body_bytes": app.options.max_body_bytes,
            "template_bytes": MAX_TEMPLATE_BYTES,
            "page_items": PageRequest::MAX_LIMIT,
        },
        "simulated": app.options.simulated,
    }))
}

pub(crate) async fn healthz() -> Json<Value> {
    Json(json!({"status": "ok"}))
}
