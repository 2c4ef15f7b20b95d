//! The model's answer: [`Reply`], its [`Chunk`]s, and the types of the response body.
//!
//! Reading is lenient: the API adds fields and words at any time, and an unexpected one must not cost an
//! answer that is already paid for.

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

use crate::request::{FunctionCall, Turn};

/// A complete answer. It has a text, or calls of functions that the request declares, or both. An answer with neither is a
/// [`NoAnswer`](crate::NoAnswer) error.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Reply {
    /// The text as the model wrote it, not trimmed. Never empty without [`calls`](Self::calls); beside calls it is no final answer.
    pub text: String,
    /// The calls of [functions](crate::GenerateRequest::with_function) that the model requests, in their order. Empty if the request
    /// declares no function.
    pub calls: Vec<FunctionCall>,
    /// The text parsed as JSON, if the request has a schema and the answer has no calls. It matches the schema.
    pub json: Option<Value>,
    /// The summary of the model's thoughts, if the request included thoughts; otherwise empty.
    pub thoughts: String,
    /// Why the model stopped. After [`FinishReason::MaxTokens`] and [`FinishReason::Continuation`]
    /// the text is cut off.
    pub finish_reason: FinishReason,
    /// The tokens of all requests that the answer took, as they are billed.
    pub usage: Usage,
    /// The tokens of the prompt, counted once: the part of the model's context that is in use.
    pub prompt_tokens: u64,
    /// The number of requests; more than 1 if the answer was continued.
    pub requests: u32,
    /// Sources, tool results, function calls and media.
    pub details: Details,
    /// The raw parts of the answer, with their thought signatures. A following turn of the
    /// conversation has to send them back unchanged. Plain pieces of one text are joined.
    pub parts: Vec<Value>,
    /// The model that answered; the API may route a name to another model.
    pub model_version: Option<String>,
    /// The API's identifier of the answer, for support requests.
    pub response_id: Option<String>,
}

impl Reply {
    /// Removes the key from the server's texts about itself, in case it echoes it. The model's text is
    /// left as it is: the model does not see the key.
    pub(crate) fn redacted(mut self, secret: &Secret) -> Self {
        for text in [&mut self.model_version, &mut self.response_id] {
            *text = text.take().map(|text| secret.redactor().text(text));
        }
        self
    }

    /// The answer as a turn of the conversation, for the next request.
    pub fn to_turn(&self) -> Turn {
        Turn::Model(self.parts.clone())
    }

    /// Whether the answer was cut off, at its token limit or at the limit on requests per answer.
    pub fn is_truncated(&self) -> bool {
        matches!(
            self.finish_reason,
            FinishReason::MaxTokens | FinishReason::Continuation
        )
    }
}

/// An item of a streamed answer.
///
/// A stream ends with exactly one [`Chunk::Done`] or one error; text before an error is not an answer.
///
/// A request that waits yields [`Queued`](Self::Queued), and [`Admitted`](Self::Admitted) when it leaves the queue;
/// a retry can wait in two queues, one after the other. Text, thoughts and usage follow in any order. Each further
/// request of an answer that is continued is admitted anew, so `Queued` can also follow text.
///
/// ```
/// use workflow_gemini::{Chunk, Reply};
///
/// /// Prints the text as it arrives, and returns the complete answer.
/// fn show(chunk: Chunk) -> Option<Reply> {
///     match chunk {
///         Chunk::Queued { queue, position } => eprintln!("position {position} in the queue for {queue}"),
///         Chunk::Text(text) => print!("{text}"),
///         Chunk::Done(reply) => return Some(*reply),
///         // Also variants of later versions.
///         _ => {}
///     }
///     None
/// }
/// assert_eq!(show(Chunk::Text("The sky".to_owned())), None);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Chunk {
    /// The request waits in a queue of the client and has not been sent. Repeated each time the position
    /// has halved.
    Queued {
        /// The name of the model, or `retry_budget`.
        queue: String,
        /// The position in the queue; 1 is next.
        position: usize,
    },
    /// The request has left the queue.
    Admitted,
    /// The next piece of the text, never empty.
    Text(String),
    /// The next piece of the thoughts, never empty.
    Thought(String),
    /// The tokens used so far. A running total: the last one counts, do not add them up.
    Usage(Usage),
    /// The complete answer, always the last item.
    Done(Box<Reply>),
}
