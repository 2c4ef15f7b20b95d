//! The document as a whole.

use axum::http::Method;
use serde_json::{Map, Value, json};
use workflow_core::{Registry, RunStatus};

use super::{answer, operation::Route, parameter, schemas::Schemas};
use crate::{
    docs,
    options::Options,
    problem::{Body, Kind},
};

const ABOUT: &str = "Describe a workflow as JSON, run it, and watch it live.\n\n\
    A run belongs to the service, not to a connection: every stream is a view of the run's log, and \
    closing it changes nothing. Every answer that is not a success is `application/problem+json`, with \
    a `code` for programs. `HEAD` is answered where `GET` is, and `OPTIONS` says which methods a path \
    takes; any other method is a 405 with `Allow`. Clients must ignore types of events and fields \
    that they do not know.";

/// Builds the document. It is built once per router: it depends on the registry and on the options, not on the
/// request.
///
/// The descriptions must run before the schemas are collected, since each registers the schemas that it refers to.
pub(super) fn of(table: &[Route], registry: &Registry, options: &Options) -> Value {
    let mut schemas = Schemas::new(registry.language_schema());
    let paths = paths(table, &mut schemas);
    let status = schemas.sent::<RunStatus>();
    schemas.sent::<Body>();
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Workflow runner",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "externalDocs": {
            "description": "This document as a page.",
            "url": format!("{}{}", options.base_path, docs::INDEX),
        },
        "servers": [{"url": if options.base_path.is_empty() { "/" } else { &options.base_path }}],
        "tags": [
            {"name": "workflows", "description": "Workflows and their versions."},
            {"name": "runs", "description": "Runs: start, follow, answer, do again."},
            {"name": "service", "description": "What the service can do, and how it is."},
        ],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            },
            "parameters": parameter::all(&status),
            "headers": answer::headers(),
            "schemas": schemas.components(),
        },
    });
    // Derived, it is any string: the type of a problem knows no codes. The table of kinds does.
    document["components"]["schemas"]["HttpProblem"]["properties"]["code"] = codes();
    // Without keys, a document that requires one would make generated clients demand it.
    if !options.api_keys.is_empty() {
        document["security"] = json!([{"bearer": []}, {"apiKey": []}]);
    }
    document
}

/// The paths, each with its methods. OpenAPI has no parameter that spans segments, as `{*path}` of axum does: it is
/// written as a plain one, and clients that encode the slashes as `%2F` are understood.
fn paths(table: &[Route], schemas: &mut Schemas) -> Map<String, Value> {
    let mut paths = Map::new();
    for route in table {
        let operation = (route.describe)(schemas)
            .fails(&route.refusals)
            .into_json(&route.method);
        let path = paths.entry(route.path.replace("{*", "{"));
        let path =
            path.or_insert_with(|| json!({"parameters": [parameter::TRACEPARENT.to_json()]}));
        path[method(&route.method)] = operation;
    }
    paths
}

fn method(method: &Method) -> String {
    method.as_str().to_ascii_lowercase()
}

fn codes() -> Value {
    let codes: Vec<&str> = Kind::ALL.iter().map(|kind| kind.code()).collect();
    json!({"type": "string", "description": "What programs match on.", "enum": codes})
}
