//! `LLMNode`: a step that asks the model.

mod attempt;
mod data;
mod debug;
mod failure;
mod metadata;

pub use self::data::LlmData;

use async_trait::async_trait;
use serde_json::Value;
use workflow_core::{
    Node, NodeContext, NodeError, Registry, RetryPolicy,
    node::{DisplayHints, OutputShape},
};

use self::attempt::Attempt;
use crate::client::GeminiClient;

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
/// let client = GeminiClient::builder().with_api_key("an API key").build()?;
/// let mut registry = Registry::default();
/// workflow_gemini::register(&mut registry, client);
/// assert!(registry.get("LLMNode").unwrap().display().streams_text());
/// # Ok::<(), workflow_gemini::ConfigError>(())
/// ```
pub fn register(registry: &mut Registry, client: GeminiClient) {
    registry
        .register_with(TYPE, move |data: LlmData| {
            LlmNode::new(client.clone(), data)
        })
        .with_activity("Calling Gemini API")
        .with_display(
            DisplayHints::new()
                .with_label("LLM")
                .with_icon("llm")
                .with_summary("model")
                .with_streamed_text(),
        )
        .with_retry(RetryPolicy::attempts(ATTEMPTS))
        .with_no_side_effects();
}

/// Sends a prompt, or its input, to the model. Its output is the answer: text, or with `schema`
/// the answer's JSON.
///
/// It asks each model at most once per attempt: to try again is the engine's business, and its
/// errors say whether that makes sense.
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
}

#[async_trait]
impl Node for LlmNode {
    /// # Cancellation
    /// Dropping the future closes the connection to the API.
    async fn run(&self, cx: &NodeContext) -> Result<Value, NodeError> {
        let request = self.data.request(cx)?;
        let reply = Attempt::new(&self.client, &self.data, cx)
            .ask(request)
            .await?;
        Ok(reply.json.unwrap_or(Value::String(reply.text)))
    }

    fn reads_input(&self) -> bool {
        !self.data.has_prompt()
    }

    fn output_shape(&self) -> OutputShape<'_> {
        self.data
            .schema()
            .map_or(OutputShape::Text, OutputShape::Schema)
    }
}
