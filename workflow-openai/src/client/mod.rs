//! The client: settings, and the exchange of a request and its answer.
//!
//! Owns the HTTP connections and the order of steps for each request: check it, admit it, send it, and read the answer. It must never
//! retry a request, and never put the key into an error or a log line.

mod api;
mod builder;
mod exchange;
mod reader;
mod settings;
mod span;

pub use self::builder::{DEFAULT_BASE_URL, OpenAiClientBuilder};

use std::{fmt, sync::Arc};

use futures::{StreamExt, stream};
use serde_json::Value;
use workflow_core::{Registry, value::StepKeyBuilder};
use workflow_llm::{
    Model, ModelError, ModelRequest, ModelStream, ProviderInfo, gate::RequestLimits,
};

use self::{api::Api, exchange::Exchange};

/// A client of one provider with chat completions. Cheap to clone; clones share connections, limits and the retry budget.
///
/// It sends each request once, by [`Model::ask`]. The caller decides about retries.
///
/// ```no_run
/// use std::sync::Arc;
/// use futures::TryStreamExt;
/// use workflow_llm::{Message, Model, ModelChunk, ModelRequest};
/// use workflow_openai::OpenAiClient;
///
/// # async fn ask() -> Result<(), Box<dyn std::error::Error>> {
/// let client = OpenAiClient::builder()
///     .with_base_url("http://127.0.0.1:11434/v1")
///     .with_model("qwen3:8b")
///     .build()?;
/// let mut chunks = client.ask(Arc::new(ModelRequest::new([Message::user("Why is the sky blue?")])));
/// while let Some(chunk) = chunks.try_next().await? {
///     if let ModelChunk::Text(text) = chunk {
///         print!("{text}");
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct OpenAiClient {
    api: Api,
}

impl OpenAiClient {
    /// Returns a builder with default settings.
    pub fn builder() -> OpenAiClientBuilder {
        OpenAiClientBuilder::default()
    }

    /// The limits on requests in flight, and per minute, that apply now.
    pub fn limits(&self) -> RequestLimits {
        self.api.gate().request_limits()
    }

    /// Changes the limits that [`with_max_in_flight`](OpenAiClientBuilder::with_max_in_flight) and
    /// [`with_max_per_minute`](OpenAiClientBuilder::with_max_per_minute) have set, for all clones of the client. Requests in flight
    /// stay so. A limit of 0 counts as 1.
    pub fn set_limits(&self, in_flight: usize, per_minute: Option<u32>) {
        self.api.gate().set_limits(in_flight, per_minute);
    }
}

/// Registers the node type `LLMNode`, whose nodes use this client: [`workflow_llm::register`] with one provider.
///
/// ```
/// use workflow_core::Registry;
/// use workflow_openai::OpenAiClient;
///
/// let client = OpenAiClient::builder().with_base_url("http://127.0.0.1:11434/v1").with_model("qwen3:8b").build()?;
/// let mut registry = Registry::default();
/// workflow_openai::register(&mut registry, client);
/// # Ok::<(), workflow_openai::ConfigError>(())
/// ```
pub fn register(registry: &mut Registry, client: OpenAiClient) {
    workflow_llm::register(registry, client);
}

impl Model for OpenAiClient {
    fn ask(&self, request: Arc<ModelRequest>) -> ModelStream {
        let exchange = Exchange::new(self.api.clone(), request);
        stream::try_unfold(exchange, Exchange::advance).boxed()
    }

    fn body(&self, request: &ModelRequest) -> Result<Value, ModelError> {
        self.api.body(request)
    }

    fn provider(&self) -> &ProviderInfo {
        &self.api.settings().info
    }

    /// Names with a `/` are those of this provider if its default model or a listed one has a `/`, as those of OpenRouter and vLLM have.
    fn model_name<'a>(&self, written: &'a str) -> Option<&'a str> {
        let name = written.trim();
        (self.api.settings().has_slashes || !name.contains('/')).then_some(name)
    }

    /// The body without what does not change the answer. The model has its own place in keys.
    fn add_to_key(
        &self,
        request: &ModelRequest,
        key: StepKeyBuilder,
    ) -> Result<StepKeyBuilder, ModelError> {
        let mut request = request.clone().without_terms();
        request.streams = false;
        let mut body = self.api.body(&request)?;
        if let Value::Object(body) = &mut body {
            body.shift_remove("model");
        }
        Ok(key.json("request", &body))
    }

    fn grants_retry(&self) -> bool {
        self.api.gate().grants_retry()
    }

    fn has_retries(&self) -> bool {
        self.api.gate().has_retries()
    }
}

impl fmt::Debug for OpenAiClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.api.settings().fmt_as("OpenAiClient", f)
    }
}
