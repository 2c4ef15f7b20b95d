//! Routes about the service itself: node types and limits, the schema of specifications, probes.

use axum::{
    extract::State,
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Json},
};
use schemars::JsonSchema;
use serde::Serialize;
use workflow_core::{engine::EngineLimits, node::NodeType, record::PageRequest, value::Timestamp};

use crate::{app::App, problem::Problem};

/// The node types of the registry, and the limits that a client can check before it sends a request.
#[derive(Serialize, JsonSchema)]
pub(crate) struct NodeTypes<'a> {
    items: Vec<&'a NodeType>,
    limits: Bounds,
    /// Whether the replies of models are simulated.
    simulated: bool,
    /// The name of the instance that answers, if there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<&'a str>,
    /// How many instances serve the same workflows and runs, if there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    instances: Option<usize>,
}

/// Limits of the service and of its engine.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Limits")]
struct Bounds {
    /// The most bytes of a request body.
    body_bytes: usize,
    /// The most items of a page of a list.
    page_items: usize,
    /// The limits of the engine.
    #[serde(flatten)]
    engine: EngineLimits,
}

/// `GET /api/node-types`. The response is built here and not returned as `Json`: it borrows from the registry,
/// which this function borrows from `app`.
///
/// The response does not change while the process runs, since a registry is complete when the engine is built.
pub(crate) async fn node_types(State(app): State<App>) -> impl IntoResponse {
    let types = NodeTypes {
        items: app.engine.registry().types().collect(),
        limits: Bounds {
            body_bytes: app.options.limits.body_bytes,
            page_items: PageRequest::MAX_LIMIT,
            engine: app.engine.limits(),
        },
        simulated: app.options.simulated,
        instance: app.options.instance.as_deref(),
        instances: app.engine.fleet_status().map(|fleet| fleet.instances),
    };
    Json(types).into_response()
}

/// The JSON Schema of specifications, with the `data` of every registered node type. Editors use it.
pub(crate) async fn workflow_schema(State(app): State<App>) -> impl IntoResponse {
    let json = [(CONTENT_TYPE, "application/schema+json")];
    (json, Json(app.engine.registry().language_schema()))
}

/// The result of a probe.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Probe {
    status: &'static str,
    /// What does not work, although the service can be used.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<&'static str>,
}

/// Readiness: the engine accepts runs and the store can be written. Otherwise the problem of the engine, 503.
///
/// For load balancers: a service that is not ready gets no new requests, and the process is left alone. The engine
/// checks the store at most twice a second, so frequent probes cost little.
pub(crate) async fn readyz(State(app): State<App>) -> Result<Json<Probe>, Problem> {
    app.engine.ready().await?;
    let mut warnings = Vec::new();
    // Not a failure: runs are stored, and those under way continue. Every instance would be taken out of service at once.
    if let Some(fleet) = app.engine.fleet_status()
        && !fleet.is_dispatcher_reachable(Timestamp::now())
    {
        warnings.push("the dispatcher was not reached in the last 10 s: new runs wait");
    }
    Ok(Json(Probe {
        status: "ready",
        warnings,
    }))
}

/// Liveness: the process serves requests. It does not touch the store: restarting the service would not repair it.
///
/// For orchestrators: a process that is not alive is restarted.
pub(crate) async fn healthz() -> Json<Probe> {
    Json(Probe {
        status: "ok",
        warnings: Vec::new(),
    })
}
