//! What the routes about the service itself do.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::openapi::{answer::Answer, operation::Operation, schemas::Schemas};
use crate::{
    api::{NodeTypes, Probe},
    metrics::OPEN_METRICS,
    problem::Kind,
    request::JSON,
};

const TAG: &str = "service";

/// The schema of an object that is not described further: documents with a schema of their own.
fn anything(description: &str) -> Value {
    json!({"type": "object", "description": description})
}

pub(crate) fn node_types(schemas: &mut Schemas) -> Operation {
    let types = schemas.sent::<NodeTypes>();
    let answer = Answer::new(StatusCode::OK, "Node types and limits.");
    Operation::new(
        "listNodeTypes",
        TAG,
        "List the node types there are, and the limits",
    )
    .answers(answer.comes_as(JSON, &types))
}

pub(crate) fn workflow_schema(_: &mut Schemas) -> Operation {
    let schema = anything("JSON Schema, draft 2020-12. The same as `Workflow` here.");
    let answer = Answer::new(StatusCode::OK, "The schema.");
    Operation::new(
        "getWorkflowSchema",
        TAG,
        "Read the JSON Schema of the workflow language",
    )
    .answers(answer.comes_as("application/schema+json", &schema))
}

pub(crate) fn document(_: &mut Schemas) -> Operation {
    let answer = Answer::new(StatusCode::OK, "The document.");
    Operation::new("getDescription", TAG, "Read this document")
        .answers(answer.comes_as(JSON, &anything("OpenAPI 3.1.")))
}

pub(crate) fn docs(_: &mut Schemas) -> Operation {
    document_page("getDocumentation", "The contents of the documentation")
}

pub(crate) fn tutorial(_: &mut Schemas) -> Operation {
    document_page("getTutorial", "Your first workflow, as a page")
}

pub(crate) fn language(_: &mut Schemas) -> Operation {
    document_page("getLanguage", "The workflow language, as a page")
}

pub(crate) fn page(_: &mut Schemas) -> Operation {
    document_page("getDescriptionPage", "This document as a page")
}

fn document_page(id: &'static str, summary: &'static str) -> Operation {
    let answer = Answer::new(StatusCode::OK, "The page.");
    Operation::new(id, TAG, summary).open().answers(
        answer
            .comes_as("text/html", &json!({"type": "string"}))
            .header("Cache-Control"),
    )
}

pub(crate) fn healthz(schemas: &mut Schemas) -> Operation {
    let probe = schemas.sent::<Probe>();
    Operation::new("isAlive", TAG, "Whether the service is there")
        .open()
        .answers(Answer::json("It is.", &probe, json!({"status": "ok"})))
}

pub(crate) fn readyz(schemas: &mut Schemas) -> Operation {
    let probe = schemas.sent::<Probe>();
    Operation::new("isReady", TAG, "Whether runs can be started")
        .open()
        .answers(Answer::json(
            "They can.",
            &probe,
            json!({"status": "ready"}),
        ))
        .fails(&[Kind::ShuttingDown, Kind::StoreFailed])
}

pub(crate) fn metrics(_: &mut Schemas) -> Operation {
    let answer = Answer::new(StatusCode::OK, "The numbers, as they are now.");
    let text = json!({"type": "string"});
    Operation::new("getMetrics", TAG, "Read numbers for Prometheus")
        .answers(answer.comes_as(OPEN_METRICS, &text))
        .fails(&[Kind::UnknownPath])
}
