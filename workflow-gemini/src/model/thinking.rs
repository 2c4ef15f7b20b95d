//! How much a model may think, in the form of the client.

use workflow_llm::{ModelRequest, Thinking as Neutral};

use crate::request::Thinking;

/// How much the model may think.
pub(super) fn thinking(request: &ModelRequest) -> Option<Thinking> {
    request.thinking.as_ref().map(|thinking| match thinking {
        Neutral::Level(level) => Thinking::level(level),
        Neutral::Budget(tokens) => Thinking::Budget(*tokens),
    })
}
