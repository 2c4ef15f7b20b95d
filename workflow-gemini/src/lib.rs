//! Google Gemini for workflows.

mod answer;
mod api_error;
mod body;
mod client;
mod clock;
mod config;
mod error;
mod excerpt;
mod exchange;
mod key;
mod no_answer;
mod reason;
mod reply;
mod request;
mod retry_after;
mod stream;
mod wire;

pub use crate::{
    api_error::ApiError,
    client::GeminiClient,
    config::{ConfigError, DEFAULT_MODEL, GeminiClientBuilder},
    error::{GeminiError, Wait},
    no_answer::{NoAnswer, Verdict},
    reason::{BlockReason, FinishReason},
    reply::{Chunk, Reply},
    request::{GenerateRequest, Thinking},
};
