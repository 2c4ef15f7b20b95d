//! What the routes of workflows do.

use axum::http::StatusCode;
use workflow_core::{
    engine::Created,
    record::{Page, WorkflowRecord},
};

use super::examples;
use crate::openapi::{
    answer::Answer,
    body::Body,
    operation::Operation,
    parameter::{CURSOR, IF_MATCH, IF_NONE_MATCH, LIMIT, VERSION, WORKFLOW},
    schemas::Schemas,
};
use crate::{
    api::{Checked, WorkflowItem},
    problem::Kind,
};

const TAG: &str = "workflows";

/// The operations that take the id of a workflow.
const FROM_WORKFLOW: [&str; 6] = [
    "getWorkflow",
    "updateWorkflow",
    "listVersions",
    "runWorkflow",
    "startRun",
    "deleteWorkflow",
];

fn spec() -> Body {
    Body::json(Schemas::workflow(), examples::workflow())
}

pub(crate) fn create(schemas: &mut Schemas) -> Operation {
    let schema = schemas.sent::<Created>();
    let created = Answer::json(
        "The workflow, as version 1.",
        &schema,
        examples::stored_workflow(),
    );
    Operation::new("createWorkflow", TAG, "Store a workflow")
        .about("A workflow with faults is refused whole, with all of them.")
        .body(spec())
        .answers(
            created
                .with_status(StatusCode::CREATED)
                .header("Location")
                .header("ETag")
                .leads_to(&FROM_WORKFLOW),
        )
        .fails(&[Kind::InvalidWorkflow, Kind::StoreFailed])
}

pub(crate) fn list(schemas: &mut Schemas) -> Operation {
    let page = schemas.sent::<Page<WorkflowItem>>();
    Operation::new("listWorkflows", TAG, "List workflows, newest first")
        .takes([LIMIT, CURSOR])
        .answers(Answer::json("Some of them.", &page, examples::workflows()))
        .fails(&[Kind::BadCursor, Kind::StoreFailed])
}

pub(crate) fn validate(schemas: &mut Schemas) -> Operation {
    let checked = schemas.sent::<Checked>();
    Operation::new(
        "validateWorkflow",
        TAG,
        "Check a workflow without storing it",
    )
    .body(spec())
    .answers(Answer::json(
        "What was found: every fault and warning, and the graph of a valid workflow.",
        &checked,
        examples::validation(),
    ))
    .fails(&[Kind::StoreFailed])
}

pub(crate) fn get(schemas: &mut Schemas) -> Operation {
    let record = schemas.sent::<WorkflowRecord>();
    let known = Answer::new(StatusCode::NOT_MODIFIED, "The client has this version.");
    Operation::new("getWorkflow", TAG, "Read a workflow")
        .takes([WORKFLOW, VERSION, IF_NONE_MATCH])
        .answers(Answer::json("The workflow.", &record, examples::stored_workflow()).header("ETag"))
        .answers(known.header("ETag"))
        .fails(&[Kind::UnknownVersion, Kind::StoreFailed])
}

pub(crate) fn update(schemas: &mut Schemas) -> Operation {
    let created = schemas.sent::<Created>();
    Operation::new(
        "updateWorkflow",
        TAG,
        "Store the next version of a workflow",
    )
    .about("Runs keep the version they were started with.")
    .takes([WORKFLOW, IF_MATCH])
    .body(spec())
    .answers(Answer::json("The new version.", &created, examples::stored_workflow()).header("ETag"))
    .fails(&[Kind::InvalidWorkflow, Kind::StoreFailed])
}

pub(crate) fn delete(_: &mut Schemas) -> Operation {
    Operation::new("deleteWorkflow", TAG, "Delete a workflow")
        .about("The versions that runs pin are kept for them; live runs go on.")
        .takes([WORKFLOW, IF_MATCH])
        .answers(Answer::new(StatusCode::NO_CONTENT, "It is gone."))
        .fails(&[Kind::StoreFailed])
}

pub(crate) fn versions(schemas: &mut Schemas) -> Operation {
    let page = schemas.sent::<Page<WorkflowItem>>();
    Operation::new(
        "listVersions",
        TAG,
        "List the versions of a workflow, newest first",
    )
    .takes([WORKFLOW, LIMIT, CURSOR])
    .answers(Answer::json("Some of them.", &page, examples::versions()))
    .fails(&[Kind::BadCursor, Kind::StoreFailed])
}
