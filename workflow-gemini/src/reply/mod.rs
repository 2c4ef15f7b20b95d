//! What the model answered.

mod details;
mod lenient;
pub(crate) mod parts;
mod reason;
mod response;

pub(crate) use self::response::{Candidate, PromptFeedback, Response, Unreadable, responses};
pub use self::{
    details::Details,
    reason::{BlockReason, FinishReason},
};

use serde_json::Value;
use workflow_core::value::Usage;
use workflow_httpkit::Secret;

/// A whole answer. Its text is never empty.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Reply {
    /// The text as the model wrote it, not trimmed.
    pub text: String,
    /// The text read as JSON, when the request had a schema.
    pub json: Option<Value>,
    /// What the model thought, as far as it was asked to tell.
    pub thoughts: String,
    /// Why the model stopped. After [`FinishReason::MaxTokens`] and [`FinishReason::Continuation`]
    /// the text is cut off.
    pub finish_reason: FinishReason,
    /// Tokens that were used, by all requests the answer took.
    pub usage: Usage,
    /// Tokens of the prompt, counted once: how full the model's context is.
    pub prompt_tokens: u64,
    /// How many requests it took: a long answer goes on in further ones.
    pub requests: u32,
    /// Its sources, and what tools did.
    pub details: Details,
    /// The parts of the answer as they came, thought signatures included: a conversation that goes on
    /// has to send them back unchanged. Plain pieces of one text are joined.
    pub parts: Vec<Value>,
    /// The model that really answered; the API may route a name to another model.
    pub model_version: Option<String>,
    /// The API's name for this answer, to ask its operator about.
    pub response_id: Option<String>,
}

impl Reply {
    /// Without the key in what the server says of itself.
    pub(crate) fn presented(mut self, secret: &Secret) -> Self {
        for text in [&mut self.model_version, &mut self.response_id] {
            *text = text.take().map(|text| secret.redactor().text(text));
        }
        self
    }

    /// Whether the answer was cut off: at its token limit, or as it took too many requests.
    pub fn is_truncated(&self) -> bool {
        matches!(
            self.finish_reason,
            FinishReason::MaxTokens | FinishReason::Continuation
        )
    }
}

/// A piece of a streamed answer.
///
/// Pieces come as the model writes them. A stream ends with exactly one [`Chunk::Done`] or with
/// one error; text that came before an error is not an answer.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Chunk {
    /// The request waits in line, at a limit of the client, before it is sent. Comes again each time the
    /// position has halved.
    Queued {
        /// The name of the model, or `retry_budget`.
        queue: String,
        /// Its place in line; 1 is next.
        position: usize,
    },
    /// The request waits no longer where it waited.
    Admitted,
    /// More of the text, never empty.
    Text(String),
    /// More of the thoughts, never empty.
    Thought(String),
    /// Tokens used so far. A running total: the last one counts, they are not to be added up.
    Usage(Usage),
    /// The whole answer, last of all.
    Done(Box<Reply>),
}
