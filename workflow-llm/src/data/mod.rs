//! The `data` of an `LLMNode`: its fields, their checks, and the request that it makes.
//!
//! The doc comments of the fields are descriptions in the JSON Schema of the node type, which editors
//! and the web page show.

mod history;
mod parts;
mod render;
mod tools;

use std::{collections::BTreeMap, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de::Error};
use serde_json::{Map, Value};
use workflow_core::{Template, template::Templated, value::InvalidData};

use self::{history::History, parts::PartData, tools::ToolData};
use crate::{
    models::Models,
    request::{ServiceTier, Thinking},
    schema::AnswerSchema,
    spelling::unknown,
};

/// The checked `data` of an `LLMNode`.
///
/// Deserialize it from the JSON of a workflow; unknown fields and misspelt words are errors. Words that only a provider knows, and
/// combinations that its models do not support, are checked by [`LlmNode`](crate::LlmNode). A field that is not set is not sent, so the
/// model's default applies.
///
/// ```
/// use workflow_llm::LlmData;
///
/// let read = |json| serde_json::from_str::<LlmData>(json);
/// assert!(read(r#"{ "prompt": "Explain {{ input }}", "max_output_tokens": 1024 }"#).is_ok());
/// assert!(read(r#"{ "promt": "Explain {{ input }}" }"#).is_err());
/// ```
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(try_from = "Fields")]
#[schemars(
    description = "Sends a prompt to the model. A field that is not set is not sent.",
    extend("x-workflow-output" = {"type": "string"})
)]
pub struct LlmData(Fields);

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Fields {
    /// The prompt, with `{{ expressions }}`. Without it, and without `parts`, the node sends its
    /// input: text as it is, other values as JSON.
    #[schemars(extend("examples" = ["Explain this: {{ input }}"]))]
    prompt: Option<Template>,
    /// The conversation before the prompt: a list of `{"role": "user", "text": "…"}` and `{"role": "assistant", "text": "…"}`,
    /// oldest first, with `{{ expressions }}`; or a template for such a list.
    history: Option<History>,
    /// Images, files and further texts, sent before the prompt.
    #[serde(default)]
    parts: Vec<PartData>,
    /// The system instruction: the model's role and rules, with `{{ expressions }}`.
    system: Option<Template>,
    /// The model, for example `gemini-3.8-flash`, or a template for its name. If it is not set or empty, the service chooses.
    model: Option<Templated<String>>,
    /// How random the choice of words is, from 0 to 2, or a template for it. Newer models ignore it.
    #[schemars(range(min = 0, max = 2))]
    temperature: Option<Templated<f64>>,
    /// Choose among the most likely words with this total probability. Newer models ignore it.
    #[schemars(range(min = 0, max = 1))]
    top_p: Option<f64>,
    /// Choose among this number of the most likely words. Newer models ignore it.
    #[schemars(range(min = 1, max = 2_147_483_647))]
    top_k: Option<u32>,
    /// The most tokens of the answer. Thinking counts, too, so a small limit can leave no text.
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
    /// How much models from Gemini 3 on may think: `low`, `medium`, `high`, on some models `minimal`
    /// or `xhigh`. If it is not set or empty, the model chooses. Not together with `thinking_budget`.
    #[serde(default, deserialize_with = "level")]
    thinking_level: Option<String>,
    /// The most tokens that a Gemini 2.5 model may think: 0 for none, -1 to let the model choose. Not
    /// together with `thinking_level`.
    #[schemars(range(min = -1, max = 2_147_483_647))]
    thinking_budget: Option<i32>,
    /// Whether to stream the model's thoughts. They are never part of the output.
    include_thoughts: Option<bool>,
    /// When to withhold answers: a threshold (`low_and_above`, `medium_and_above`, `only_high`, `none`,
    /// `off`) per category (`harassment`, `hate_speech`, `sexually_explicit`, `dangerous_content`,
    /// `civic_integrity`, `jailbreak`), or both as the API writes them.
    #[serde(default)]
    safety: BTreeMap<String, String>,
    /// The tools that the model may use: names, or tools as the API writes them.
    #[serde(default)]
    tools: Vec<ToolData>,
    /// How the model may use tools, as the API writes it (`toolConfig`).
    tool_config: Option<Map<String, Value>>,
    /// Further fields of the request's body, as the API writes them, for providers that take them. Not those that the request sets
    /// itself.
    extra: Option<Map<String, Value>>,
    /// Speed and price: `flex` costs half and may take minutes or be refused under load, `priority` is
    /// served first. Without it `standard`.
    service_tier: Option<ServiceTier>,
    /// Whether the API may store the request and its answer in the project's logs. Default: the
    /// service's setting, or else the project's.
    store: Option<bool>,
    /// The models to use in turn if the one before is unavailable: unknown, overloaded, or over a
    /// limit.
    #[serde(default)]
    fallback: Vec<String>,
    /// Whether to stream the text while the model writes it.
    #[serde(default = "default_true")]
    stream: bool,
}

/// Fields that an agent does not have: its conversation and its tools are its own.
pub(crate) const NOT_OF_AGENTS: [&str; 3] = ["history", "tools", "tool_config"];

/// The levels of thinking. No model accepts all of them.
const LEVELS: [&str; 5] = ["minimal", "low", "medium", "high", "xhigh"];

/// Checks the spelling of a level. An empty text counts as not set, because forms send it for an empty
/// field.
fn level<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let level: Option<String> = Option::deserialize(deserializer)?;
    if let Some(level) = non_empty(level.as_ref()) {
        let word = level.trim().to_ascii_lowercase();
        if !LEVELS.contains(&&*word) {
            let fault = unknown("thinking level", level.trim(), LEVELS);
            return Err(D::Error::custom(fault));
        }
    }
    Ok(level)
}

fn default_true() -> bool {
    true
}

impl TryFrom<Fields> for LlmData {
    type Error = String;

    /// Checks combinations of fields.
    fn try_from(fields: Fields) -> Result<Self, Self::Error> {
        if non_empty(fields.thinking_level.as_ref()).is_some() && fields.thinking_budget.is_some() {
            return Err("`thinking_level` and `thinking_budget` exclude each other".to_owned());
        }
        Ok(Self(fields))
    }
}

impl LlmData {
    /// Whether the data has a prompt or parts. Otherwise the node sends its input.
    pub(crate) fn has_prompt(&self) -> bool {
        self.0.prompt.is_some() || !self.0.parts.is_empty()
    }

    /// Whether the data has parts and no prompt.
    pub(crate) fn has_only_parts(&self) -> bool {
        self.0.prompt.is_none() && !self.0.parts.is_empty()
    }

    /// The schema of the answer. Without one, the answer is text.
    pub(crate) fn schema(&self) -> Option<&AnswerSchema> {
        self.0.schema.as_deref()
    }

    /// The model, if it is written and not a template.
    pub(crate) fn written_model(&self) -> Option<&String> {
        let model = self.0.model.as_ref().and_then(Templated::written);
        non_empty(model)
    }

    /// Checks the words that only the provider of the model knows.
    ///
    /// # Errors
    /// The first fault. A provider that the host does not have is none.
    pub(crate) fn check(&self, models: &Models) -> Result<(), InvalidData> {
        let written = self.written_model();
        let Ok(named) = models.named(written.map(String::as_str)) else {
            return Ok(());
        };
        let mut settings = self.settings();
        // Without a written model, another one may apply when the workflow runs.
        settings.model = written.map(|_| named.model().to_owned());
        named.client().check(&settings)
    }

    /// The first field that is set although an agent does not have it.
    pub(crate) fn not_of_agents(&self) -> Option<&'static str> {
        let fields = &self.0;
        let are_set = [
            fields.history.is_some(),
            !fields.tools.is_empty(),
            fields.tool_config.is_some(),
        ];
        let mut fields = NOT_OF_AGENTS.into_iter().zip(are_set);
        fields.find_map(|(field, is_set)| is_set.then_some(field))
    }

    /// The models to use if the first one is unavailable, in order.
    pub(crate) fn fallback(&self) -> impl Iterator<Item = &String> {
        let models = self.0.fallback.iter();
        models.filter_map(|model| non_empty(Some(model)))
    }
}

impl Fields {
    fn thinking(&self) -> Option<Thinking> {
        // At most one is set: `LlmData` is created by `TryFrom` only, which checks it.
        let level = non_empty(self.thinking_level.as_ref()).map(Thinking::level);
        level.or(self.thinking_budget.map(Thinking::Budget))
    }
}

/// A name that is not empty. An empty one counts as not set, because forms send it for an empty field.
fn non_empty(name: Option<&String>) -> Option<&String> {
    name.filter(|name| !name.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::request::ModelRequest;

    fn read(data: Value) -> Result<LlmData, String> {
        serde_json::from_value(data).map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_is_required_and_nothing_is_set_by_default() {
        let data = read(json!({})).unwrap();
        assert!(data.settings().streams);
        let request = format!("{:?}", data.settings());
        assert_eq!(request, format!("{:?}", ModelRequest::new([])));
        let empty = read(json!({"model": "", "thinking_level": " "})).unwrap();
        assert_eq!(format!("{:?}", empty.settings()), request);
        assert_eq!(empty.written_model(), None);
    }

    #[test]
    fn invalid_data_is_refused() {
        for (data, named) in [
            (json!({"temprature": 1}), "temprature"),
            (
                json!({"thinking_level": "low", "thinking_budget": 0}),
                "exclude each other",
            ),
            (json!({"schema": "object"}), "expected a map"),
            (json!({"tools": [{}]}), "a tool has one name"),
            (
                json!({"tools": [{"a": {}, "b": {}}]}),
                "a tool has one name",
            ),
            (json!({"tools": [1]}), "a tool is a name"),
            (json!({"tool_config": "auto"}), "expected a map"),
            (
                json!({"service_tier": "cheap"}),
                "`flex`, `standard`, `priority`",
            ),
            (json!({"thinking_level": "hihg"}), "did you mean `high`?"),
            (json!({"thinking_level": "none"}), "use one of `minimal`"),
            (json!({"safety": {"harassment": 1}}), "expected a string"),
            (
                json!({"history": [{"role": "model", "text": "a"}]}),
                "unknown variant `model`, expected `user` or `assistant`",
            ),
            (
                json!({"history": [{"role": "user"}]}),
                "missing field `text`",
            ),
            (
                json!({"history": "Hi"}),
                "a list of `{\"role\": \"user\", \"text\": \"…\"}`",
            ),
            (json!({"parts": [{"image": {}}]}), "image"),
            (
                json!({"parts": [{"inline": {"data": "QQ=="}}]}),
                "mime_type",
            ),
        ] {
            let error = read(data).unwrap_err();
            assert!(error.contains(named), "{error}");
        }
    }

    #[test]
    fn the_schema_describes_every_field_and_marks_the_templates() {
        let schema = schemars::schema_for!(LlmData).to_value();
        assert_eq!(schema["additionalProperties"], false);
        let properties = schema["properties"].as_object().unwrap();
        assert_eq!(properties.len(), 23);
        for (name, property) in properties {
            assert!(property["description"].is_string(), "{name}");
            let is_template = property["x-workflow"] == "template";
            assert_eq!(
                is_template,
                ["prompt", "system", "model", "temperature"].contains(&name.as_str()),
                "{name}"
            );
        }
        assert_eq!(schema["properties"]["stream"]["default"], true);
    }
}
