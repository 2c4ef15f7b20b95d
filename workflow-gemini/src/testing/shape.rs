//! The shape of a request: names, types, and fields that exclude each other.

use std::sync::OnceLock;

use jsonschema::Validator;
use serde_json::Value;

static SCHEMA: &str = include_str!("request.schema.json");

/// Checks the shape of a request body by a schema of everything that the API is known to accept. Returns the faults, none for a valid body.
pub fn request_faults(body: &Value) -> Vec<String> {
    static VALIDATOR: OnceLock<Result<Validator, String>> = OnceLock::new();
    let compiled = VALIDATOR.get_or_init(|| {
        let schema = serde_json::from_str(SCHEMA).map_err(|error| error.to_string())?;
        jsonschema::validator_for(&schema).map_err(|error| error.to_string())
    });
    match compiled {
        Ok(validator) => validator
            .iter_errors(body)
            .map(|error| format!("{error} at {}", error.instance_path()))
            .collect(),
        Err(error) => vec![error.clone()],
    }
}
