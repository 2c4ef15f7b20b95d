//! The `data` of an `LLMNode`: its fields, their checks, and the request that it makes.
//!
//! The doc comments of the fields are descriptions in the JSON Schema of the node type, which editors
//! and the web page show.

mod parts;
mod render;
mod tools;

use std::{collections::BTreeMap, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de::Error};
use serde_json::{Map, Value};
use workflow_core::{Template, template::Templated};

use self::{parts::PartData, tools::ToolData};
use crate::request::{Schema, ServiceTier, Thinking, check_level, safety};

/// The checked `data` of an `LLMNode`.
///
/// Deserialize it from the JSON of a workflow; unknown fields, misspelt words and combinations that the
/// model does not support are errors. A field that is not set is not sent, so the model's default
/// applies.
///
/// ```
/// use workflow_gemini::LlmData;
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
    schema: Option<Arc<Schema>>,
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
    #[serde(default, deserialize_with = "safety")]
    safety: BTreeMap<String, String>,
    /// The tools that the model may use: names, or tools as the API writes them.
    #[serde(default)]
    tools: Vec<ToolData>,
    /// How the model may use tools, as the API writes it (`toolConfig`).
    tool_config: Option<Map<String, Value>>,
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

/// Checks the spelling of a level. An empty text counts as not set, because forms send it for an empty
/// field.
fn level<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let level: Option<String> = Option::deserialize(deserializer)?;
    if let Some(level) = non_empty(level.as_ref()) {
        check_level(level).map_err(D::Error::custom)?;
    }
    Ok(level)
}

/// Checks categories and thresholds, so that a misspelt one is found when the workflow is created.
fn safety<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, String>, D::Error> {
    let settings: BTreeMap<String, String> = BTreeMap::deserialize(deserializer)?;
    for (category, threshold) in &settings {
        safety::check(category, threshold).map_err(D::Error::custom)?;
    }
    Ok(settings)
}

fn default_true() -> bool {
    true
}

impl TryFrom<Fields> for LlmData {
    type Error = String;

    /// Checks combinations of fields. A level is checked against the model only if the workflow names one;
    /// otherwise the client does it before it sends the request.
    fn try_from(fields: Fields) -> Result<Self, Self::Error> {
        if non_empty(fields.thinking_level.as_ref()).is_some() && fields.thinking_budget.is_some() {
            return Err("`thinking_level` and `thinking_budget` exclude each other".to_owned());
        }
        // Without a written model, another one may apply when the workflow runs.
        let model = fields.model.as_ref().and_then(Templated::written);
        if let (Some(model), Some(thinking)) = (non_empty(model), fields.thinking()) {
            thinking.check(model)?;
        }
        Ok(Self(fields))
    }
}

impl LlmData {
    /// Whether the data has a prompt or parts. Otherwise the node sends its input.
    pub(crate) fn has_prompt(&self) -> bool {
        self.0.prompt.is_some() || !self.0.parts.is_empty()
    }

    /// The schema of the answer. Without one, the answer is text.
    pub(crate) fn schema(&self) -> Option<&Value> {
        self.0.schema.as_ref().map(|schema| schema.json())
    }

    /// Whether to use the streaming method and report text as deltas.
    pub(crate) fn streams(&self) -> bool {
        self.0.stream
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
    use crate::request::{GenerateRequest, Tool};

    fn read(data: Value) -> Result<LlmData, String> {
        serde_json::from_value(data).map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_is_required_and_nothing_is_set_by_default() {
        let data = read(json!({})).unwrap();
        assert!(data.streams());
        let request = data.settings("Hi".to_owned());
        assert_eq!(request, GenerateRequest::new("Hi"));
        let empty = read(json!({"model": "", "thinking_level": " "})).unwrap();
        assert_eq!(empty.settings("Hi".to_owned()), request);
    }

    #[test]
    fn everything_set_reaches_the_request() {
        let data = read(json!({
            "model": "gemini-4-neon", "temperature": 0.5, "top_p": 0.9, "top_k": 3,
            "max_output_tokens": 64, "stop": ["END"], "seed": 7, "schema": {"type": "object"},
            "thinking_level": "low", "include_thoughts": true, "stream": false,
            "safety": {"harassment": "only_high"}, "store": false, "service_tier": "flex",
            "tools": ["google_search", {"file_search": {"topK": 5}}], "tool_config": {"x": 1},
            "fallback": ["gemini-3.8-flash", ""],
        }));
        let data = data.unwrap();
        assert!(!data.streams());
        let expected = GenerateRequest::new("Hi")
            .with_top_p(0.9)
            .with_top_k(3)
            .with_max_output_tokens(64)
            .with_stop(["END"])
            .with_seed(7)
            .with_schema(json!({"type": "object"}))
            .with_thinking(Thinking::level("low"))
            .with_include_thoughts(true)
            .with_safety("harassment", "only_high")
            .with_store(false)
            .with_service_tier(ServiceTier::Flex)
            .with_tool(Tool::GoogleSearch)
            .with_tool(Tool::api(Map::from_iter([(
                "fileSearch".to_owned(),
                json!({"topK": 5}),
            )])))
            .with_tool_config(Map::from_iter([("x".to_owned(), json!(1))]));
        let fallback: Vec<&String> = data.fallback().collect();
        assert_eq!(fallback, ["gemini-3.8-flash"]);
        assert_eq!(data.settings("Hi".to_owned()), expected);
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
            (
                json!({"tools": ["web_search"]}),
                "use one of `google_search`, `code_execution`, `url_context`, `google_maps`",
            ),
            (
                json!({"tools": ["google_serach"]}),
                "did you mean `google_search`?",
            ),
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
            (
                json!({"model": "gemini-3.8-flash", "thinking_level": "minimal"}),
                "use one of `low`, `medium`, `high` for `gemini-3.8-flash`",
            ),
            (
                json!({"model": "gemini-4-neon", "thinking_budget": 0}),
                "takes no `thinking_budget`",
            ),
            (
                json!({"safety": {"harrassment": "off"}}),
                "did you mean `harassment`?",
            ),
            (
                json!({"safety": {"harassment": "low"}}),
                "is not a threshold",
            ),
            (json!({"safety": {"harassment": 1}}), "expected a string"),
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
        assert_eq!(properties.len(), 21);
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
