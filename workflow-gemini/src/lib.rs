//! Google Gemini for workflows: a client for one request or one stream, and the `LLMNode`.
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
//! - [`register`] adds [`LlmNode`] to a registry; [`LlmData`] is what a workflow writes into it.
//! - [`GeminiClient`] sends a [`GenerateRequest`], with images and files as its [`Part`]s and with
//!   [`Tool`]s, and returns a [`Reply`], or a stream of [`Chunk`]s. An answer without text is an
//!   error, never an empty success; one that is longer than a request may give is gone on with.
//! - [`GeminiError`] says what to do about a failure: its [code](GeminiError::code), whether the
//!   same request [may succeed](GeminiError::is_retryable), and how long to
//!   [wait](GeminiError::retry_after). While a model is over a limit, all requests of a client leave
//!   it alone.
//! - [`GeminiClientBuilder`] has the settings: time-outs, bounds, limits, and
//!   [Vertex AI](GeminiClientBuilder::with_vertex).
//!
//! What it is *not*: it sends nothing twice by itself. In a workflow the engine retries; elsewhere
//! the caller does. The API key leaves it in one header and is shown nowhere.

// In the order of reading: `request` and `reply`, `error`, `stream` (bytes to a reply), `limits`, `client`, `node`.
mod client;
mod error;
mod limits;
mod node;
mod reply;
mod request;
mod stream;

pub use crate::{
    client::{DEFAULT_BASE_URL, DEFAULT_MODEL, GeminiClient, GeminiClientBuilder},
    error::{ApiError, ConfigError, GeminiError, NoAnswer, Verdict, Wait},
    node::{LlmData, LlmNode, register},
    reply::{BlockReason, Chunk, Details, FinishReason, Reply},
    request::{GenerateRequest, MAX_INLINE_BYTES, Part, ServiceTier, Thinking, Tool},
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
