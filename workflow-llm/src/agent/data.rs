//! The `data` of an `AgentNode`, without what the engine reads of it.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};
use workflow_core::{NodeError, PlanContext, Template, template::Templated};

use crate::{
    message::Message,
    part::Part,
    request::{ModelRequest, Thinking},
    schema::AnswerSchema,
};

/// The `data` of an `AgentNode`: the fields of an `LLMNode`, without tools that the provider runs. The engine reads `tools` and the limits of
/// agents itself.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(
    description = "Lets the model call tools, turn by turn, until it answers. A field that is not set is not sent.",
    extend("x-workflow-output" = {"type": "string"})
)]
pub struct AgentData {
    /// The task, with `{{ expressions }}`. Without it, the node sends its input: text as it is, other values as JSON.
    #[schemars(extend("examples" = ["Answer the customer: {{ input.question }}"]))]
    prompt: Option<Template>,
    /// The system instruction: the model's role and rules, with `{{ expressions }}`.
    system: Option<Template>,
    /// The model, or a template for its name. If it is not set or empty, the service chooses.
    model: Option<Templated<String>>,
    /// How random the choice of words is, from 0 to 2, or a template for it.
    #[schemars(range(min = 0, max = 2))]
    temperature: Option<Templated<f64>>,
    /// Choose among the most likely words with this total probability.
    #[schemars(range(min = 0, max = 1))]
    top_p: Option<f64>,
    /// Choose among this number of the most likely words.
    #[schemars(range(min = 1, max = 2_147_483_647))]
    top_k: Option<u32>,
    /// The most tokens of a turn. Thinking counts, too.
    #[schemars(range(min = 1, max = 2_147_483_647))]
    max_output_tokens: Option<u32>,
    /// Texts at which the model stops writing, up to five.
    #[serde(default)]
    #[schemars(length(max = 5), inner(length(min = 1)))]
    stop: Vec<String>,
    /// A seed that makes answers reproducible, as far as the model supports it.
    #[schemars(range(min = -2_147_483_648_i64, max = 2_147_483_647))]
    seed: Option<i32>,
    /// A JSON Schema that the answer has to match. The output is then the answer's JSON, not its text.
    #[schemars(with = "Option<Map<String, Value>>", extend("x-workflow" = "schema", "x-workflow-output" = true))]
    schema: Option<Arc<AnswerSchema>>,
    /// How much the model may think.
    thinking_level: Option<String>,
    /// Whether to stream the model's thoughts.
    include_thoughts: Option<bool>,
    /// The models to use in turn 0 if the one before is unavailable.
    #[serde(default)]
    fallback: Vec<String>,
    /// Whether to stream the text while the model writes it.
    #[serde(default = "default_true")]
    stream: bool,
}

fn default_true() -> bool {
    true
}

impl AgentData {
    pub(super) fn has_prompt(&self) -> bool {
        self.prompt.is_some()
    }

    pub(super) fn schema(&self) -> Option<&AnswerSchema> {
        self.schema.as_deref()
    }

    pub(super) fn fallback(&self) -> impl Iterator<Item = &str> {
        let models = self.fallback.iter().map(|model| model.trim());
        models.filter(|model| !model.is_empty())
    }

    /// The question, with all templates rendered, and the name of the model as it is written.
    pub(super) fn request(
        &self,
        cx: &PlanContext<'_>,
    ) -> Result<(ModelRequest, Option<String>), NodeError> {
        let prompt = match &self.prompt {
            Some(prompt) => cx.render(prompt)?,
            None => match cx.input()? {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            },
        };
        let mut request = self.settings();
        request.messages = vec![Message::User(vec![Part::text(prompt)])];
        let render = |model: &Templated<String>| cx.render_value(model);
        let model = self.model.as_ref().map(render).transpose()?;
        let temperature = self.temperature.as_ref().map(|it| cx.render_value(it));
        request.temperature = temperature.transpose()?;
        request.system = self.system.as_ref().map(|it| cx.render(it)).transpose()?;
        Ok((request, model.filter(|it| !it.trim().is_empty())))
    }

    /// The settings that are no templates.
    pub(super) fn settings(&self) -> ModelRequest {
        let mut request = ModelRequest::default();
        let level = self.thinking_level.as_ref();
        let level = level.filter(|level| !level.trim().is_empty());
        request.top_p = self.top_p;
        request.top_k = self.top_k;
        request.max_output_tokens = self.max_output_tokens;
        request.stop.clone_from(&self.stop);
        request.seed = self.seed;
        request.schema.clone_from(&self.schema);
        request.thinking = level.map(Thinking::level);
        request.include_thoughts = self.include_thoughts;
        request.streams = self.stream;
        request
    }
}
