//! [`ModelTurn`]: what a model answered, and the [`ModelChunk`]s before it.

use serde_json::{Map, Value};
use workflow_core::{node::agent::ToolCall, value::Usage};

/// An item of an answer. A stream of chunks ends with exactly one [`ModelChunk::Done`] or one error.
///
/// A request that waits in a queue of the client yields `Queued`, and `Admitted` when it leaves the queue; the time-out of the attempt stops
/// in between. Each further request of an answer that is continued is admitted anew, so `Queued` can also follow text.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ModelChunk {
    /// The request waits in a queue of the client and has not been sent. Repeated when the position has changed.
    Queued {
        /// The name of the queue: the model, or [`RETRY_BUDGET`](crate::gate::RETRY_BUDGET).
        queue: String,
        /// The position in the queue; 1 is next.
        position: usize,
    },
    /// The request has left the queue.
    Admitted,
    /// A request was sent. Once for each request of an answer. A client that sends one request per answer may leave it out.
    Sent,
    /// The next piece of the text, never empty.
    Text(String),
    /// The next piece of the thoughts, never empty.
    Thought(String),
    /// The tokens used so far, over all requests of the answer. A running total: the last one counts.
    Usage(Usage),
    /// The complete answer, always the last item.
    Done(Box<ModelTurn>),
}

/// A complete answer: text, calls, or both. An answer with neither is a [`ModelError`](crate::ModelError).
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ModelTurn {
    /// The text as the model wrote it, not trimmed.
    pub text: String,
    /// The text as JSON, if the client has checked it against the schema of the request. `None`: the caller does it.
    pub json: Option<Value>,
    /// The thoughts, or their summary; empty if the request did not include thoughts.
    pub thoughts: String,
    /// The calls that the model asks for, in their order.
    pub calls: Vec<ToolCall>,
    /// What this provider needs back in a later request to continue the conversation, as it came: raw parts, signatures, made-up
    /// ids. It is given back as [`TurnMessage::state`](crate::TurnMessage::state). At most 4 MiB as JSON.
    pub state: Option<Value>,
    /// Whether the text was cut off at its token limit, or at the limit on requests per answer.
    pub is_truncated: bool,
    /// The tokens of all requests that the answer took, as they are billed.
    pub usage: Usage,
    /// The service tier that served the request, by its name in tables of prices. `None`: the one that was asked for.
    pub service_tier: Option<String>,
    /// The tokens of the prompt, counted once.
    pub prompt_tokens: u64,
    /// The number of requests; more than 1 if the answer was continued. 0 counts as 1.
    pub requests: u32,
    /// What explains the answer.
    pub facts: AnswerFacts,
}

impl ModelTurn {
    /// An answer of this text.
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            requests: 1,
            ..Self::default()
        }
    }
}

/// What an answer has besides its contents, also one that has no usable contents.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct AnswerFacts {
    /// Why the model stopped, in the provider's word.
    pub finish_reason: Option<String>,
    /// The model that answered; a provider may route a name to another model.
    pub model_version: Option<String>,
    /// The provider's identifier of the answer, for support requests.
    pub response_id: Option<String>,
    /// Sources, results of tools that the provider ran, media. Shown to every reader of the run. An entry of more than 64 KiB is
    /// replaced by its size.
    pub metadata: Map<String, Value>,
    /// The contents as they came, for the debug record of the attempt.
    pub parts: Vec<Value>,
}
