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

mod body;
mod check;
mod conversation;
mod declarations;
mod request;
mod server;
mod shape;
mod signature;
mod turn;

pub use self::{
    check::check_request, request::FakeRequest, server::FakeGemini, shape::request_faults,
    turn::FakeTurn,
};
