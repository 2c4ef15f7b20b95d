//! Workflows: create, update, list, get, delete, and validate without storing.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header::LOCATION},
    response::{IntoResponse, Json, Response},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use workflow_core::{
    EngineError, Fault, NodeId, WorkflowId,
    engine::Validation,
    event::NodeOutline,
    record::{Page, PageRequest, WorkflowRecord},
    value::Timestamp,
};

use crate::{
    app::App,
    problem::Problem,
    request::{Id, IfMatch, Limit, List, Query, SpecBody, etag, version},
};

/// Stores a workflow as version 1. The response has the record and the warnings of validation.
///
/// # Errors
/// 422 `invalid_workflow` with all faults, those of the JSON text included; 429 `busy` if the store is full.
pub(crate) async fn create(
    State(app): State<App>,
    spec: SpecBody,
) -> Result<impl IntoResponse, Problem> {
    let created = app.engine.create_workflow(spec.spec()?).await?;
    let location = [(LOCATION, app.workflow_url(created.record.id))];
    let etag = etag(created.record.version);
    Ok((StatusCode::CREATED, location, etag, Json(created)))
}

/// Stores the next version of a workflow. With `If-Match`, only if that version is the newest: two editors cannot
/// overwrite each other unnoticed.
///
/// The version is compared once more when the store writes, so of two requests with the same `If-Match` exactly one
/// succeeds. Without `If-Match`, the last request wins; the version before stays readable by its number.
pub(crate) async fn update(
    State(app): State<App>,
    Id(id): Id<WorkflowId>,
    IfMatch(version): IfMatch,
    spec: SpecBody,
) -> Result<impl IntoResponse, Problem> {
    let updated = app
        .engine
        .update_workflow(id, spec.spec()?, version)
        .await?;
    Ok((etag(updated.record.version), Json(updated)))
}

/// The place in a list of workflows or versions.
#[derive(Deserialize)]
pub(crate) struct ListQuery {
    #[serde(default)]
    limit: Limit,
    cursor: Option<String>,
}

/// The newest version of each workflow.
///
/// The list has no filters, so all its cursors have the same mark.
pub(crate) async fn list(
    State(app): State<App>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<WorkflowItem>>, Problem> {
    let list = List::new("workflows", &());
    let page = query.page(&list, |page| app.engine.workflows(page)).await?;
    Ok(Json(page))
}

/// A version of a workflow without its specification, which may be large.
#[derive(Serialize, JsonSchema)]
pub(crate) struct WorkflowItem {
    id: WorkflowId,
    name: Option<String>,
    version: u32,
    created_at: Timestamp,
}

impl From<WorkflowRecord> for WorkflowItem {
    fn from(record: WorkflowRecord) -> Self {
        Self {
            id: record.id,
            name: record.name,
            version: record.version,
            created_at: record.created_at,
        }
    }
}

/// How many records are read at once for a list. The store returns them with their specifications, which may be
/// large and which the list omits.
const READ_BATCH: usize = 10;

impl ListQuery {
    /// A page of the list, read in small batches.
    ///
    /// Memory is bounded by one batch, not by the page: a specification may have a megabyte, and a page 200
    /// workflows. The cursor of the last batch is the cursor of the page.
    async fn page<F>(
        self,
        list: &List,
        read: impl Fn(PageRequest) -> F,
    ) -> Result<Page<WorkflowItem>, Problem>
    where
        F: Future<Output = Result<Page<WorkflowRecord>, EngineError>>,
    {
        let mut page = Page::new(Vec::new(), list.open(self.cursor)?);
        loop {
            // At least 1: `Limit` is, and the loop returns once the page is full.
            let missing = self.limit.0 - page.items.len();
            let some = read(PageRequest::new(missing.min(READ_BATCH), page.next_cursor)).await?;
            page.items
                .extend(some.items.into_iter().map(WorkflowItem::from));
            page.next_cursor = some.next_cursor;
            if page.next_cursor.is_none() || page.items.len() >= self.limit.0 {
                return Ok(list.seal(page));
            }
        }
    }
}

/// The version to return; the newest if absent.
#[derive(Deserialize)]
pub(crate) struct VersionQuery {
    version: Option<u32>,
}

/// A version of a workflow, the newest by default; 304 if the client has it (`If-None-Match`).
///
/// A version is immutable, so its number is a sufficient entity tag. Without `version`, the tag changes when a new
/// version is stored.
///
/// The record is read from the store also if the response is 304: the newest version is not known otherwise.
pub(crate) async fn get(
    State(app): State<App>,
    Id(id): Id<WorkflowId>,
    Query(query): Query<VersionQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let record = app.engine.workflow(id, query.version).await?;
    let etag = etag(record.version);
    if version::is_known(&headers, record.version) {
        // RFC 9110, section 15.4.5: a 304 has the `ETag` that the 200 would have had.
        return Ok((StatusCode::NOT_MODIFIED, etag).into_response());
    }
    Ok((etag, Json(record)).into_response())
}

/// All versions of a workflow, newest first.
///
/// The id of the workflow is in the mark of its cursors: a cursor of another workflow would be a valid number here.
pub(crate) async fn versions(
    State(app): State<App>,
    Id(id): Id<WorkflowId>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<WorkflowItem>>, Problem> {
    let list = List::new("versions", &id);
    let page = query
        .page(&list, |page| app.engine.versions(id, page))
        .await?;
    Ok(Json(page))
}

/// Deletes a workflow. Its runs and the versions that they execute remain. With `If-Match`, only if that version
/// is the newest.
pub(crate) async fn delete(
    State(app): State<App>,
    Id(id): Id<WorkflowId>,
    IfMatch(version): IfMatch,
) -> Result<StatusCode, Problem> {
    app.engine.delete_workflow(id, version).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Validates a specification without storing it. Faults are the result, not a problem: the status is 200.
///
/// A page calls it while the user types, so faults are expected. Text that is not JSON is still 400, since no place
/// in a workflow can be named for it.
pub(crate) async fn validate(
    State(app): State<App>,
    SpecBody(spec): SpecBody,
) -> Result<Json<Checked>, Problem> {
    Ok(Json(match spec {
        Ok(spec) => app.engine.validate(&spec).await?.into(),
        Err(faults) => Validation::of_faults(faults).into(),
    }))
}

/// The result of validation, and the graph of a valid workflow.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Checked {
    valid: bool,
    errors: Vec<Fault>,
    warnings: Vec<Fault>,
    graph: Option<Graph>,
}

/// Nodes and edges, for drawing.
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
    /// An edge for each need. Bodies of maps and loops are not part of the graph: their nodes are nested in
    /// `nodes`.
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
