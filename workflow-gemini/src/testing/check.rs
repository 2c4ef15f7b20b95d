//! Everything that the API refuses.

use std::borrow::Cow;

use serde_json::Value;

use super::{
    conversation::check_conversation, declarations::check_declarations, shape::request_faults,
};

/// Checks the body of a request to a model as the API does: its shape, its declarations, the order of its turns, and the thought
/// signatures, which are those of [`FakeGemini`](super::FakeGemini).
///
/// # Errors
/// The API's own message where it is known, otherwise one that says the same.
pub fn check_request(model: &str, body: &Value) -> Result<(), Cow<'static, str>> {
    let faults = request_faults(body);
    if !faults.is_empty() {
        let faults = faults.join("; ");
        return Err(format!("Invalid JSON payload received. {faults}").into());
    }
    check_declarations(model, body)?;
    check_conversation(model, body)
}
