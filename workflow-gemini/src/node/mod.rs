//! `LLMNode`: a step that sends a prompt to the model.
//!
//! Translates between the engine and the client: the node's data to a request, chunks to events of the
//! step, and errors to failures with the client's advice about retries. The only module that knows
//! `workflow-core`'s nodes.

mod attempt;
mod data;
mod failure;
mod metadata;
mod plan;
mod record;
mod spending;

pub use self::data::LlmData;

use async_trait::async_trait;
use serde_json::Value;
use workflow_core::{
    Node, NodeContext, NodeError, Plan, PlanContext, Registry, RetryPolicy,
    node::{DisplayHints, OutputShape},
};

use self::{attempt::Attempt, plan::Prepared};
use crate::client::GeminiClient;

/// The name of the node type in workflows.
const TYPE: &str = "LLMNode";
/// Attempts in total, unless the workflow sets `retry`.
const ATTEMPTS: u32 = 5;

/// Registers the node type `LLMNode`, whose nodes use this client.
///
/// A node has five attempts unless its workflow sets `retry`. The back-off starts at 1 s and doubles up
/// to 30 s, with jitter; it is never shorter than the wait that the API asks for. The type counts as one
/// without side effects, so the check of a workflow warns of a node whose output nothing reads.
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
        // A request costs tokens, so a node whose output nothing reads is worth a warning.
        .with_no_side_effects();
}

/// A node that sends its prompt, or else its input, to the model. Its output is the answer: text, or
/// the answer's JSON if it has a `schema`.
///
/// It sends at most one request per model and attempt. The engine retries, as the errors of the node
/// advise.
///
/// ```
/// use workflow_core::Registry;
/// use workflow_gemini::{GeminiClient, LlmData, LlmNode};
///
/// // A second node type, for prompts that have to stay on another account.
/// let client = GeminiClient::builder().with_api_key("another API key").build()?;
/// let mut registry = Registry::default();
/// registry.register_with("InternalLLM", move |data: LlmData| LlmNode::new(client.clone(), data));
/// # Ok::<(), workflow_gemini::ConfigError>(())
/// ```
#[derive(Debug)]
pub struct LlmNode {
    client: GeminiClient,
    data: LlmData,
}

impl LlmNode {
    /// Creates a node with this client and data.
    pub fn new(client: GeminiClient, data: LlmData) -> Self {
        Self { client, data }
    }
}

#[async_trait]
impl Node for LlmNode {
    /// # Errors
    /// A [`NodeError`] with the code of the [`GeminiError`](crate::GeminiError), or `template_error` if
    /// a template cannot be rendered.
    ///
    /// # Cancellation
    /// Dropping the future closes the connection to the API, or leaves the queue.
    async fn run(&self, cx: &NodeContext) -> Result<Value, NodeError> {
        let prepared = match cx.prepared() {
            Some(prepared) => prepared,
            None => Prepared::new(&self.client, &self.data, &cx.planning())?,
        };
        let reply = Attempt::new(&self.client, &self.data, cx)
            .run(prepared)
            .await?;
        Ok(reply.json.unwrap_or(Value::String(reply.text)))
    }

    /// The rendered request, its key, and the most that it may use: see the README.
    ///
    /// # Errors
    /// `template_error` if a template cannot be rendered.
    fn plan(&self, cx: &PlanContext<'_>) -> Result<Plan, NodeError> {
        let prepared = Prepared::new(&self.client, &self.data, cx)?;
        Ok(prepared.into_plan(&self.client, cx))
    }

    /// Without a prompt, the input is the prompt.
    fn reads_input(&self) -> bool {
        !self.data.has_prompt()
    }

    /// With a schema, references to fields of the output are checked when a workflow is created.
    fn output_shape(&self) -> OutputShape<'_> {
        self.data
            .schema()
            .map_or(OutputShape::Text, OutputShape::Schema)
    }
}
