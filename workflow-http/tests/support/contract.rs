//! Checks every response of every test against the OpenAPI document. Fields that the document does not have fail the
//! test.

use std::sync::{Arc, LazyLock};

use axum::http::{HeaderMap, Method, StatusCode, Uri, header::CONTENT_TYPE};
use jsonschema::Validator;
use serde_json::{Value, json};
use workflow_core::{LocalEngine, Registry};
use workflow_http::Options;

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let mut document = super::document_of(workflow_http::router(
        Arc::new(LocalEngine::builder(Registry::default()).build()),
        Options::default(),
    ));
    let schemas = document["components"]["schemas"].as_object_mut();
    schemas
        .expect("there are schemas")
        .values_mut()
        .for_each(deny_unknown);
    document
});

/// Checks a response against the document. Paths without a route are not in the document and not checked.
pub fn check(method: &Method, uri: &Uri, status: StatusCode, headers: &HeaderMap, body: &str) {
    let Some(path) = path_of(uri.path()) else {
        return;
    };
    let asked = if *method == Method::HEAD {
        "get".to_owned()
    } else {
        method.as_str().to_lowercase()
    };
    let operation = &DOCUMENT["paths"][path][asked.as_str()];
    if operation.is_null() {
        let answered = status.as_u16();
        assert!(
            [200, 204, 401, 403, 405].contains(&answered),
            "{method} {path} has the undocumented status {status}"
        );
        return;
    }
    let answer = &operation["responses"][status.as_str()];
    assert!(
        answer.is_object(),
        "{method} {path} does not tell of {status}: {body}"
    );
    for (name, _) in headers {
        let is_documented = answer["headers"]
            .as_object()
            .expect("they are documented")
            .keys()
            .any(|it| name == it.as_str());
        assert!(
            is_documented || BY_THE_WAY.contains(&name.as_str()),
            "{method} {path} does not tell of {name}, {status}"
        );
    }
    if *method == Method::HEAD {
        return;
    }
    let media_type = headers
        .get(CONTENT_TYPE)
        .map(|it| it.to_str().expect("it is a text"));
    let Some(media_type) = media_type else {
        assert!(
            answer["content"].is_null() && body.is_empty(),
            "{method} {path}: {status} has no body"
        );
        return;
    };
    let media_type = media_type.split(';').next().unwrap_or_default();
    let media = &answer["content"][media_type];
    assert!(
        media.is_object(),
        "{method} {path} does not tell of {media_type}, {status}"
    );
    if media_type == "text/event-stream" {
        check_stream(
            &media["schema"]["properties"]["data"]["contentSchema"],
            body,
        );
    } else if media_type == "application/x-ndjson" {
        for line in body.lines() {
            let event = serde_json::from_str(line).expect("each line is JSON");
            check_value(&media["schema"], &event);
        }
    } else if media_type.ends_with("json") {
        let value = serde_json::from_str(body).expect("it is JSON");
        check_value(&media["schema"], &value);
    }
}

/// Headers that are not part of the description of an operation.
const BY_THE_WAY: [&str; 9] = [
    "content-type",
    "content-length",
    "content-security-policy",
    "x-content-type-options",
    "vary",
    "allow",
    "access-control-allow-origin",
    "access-control-expose-headers",
    "connection",
];

/// Checks each event of a stream, or of a part of one, against its schema.
fn check_stream(schema: &Value, body: &str) {
    let data = body.lines().filter_map(|line| line.strip_prefix("data: "));
    for data in data {
        let event = serde_json::from_str(data).expect("each event is JSON");
        check_value(schema, &event);
    }
}

/// Checks a frame of a stream against the schema of its name.
pub fn check_frame(frame: &str) {
    let name = if frame.lines().any(|line| line.starts_with("event: ")) {
        "Update"
    } else {
        "Frame"
    };
    check_stream(
        &json!({"$ref": format!("#/components/schemas/{name}")}),
        frame,
    );
}

fn check_value(schema: &Value, value: &Value) {
    let errors: Vec<String> = validator(schema)
        .iter_errors(value)
        .map(|error| error.to_string())
        .collect();
    assert!(
        errors.is_empty(),
        "{schema} does not take {value}: {errors:#?}"
    );
}

/// The validator of a schema of the document.
pub fn validator(schema: &Value) -> Validator {
    let whole = json!({"allOf": [schema], "components": DOCUMENT["components"]});
    jsonschema::options()
        .should_validate_formats(true)
        .build(&whole)
        .expect("the schema is one")
}

/// The path of the document that matches this one.
fn path_of(path: &str) -> Option<&'static str> {
    let paths = DOCUMENT["paths"].as_object()?;
    let exact = paths.keys().find(|it| *it == path);
    exact
        .or_else(|| paths.keys().find(|documented| is_like(documented, path)))
        .map(String::as_str)
}

fn is_like(documented: &str, path: &str) -> bool {
    if let Some(before) = documented.strip_suffix("/steps/{path}") {
        return path
            .split_once("/steps/")
            .is_some_and(|(run, step)| !step.is_empty() && is_like(before, run));
    }
    let (documented, path): (Vec<_>, Vec<_>) =
        (documented.split('/').collect(), path.split('/').collect());
    let fits = |(documented, part): (&&str, &&str)| {
        documented == part || documented.starts_with('{') && !part.is_empty()
    };
    documented.len() == path.len() && documented.iter().zip(&path).all(fits)
}

/// Makes a schema refuse unknown properties.
fn deny_unknown(schema: &mut Value) {
    let Value::Object(parts) = schema else { return };
    if let Some(Value::Object(properties)) = parts.get_mut("properties") {
        properties.values_mut().for_each(deny_unknown);
        parts.insert("unevaluatedProperties".to_owned(), false.into());
    }
    if let Some(items) = parts.get_mut("items") {
        deny_unknown(items);
    }
}
