//! Checks a request body as the API does: names, types, and fields that exclude each other.

use serde_json::{Value, json};
use workflow_gemini::testing::request_faults;

/// The faults of a body.
pub(crate) fn faults(body: &[u8]) -> Vec<String> {
    match serde_json::from_slice::<Value>(body) {
        Ok(body) => request_faults(&body),
        Err(error) => vec![error.to_string()],
    }
}

/// The API's error for an invalid body; `None` for a valid one.
pub(crate) fn refusal(body: &[u8]) -> Option<String> {
    let faults = faults(body);
    let message = format!("Invalid JSON payload received. {}", faults.join("; "));
    let error = json!({"error": {"code": 400, "status": "INVALID_ARGUMENT", "message": message}});
    (!faults.is_empty()).then(|| error.to_string())
}
