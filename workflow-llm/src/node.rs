//! `LLMNode`: a step that sends a prompt to a model.
//!
//! Translates between the engine and a [`Model`](crate::Model): the data of the node to a request, chunks to events of the
//! step, and errors to failures with the advice of the provider about retries.

use async_trait::async_trait;
use serde_json::Value;
use workflow_core::{
    Node, NodeContext, NodeError, Plan, PlanContext, Registry, node::OutputShape,
    value::InvalidData,
};

use crate::{
    attempt::{Answer, Attempt, KeyType, Prepared, candidates},
    data::LlmData,
    models::Models,
};

/// The name of the node type in workflows.
const TYPE: &str = "LLMNode";
const KEY_TYPE: KeyType = KeyType {
    name: TYPE,
    revision: 1,
};

/// Registers the node type `LLMNode`: see [`register`](crate::register).
pub(crate) fn register(registry: &mut Registry, models: &Models) {
    let calling = models.clone();
    let node_type = registry.register_with(TYPE, move |data: LlmData| {
        LlmNode::new(calling.clone(), data)
    });
    models
        .describe(node_type, "LLM", "llm")
        // A request costs tokens, so a node whose output nothing reads is worth a warning.
        .with_no_side_effects();
}

/// A node that sends its prompt, or else its input, to a model. Its output is the answer: text, or
/// the answer's JSON if it has a `schema`.
///
/// It sends at most one request per model and attempt. The engine retries, as the errors of the node
/// advise.
#[derive(Debug)]
pub struct LlmNode {
    models: Models,
    data: LlmData,
}

impl LlmNode {
    /// Creates a node with these providers and data. A client of one provider is enough.
    pub fn new(models: impl Into<Models>, data: LlmData) -> Self {
        let models = models.into();
        Self { models, data }
    }

    /// Renders the request and finds its models.
    ///
    /// # Errors
    /// `template_error` if a template cannot be rendered, or the node has no prompt and no input; `invalid_value` if a template of
    /// a number renders to something else; `unknown_provider`.
    fn prepare(&self, cx: &PlanContext<'_>) -> Result<Prepared, NodeError> {
        let request = self.data.request(cx)?;
        let named = request.model.as_deref();
        let models = candidates(&self.models, named, self.data.fallback())?;
        Ok(Prepared::new(
            KEY_TYPE,
            &self.data,
            request,
            Vec::new(),
            models,
        ))
    }
}

#[async_trait]
impl Node for LlmNode {
    /// # Errors
    /// A [`NodeError`] with the code of the [`ModelError`](crate::ModelError), `unknown_provider`, or `template_error` if
    /// a template cannot be rendered.
    ///
    /// # Cancellation
    /// Dropping the future closes the connection to the provider, or leaves the queue.
    async fn run(&self, cx: &NodeContext) -> Result<Value, NodeError> {
        let prepared = match cx.prepared() {
            Some(prepared) => prepared,
            None => self.prepare(&cx.planning())?,
        };
        let Answer { turn, .. } = Attempt::new(cx).run(prepared).await?;
        Ok(turn.json.unwrap_or(Value::String(turn.text)))
    }

    /// The rendered request, its key, and the most that it may use: see the README.
    ///
    /// # Errors
    /// `template_error` if a template cannot be rendered, `unknown_provider`, and `unsupported_option`.
    fn plan(&self, cx: &PlanContext<'_>) -> Result<Plan, NodeError> {
        self.prepare(cx)?.into_plan(cx)
    }

    /// The words that only the provider knows. A provider that the host does not have is no fault here: a stored workflow must not break with
    /// the configuration of a host.
    fn check(&self) -> Result<(), InvalidData> {
        self.data.check(&self.models)
    }

    /// Without a prompt, the input is the prompt.
    fn reads_input(&self) -> bool {
        !self.data.has_prompt()
    }

    /// With a schema, references to fields of the output are checked when a workflow is created.
    fn output_shape(&self) -> OutputShape<'_> {
        let schema = self.data.schema();
        schema.map_or(OutputShape::Text, |it| OutputShape::Schema(it.json()))
    }
}
