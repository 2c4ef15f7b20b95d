//! [`FunctionResponse`]: the response to a call.

use serde::Serialize;
use serde_json::{Map, Value};

/// The response to a [`FunctionCall`](super::FunctionCall), made by [`output`](super::FunctionCall::output) or
/// [`error`](super::FunctionCall::error) of the call. Calls that failed or were cancelled need one, too.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct FunctionResponse {
    /// The id of the call, if it had one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The name in the call.
    pub name: String,
    /// The result.
    pub response: Map<String, Value>,
}

impl FunctionResponse {
    /// A response to a call of this name without an id, for a conversation that was stored without its
    /// [`FunctionCall`](super::FunctionCall)s. By the API's convention, `output` has a result and `error` a failure.
    pub fn new(name: impl Into<String>, response: Map<String, Value>) -> Self {
        Self {
            id: None,
            name: name.into(),
            response,
        }
    }

    /// Sets the id of the call.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }
}
