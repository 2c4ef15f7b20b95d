//! Workflows: create, list, get, delete, and check without storing.

use axum::{
    extract::State,
    http::{StatusCode, header::LOCATION},
    response::{IntoResponse, Json},
};
use serde::{Deserialize, Serialize};
use workflow_core::{
    Fault, NodeId, NodeOutline, Page, PageRequest, Validation, WorkflowId, WorkflowRecord,
};

use crate::{
    app::App,
    extract::{Id, JsonBody, Limit, Query},
    problem::Problem,
};

pub(crate) async fn create(
    State(app): State<App>,
    JsonBody(spec): JsonBody,
) -> Result<impl IntoResponse, Problem> {
    let created = app.engine.create_workflow(spec).await?;
    let location = [(LOCATION, app.workflow_url(created.record.id))];
    Ok((StatusCode::CREATED, location, Json(created)))
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
) -> Result<Json<WorkflowRecord>, Problem> {
    Ok(Json(app.engine.workflow(id, query.version).await?))
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
#[derive(Serialize)]
pub(crate) struct Checked {
    valid: bool,
    errors: Vec<Fault>,
    warnings: Vec<Fault>,
    graph: Option<Graph>,
}

#[derive(Serialize)]
struct Graph {
    nodes: Vec<NodeOutline>,
    edges: Vec<Edge>,
}

#[derive(Serialize)]
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
