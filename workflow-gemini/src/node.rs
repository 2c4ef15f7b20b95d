//! `LLMNode`: a step that asks the model.

use std::error::Error;

use async_trait::async_trait;
use futures::StreamExt;
use serde_json::Value;
use workflow_core::{Node, NodeContext, NodeError, Registry, RetryPolicy};

use crate::{
    client::GeminiClient,
    data::LlmData,
    error::GeminiError,
    reply::{Chunk, Reply},
    request::GenerateRequest,
};

/// The name workflows use.
const TYPE: &str = "LLMNode";
/// Attempts in all, where a workflow does not say.
const ATTEMPTS: u32 = 5;

/// Registers `LLMNode`, asking through this client.
///
/// Nodes of the type are tried five times unless their workflow says otherwise, waiting from 1 s,
/// doubling up to 30 s, with jitter, and never less than the API asks for.
///
/// ```
/// use workflow_core::Registry;
/// use workflow_gemini::GeminiClient;
///
/// let client = GeminiClient::builder().api_key("an API key").build()?;
/// let mut registry = Registry::default();
/// workflow_gemini::register(&mut registry, client);
/// assert!(registry.get("LLMNode").is_some());
/// # Ok::<(), workflow_gemini::ConfigError>(())
/// ```
pub fn register(registry: &mut Registry, client: GeminiClient) {
    registry
        .register_with(TYPE, move |data: LlmData| {
            LlmNode::new(client.clone(), data)
        })
        .activity("Calling Gemini API")
        .retry(RetryPolicy::attempts(ATTEMPTS))
        .pure();
}

/// Sends a prompt, or its input, to the model. Its output is the answer: text, or with `schema`
/// the answer's JSON.
///
/// It asks once per attempt: to try again is the engine's business, and its errors say whether
/// that makes sense.
#[derive(Debug)]
pub struct LlmNode {
    client: GeminiClient,
    data: LlmData,
}

impl LlmNode {
    /// A node that asks through this client what its data says.
    pub fn new(client: GeminiClient, data: LlmData) -> Self {
        Self { client, data }
    }

    async fn whole(&self, request: &GenerateRequest, cx: &NodeContext) -> Result<Reply, NodeError> {
        let reply = self.client.generate(request).await;
        reply.map_err(|error| failed(error, cx))
    }

    async fn streamed(
        &self,
        request: &GenerateRequest,
        cx: &NodeContext,
    ) -> Result<Reply, NodeError> {
        let mut chunks = self.client.stream(request);
        while let Some(chunk) = chunks.next().await {
            match chunk.map_err(|error| failed(error, cx))? {
                Chunk::Text(text) => cx.delta(text)?,
                Chunk::Thought(text) => cx.thought(text)?,
                Chunk::Usage(usage) => cx.usage(usage),
                Chunk::Done(reply) => return Ok(*reply),
            }
        }
        Err(failed(GeminiError::Interrupted { source: None }, cx))
    }
}

#[async_trait]
impl Node for LlmNode {
    /// # Cancellation
    /// Dropping the future closes the connection to the API.
    async fn run(&self, cx: &NodeContext) -> Result<Value, NodeError> {
        let request = self.data.request(cx)?;
        let reply = if self.data.streams() {
            self.streamed(&request, cx).await?
        } else {
            self.whole(&request, cx).await?
        };
        cx.usage(reply.usage);
        cx.finish_reason(reply.finish_reason.as_str());
        if let Some(model) = reply.model_version {
            cx.model(model);
        }
        Ok(reply.json.unwrap_or(Value::String(reply.text)))
    }

    fn reads_input(&self) -> bool {
        !self.data.has_prompt()
    }
}

/// Tells a failed request to the engine, with what it cost.
fn failed(error: GeminiError, cx: &NodeContext) -> NodeError {
    report(&error, cx);
    let mut failure = NodeError::new(error.code(), message(&error));
    if error
        .retry_limit()
        .is_none_or(|limit| cx.attempt() <= limit)
    {
        failure = failure.retryable();
        if let Some(wait) = error.retry_after() {
            failure = failure.retry_after(wait);
        }
    }
    if let Some(hint) = hint(error.code()) {
        failure = failure.hint(hint);
    }
    failure.with_source(error)
}

fn report(error: &GeminiError, cx: &NodeContext) {
    let GeminiError::NoAnswer(error) = error else {
        return;
    };
    cx.usage(error.usage());
    if let Some(model) = error.model_version() {
        cx.model(model);
    }
    if let Some(reason) = error.finish_reason() {
        cx.finish_reason(reason.as_str());
    }
}

/// The error and what lies at the bottom of it, such as a refused connection.
fn message(error: &GeminiError) -> String {
    let mut root: Option<&dyn Error> = error.source();
    while let Some(deeper) = root.and_then(Error::source) {
        root = Some(deeper);
    }
    match root {
        Some(root) => format!("{error}: {root}"),
        None => error.to_string(),
    }
}

/// What the author of a workflow, or who runs the service, can do about it.
fn hint(code: &str) -> Option<&'static str> {
    Some(match code {
        "authentication_failed" => "check GEMINI_API_KEY (or GOOGLE_API_KEY) of the service",
        "model_not_found" => "name another `model`: this one is unknown or retired",
        "out_of_tokens" => "raise `max_output_tokens`, or let the model think less",
        "continuation_needed" => "ask for less with `max_output_tokens`",
        "daily_quota_exceeded" => "wait until midnight Pacific time, or use another model or plan",
        "no_quota" => "use another model, or turn on billing for the project",
        _ => return None,
    })
}
