//! `LLMNode`: a step that sends a prompt to a model.
//!
//! Translates between the engine and a [`Model`](crate::Model): the data of the node to a request, chunks to events of the
//! step, and errors to failures with the advice of the provider about retries.

mod attempt;
mod failure;
mod inline;
mod metadata;
mod plan;
mod record;
mod size;
mod spending;

use async_trait::async_trait;
use serde_json::Value;
use workflow_core::{
    Node, NodeContext, NodeError, Plan, PlanContext, Registry, RetryPolicy,
    node::{DisplayHints, OutputShape},
    value::InvalidData,
};

use self::{attempt::Attempt, plan::Prepared};
use crate::{data::LlmData, models::Models};

/// The name of the node type in workflows.
const TYPE: &str = "LLMNode";
/// Attempts in total, unless the workflow sets `retry`.
const ATTEMPTS: u32 = 5;

/// Registers the node type `LLMNode`, whose nodes use the models of these providers.
///
/// A node has five attempts unless its workflow sets `retry`. The back-off starts at 1 s and doubles up
/// to 30 s, with jitter; it is never shorter than the wait that the provider asks for. The type counts as one
/// without side effects, so the check of a workflow warns of a node whose output nothing reads.
///
/// The README of this crate has an example.
pub fn register(registry: &mut Registry, models: impl Into<Models>) {
    let models = models.into();
    let activity = models.default_provider().1.provider().activity();
    registry
        .register_with(TYPE, move |data: LlmData| {
            LlmNode::new(models.clone(), data)
        })
        .with_activity(activity)
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
            None => Prepared::new(&self.models, &self.data, &cx.planning())?,
        };
        let turn = Attempt::new(cx).run(prepared).await?;
        Ok(turn.json.unwrap_or(Value::String(turn.text)))
    }

    /// The rendered request, its key, and the most that it may use: see the README.
    ///
    /// # Errors
    /// `template_error` if a template cannot be rendered, `unknown_provider`, and `unsupported_option`.
    fn plan(&self, cx: &PlanContext<'_>) -> Result<Plan, NodeError> {
        Prepared::new(&self.models, &self.data, cx)?.into_plan(cx)
    }

    /// The words that only the provider knows. A provider that the host does not have is no fault here: a stored workflow must not break with
    /// the configuration of a host.
    fn check(&self) -> Result<(), InvalidData> {
        let written = self.data.written_model();
        let Ok(named) = self.models.named(written.map(String::as_str)) else {
            return Ok(());
        };
        let mut settings = self.data.settings();
        // Without a written model, another one may apply when the workflow runs.
        settings.model = written.map(|_| named.model().to_owned());
        named.client().check(&settings)
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
