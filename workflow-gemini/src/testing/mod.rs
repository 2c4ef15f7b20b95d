//! Test support: [`FakeGemini`], a server that refuses what the API refuses.
//!
//! Needs the feature `testing`, in the `dev-dependencies` of the crate under test.
//!
//! ```
//! use serde_json::json;
//! use workflow_gemini::{
//!     Function, GenerateRequest, Turn,
//!     testing::{FakeGemini, FakeTurn},
//! };
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let gemini = FakeGemini::start([
//!     FakeTurn::call("get_order", json!({"number": 17})),
//!     FakeTurn::text("It was sent."),
//! ])
//! .await;
//! let client = gemini.client()?;
//!
//! let request = GenerateRequest::new("Where is my order 17?")
//!     .with_function(Function::new("get_order", "Finds an order."));
//! let reply = client.generate(&request).await?;
//! let response = reply.calls[0].output(json!({"state": "sent"}));
//! let request = request
//!     .with_turn(reply.to_turn())
//!     .with_turn(Turn::responses([response]));
//! assert_eq!(client.generate(&request).await?.text, "It was sent.");
//! # Ok(())
//! # }
//! ```

mod conversation;
mod declarations;
mod server;
mod shape;
mod signature;
mod turn;

pub use self::{
    server::{FakeGemini, FakeRequest},
    shape::request_faults,
    turn::FakeTurn,
};

use std::borrow::Cow;

use serde_json::Value;

use self::{conversation::check_conversation, declarations::check_declarations};

/// Checks the body of a request to a model as the API does: its shape, its declarations, the order of its turns, and the thought
/// signatures, which are those of [`FakeGemini`].
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

/// Whether a model is older than Gemini 3: it needs no signatures, and takes no functions beside tools or a schema.
fn is_before_3(model: &str) -> bool {
    ["gemini-1", "gemini-2"]
        .iter()
        .any(|old| model.starts_with(old))
}

/// The items of a list; none if there is no list.
fn items<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    value
        .get(name)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

/// A text; empty if there is none.
fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}
