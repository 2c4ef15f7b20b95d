//! OpenAI and compatible model providers for workflows: a client for chat completions.
//!
//! It reaches OpenAI, Ollama, vLLM, llama.cpp, LM Studio, OpenRouter, DeepSeek, Gemini's compatible endpoint, and other servers with
//! `POST …/chat/completions`.
//!
//! ```
//! use workflow_llm::Models;
//! use workflow_openai::OpenAiClient;
//!
//! let openai = OpenAiClient::builder().with_api_key("an API key").with_model("gpt-5.4-mini").build()?;
//! let ollama = OpenAiClient::builder()
//!     .with_name("local")
//!     .with_base_url("http://127.0.0.1:11434/v1")
//!     .with_model("qwen3:8b")
//!     .build()?;
//! // `gpt-5.4-mini` is OpenAI's, `local/qwen3:8b` is Ollama's.
//! let models = Models::new(openai).with_provider("local", ollama)?;
//! assert_eq!(models.named(Some("local/qwen3:8b"))?.model(), "qwen3:8b");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! - [`OpenAiClient`] is a [`Model`](workflow_llm::Model): it sends a [`ModelRequest`](workflow_llm::ModelRequest) once, and
//!   returns the answer as a stream. Errors are [`ModelError`](workflow_llm::ModelError)s.
//! - [`register`] adds the node type `LLMNode` to a registry, for a program with this provider only; with several,
//!   [`workflow_llm::register`] does.
//! - [`OpenAiClientBuilder`] has the settings: address, key, headers, timeouts, bounds, limits, and how the server deviates.
//!
//! The client never retries: in a workflow the engine does. Key and headers are sent to the base URL only, and appear in no error,
//! log line or `Debug` output.
//!
//! Types of other crates in the public API: [`serde_json::Map`] for fields of the body, and types of [`workflow_llm`] and
//! [`workflow_core`]. The HTTP client is not part of it.

// Reading order: `reply`, `request`, `error`, `client`.
mod client;
mod error;
mod reply;
mod request;

pub use crate::{
    client::{DEFAULT_BASE_URL, OpenAiClient, OpenAiClientBuilder, register},
    error::ConfigError,
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
