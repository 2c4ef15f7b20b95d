//! [`GeminiClient`] as a provider of models for workflows: the neutral request to that of the API, and answers and errors back.

mod error;
mod history;
mod options;
mod request;
#[cfg(test)]
mod tests;
mod thinking;
mod turn;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    task::{Poll, ready},
};

use futures::{StreamExt, stream};
use serde_json::Value;
use workflow_core::{
    Registry,
    value::{InvalidData, StepKeyBuilder},
};
use workflow_llm::{Model, ModelChunk, ModelError, ModelRequest, ModelStream, ProviderInfo};

use crate::{
    client::GeminiClient,
    error::GeminiError,
    reply::Chunk,
    request::{GenerateRequest, Method, RequestBody},
};

/// Registers the node types `LLMNode` and `AgentNode`, whose nodes use this client: [`workflow_llm::register`] with one provider.
///
/// A node has five attempts unless its workflow sets `retry`, and so has each turn of an agent. The back-off starts at 1 s and doubles up
/// to 30 s, with jitter; it is never shorter than the wait that the API asks for. `LLMNode` counts as a type without side effects, so the
/// check of a workflow warns of a node whose output nothing reads.
///
/// ```
/// use workflow_core::Registry;
/// use workflow_gemini::GeminiClient;
///
/// let client = GeminiClient::builder().with_api_key("an API key").build()?;
/// let mut registry = Registry::default();
/// workflow_gemini::register(&mut registry, client);
/// assert!(registry.get("LLMNode").unwrap().display().streams_text());
/// assert!(registry.get("AgentNode").unwrap().display().streams_text());
/// # Ok::<(), workflow_gemini::ConfigError>(())
/// ```
///
/// Further node types, for prompts that have to stay on another account:
///
/// ```
/// use workflow_core::Registry;
/// use workflow_gemini::{AgentData, AgentNode, GeminiClient, LlmData, LlmNode};
///
/// let client = GeminiClient::builder().with_api_key("another API key").build()?;
/// let mut registry = Registry::default();
/// let of_agents = client.clone();
/// registry.register_with("InternalLLM", move |data: LlmData| LlmNode::new(client.clone(), data));
/// registry.register_agent_with("InternalAgent", move |data: AgentData| AgentNode::new(of_agents.clone(), data));
/// # Ok::<(), workflow_gemini::ConfigError>(())
/// ```
pub fn register(registry: &mut Registry, client: GeminiClient) {
    workflow_llm::register(registry, client);
}

/// The error of a request that cannot be sent has the code of the [`GeminiError`].
impl Model for GeminiClient {
    fn ask(&self, request: Arc<ModelRequest>) -> ModelStream {
        let method = if request.streams {
            Method::Streamed
        } else {
            Method::Whole
        };
        let generate = match self.generate_request(&request) {
            Ok(generate) => generate,
            Err(error) => return stream::iter([Err(error)]).boxed(),
        };
        let sent = Arc::<AtomicU32>::default();
        let mut chunks = self.ask_counted(method, generate, Arc::clone(&sent));
        let (mut seen, mut held) = (0, None);
        let chunks = stream::poll_fn(move |cx| {
            if held.is_none() {
                held = ready!(chunks.poll_next_unpin(cx));
            }
            // The requests that were sent before this chunk come first.
            if seen < sent.load(Ordering::Relaxed) {
                seen += 1;
                return Poll::Ready(Some(Ok(ModelChunk::Sent)));
            }
            Poll::Ready(held.take().map(model_chunk))
        });
        chunks.boxed()
    }

    fn body(&self, request: &ModelRequest) -> Result<Value, ModelError> {
        let generate = self.generate_request(request)?;
        let body = serde_json::to_value(RequestBody::new(&generate, None));
        body.map_err(ModelError::invalid_request)
    }

    fn provider(&self) -> &ProviderInfo {
        self.info()
    }

    /// `models/x` and `x` are one model. Tuned models have a `/` in their names, too.
    fn model_name<'a>(&self, written: &'a str) -> Option<&'a str> {
        let name = written.trim().trim_start_matches("models/");
        let is_own = !name.contains('/') || name.starts_with("tunedModels/");
        is_own.then_some(name)
    }

    fn check(&self, settings: &ModelRequest) -> Result<(), InvalidData> {
        options::check(settings)
    }

    fn add_to_key(
        &self,
        request: &ModelRequest,
        key: StepKeyBuilder,
    ) -> Result<StepKeyBuilder, ModelError> {
        let generate = self.generate_request(request)?;
        let body = RequestBody::new(&generate, None).without_terms();
        Ok(key.serialized("request", &body))
    }

    fn grants_retry(&self) -> bool {
        Self::grants_retry(self)
    }

    fn has_retries(&self) -> bool {
        Self::has_retries(self)
    }
}

impl GeminiClient {
    /// The request to the API, with the defaults of the client.
    ///
    /// # Errors
    /// `unsupported_option`, and `invalid_request` for what the API has no form for.
    fn generate_request(&self, request: &ModelRequest) -> Result<GenerateRequest, ModelError> {
        let mut generate = request::generate_request(request, self.info().name())?;
        self.fill(&mut generate);
        Ok(generate)
    }
}

/// A chunk of the client as one of the neutral stream.
fn model_chunk(chunk: Result<Chunk, GeminiError>) -> Result<ModelChunk, ModelError> {
    Ok(match chunk.map_err(error::model_error)? {
        Chunk::Queued { queue, position } => ModelChunk::Queued { queue, position },
        Chunk::Admitted => ModelChunk::Admitted,
        Chunk::Text(text) => ModelChunk::Text(text),
        Chunk::Thought(text) => ModelChunk::Thought(text),
        Chunk::Usage(usage) => ModelChunk::Usage(usage),
        Chunk::Done(reply) => ModelChunk::Done(Box::new(turn::model_turn(*reply))),
    })
}
