//! Workflows: create, update, list, get, delete, and check without storing.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header::LOCATION},
    response::{IntoResponse, Json, Response},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use workflow_core::{
    Fault, NodeId, NodeOutline, Page, PageRequest, Timestamp, Validation, WorkflowId,
    WorkflowRecord,
};

use crate::{
    app::App,
    extract::{Id, JsonBody, Limit, Query},
    problem::Problem,
    version::{self, IfMatch, etag},
};

pub(crate) async fn create(
    State(app): State<App>,
    JsonBody(spec): JsonBody,
) -> Result<impl IntoResponse, Problem> {
    let created = app.engine.create_workflow(spec).await?;
    let location = [(LOCATION, app.workflow_url(created.record.id))];
    let etag = etag(created.record.version);
    Ok((StatusCode::CREATED, location, etag, Json(created)))
}

/// Stores the next version of a workflow.
pub(crate) async fn update(
    State(app): State<App>,
    Id(id): Id<WorkflowId>,
    IfMatch(version): IfMatch,
    JsonBody(spec): JsonBody,
) -> Result<impl IntoResponse, Problem> {
    let updated = app.engine.update_workflow(id, spec, version).await?;
    Ok((etag(updated.record.version), Json(updated)))
}

#[derive(Deserialize)]
pub(crate) struct ListQuery {
    #[serde(default)]
    limit: Limit,
    cursor: Option<String>,
}

pub(crate) async fn list(
    State(app): State<App>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<WorkflowRecord>>, Problem> {
    let page = PageRequest::new(query.limit.0, query.cursor);
    Ok(Json(app.engine.workflows(page).await?))
}

#[derive(Deserialize)]
pub(crate) struct VersionQuery {
    version: Option<u32>,
}

pub(crate) async fn get(
    State(app): State<App>,
    Id(id): Id<WorkflowId>,
    Query(query): Query<VersionQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let record = app.engine.workflow(id, query.version).await?;
    let etag = etag(record.version);
    if version::is_known(&headers, record.version) {
        return Ok((StatusCode::NOT_MODIFIED, etag).into_response());
    }
    Ok((etag, Json(record)).into_response())
}

/// A version without its specification, which `?version=` gives.
#[derive(Serialize, JsonSchema)]
pub(crate) struct VersionItem {
    version: u32,
    name: Option<String>,
    created_at: Timestamp,
}

pub(crate) async fn versions(
    State(app): State<App>,
    Id(id): Id<WorkflowId>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<VersionItem>>, Problem> {
    let page = PageRequest::new(query.limit.0, query.cursor);
    let page = app.engine.versions(id, page).await?;
    let items = page.items.into_iter().map(|record| VersionItem {
        version: record.version,
        name: record.name,
        created_at: record.created_at,
    });
    Ok(Json(Page::new(items.collect(), page.next_cursor)))
}

pub(crate) async fn delete(
    State(app): State<App>,
    Id(id): Id<WorkflowId>,
) -> Result<StatusCode, Problem> {
    app.engine.delete_workflow(id).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn validate(
    State(app): State<App>,
    JsonBody(spec): JsonBody,
) -> Result<Json<Checked>, Problem> {
    Ok(Json(app.engine.validate(&spec).await?.into()))
}

/// What a check found; the graph of a valid workflow.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Checked {
    valid: bool,
    errors: Vec<Fault>,
    warnings: Vec<Fault>,
    graph: Option<Graph>,
}

#[derive(Serialize, JsonSchema)]
struct Graph {
    nodes: Vec<NodeOutline>,
    edges: Vec<Edge>,
}

#[derive(Serialize, JsonSchema)]
struct Edge {
    from: NodeId,
    to: NodeId,
}

impl From<Validation> for Checked {
    fn from(found: Validation) -> Self {
        let graph = found.nodes.map(|nodes| Graph::of(&nodes));
        Self {
            valid: found.faults.is_empty(),
            errors: found.faults,
            warnings: found.warnings,
            graph,
        }
    }
}

impl Graph {
    fn of(nodes: &[NodeOutline]) -> Self {
        let edges = nodes.iter().flat_map(|node| {
            let to = &node.id;
            node.needs.iter().map(|from| Edge {
                from: from.clone(),
                to: to.clone(),
            })
        });
        Self {
            edges: edges.collect(),
            nodes: nodes.to_vec(),
        }
    }
}
