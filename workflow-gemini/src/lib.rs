//! Google Gemini for workflows: a client for one request or one stream, as a provider of models for `LLMNode` and `AgentNode`.
//!
//! ```
//! use workflow_core::Registry;
//! use workflow_gemini::GeminiClient;
//!
//! // Or `GeminiClient::from_env()?`, which reads GEMINI_API_KEY.
//! let client = GeminiClient::builder().with_api_key("an API key").build()?;
//!
//! let mut registry = Registry::default();
//! workflow_gemini::register(&mut registry, client);
//! # Ok::<(), workflow_gemini::ConfigError>(())
//! ```
//!
//! - [`register`] adds [`LlmNode`] and [`AgentNode`] to a registry; [`LlmData`] and [`AgentData`] are the `data` of
//!   such nodes in a workflow.
//! - [`GeminiClient`] sends a [`GenerateRequest`], with images and files as its [`Part`]s and with
//!   [`Tool`]s, and returns a [`Reply`] or a stream of [`Chunk`]s. A model may call [`Function`]s, which the
//!   caller executes, and a conversation has further [`Turn`]s. An answer without text or call is an
//!   error, never an empty success. An answer that is longer than one request allows is continued by
//!   further requests.
//! - [`GeminiError`] describes a failure: its [code](GeminiError::code), whether the same request
//!   [may succeed](GeminiError::is_retryable) later, and how long to
//!   [wait](GeminiError::retry_after). While a model is over a rate limit, the client sends it no
//!   requests.
//! - [`GeminiClientBuilder`] has the settings: timeouts, bounds, limits, and
//!   [Vertex AI](GeminiClientBuilder::with_vertex).
//!
//! The client never retries: in a workflow the engine does, elsewhere the caller. The API key is
//! sent in one header and appears in no error, log line or `Debug` output.
//!
//! Types of other crates in the public API: [`serde_json::Value`] for schemas, tools and raw parts,
//! [`workflow_core::value::Usage`] for token counts, and [`workflow_llm`] for what all providers share. The HTTP client is not part of it.

// Reading order: `request` and `reply`, `error`, `stream` (bytes to a reply), `client`, `model`.
mod client;
mod error;
mod model;
mod reply;
mod request;
mod stream;
#[cfg(feature = "testing")]
pub mod testing;

pub use workflow_llm::{AgentData, AgentNode, LlmData, LlmNode, gate::RequestLimits};

pub use crate::{
    client::{DEFAULT_BASE_URL, DEFAULT_MODEL, GeminiClient, GeminiClientBuilder},
    error::{ApiError, ConfigError, GeminiError, NoAnswer, NoAnswerReason, TimeoutPhase},
    model::register,
    reply::{BlockReason, Chunk, Details, FinishReason, Reply},
    request::{
        Function, FunctionCall, FunctionCalling, FunctionResponse, GenerateRequest,
        MAX_INLINE_BYTES, Part, SKIP_SIGNATURE, ServiceTier, Thinking, Tool, Turn,
    },
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
