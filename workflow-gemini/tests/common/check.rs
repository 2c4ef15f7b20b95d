//! Checks a request body as the API does: names, types, and fields that exclude each other.

use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::{Value, json};

static REQUEST: LazyLock<Validator> = LazyLock::new(|| {
    let schema = include_str!("../fixtures/request.schema.json");
    jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap()
});

/// The faults of a body.
pub(crate) fn faults(body: &[u8]) -> Vec<String> {
    let body: Value = match serde_json::from_slice(body) {
        Ok(body) => body,
        Err(error) => return vec![error.to_string()],
    };
    let errors = REQUEST.iter_errors(&body);
    errors
        .map(|error| format!("{} at {}", error, error.instance_path()))
        .collect()
}

/// The API's error for an invalid body; `None` for a valid one.
pub(crate) fn refusal(body: &[u8]) -> Option<String> {
    let faults = faults(body);
    let message = format!("Invalid JSON payload received. {}", faults.join("; "));
    let error = json!({"error": {"code": 400, "status": "INVALID_ARGUMENT", "message": message}});
    (!faults.is_empty()).then(|| error.to_string())
}
