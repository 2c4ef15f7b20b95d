//! What a workflow writes into an `LLMNode`.

mod parts;
mod tools;

use std::{collections::BTreeMap, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de::Error};
use serde_json::{Map, Value};
use workflow_core::{NodeContext, NodeError, Template};

use self::{parts::PartData, tools::ToolData};
use crate::request::{GenerateRequest, Schema, ServiceTier, Thinking, check_level, safety};

/// The `data` of an `LLMNode`, checked. What it does not set is not sent.
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
#[schemars(description = "Asks the model. What is not set is not sent.")]
pub struct LlmData(Fields);

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Fields {
    /// The text to send, with `{{ expressions }}`. Without it, and without `parts`, the node sends
    /// its input: text as it is, anything else as JSON.
    prompt: Option<Template>,
    /// Images, files and further texts, sent before the prompt.
    #[serde(default)]
    parts: Vec<PartData>,
    /// What the model is told about its role, apart from the prompt, with `{{ expressions }}`.
    system: Option<Template>,
    /// The model to ask, for example `gemini-3.8-flash`. Without it, or empty, the service chooses.
    model: Option<String>,
    /// How freely the model chooses its words, from 0 to 2. Newer models ignore it.
    #[schemars(range(min = 0, max = 2))]
    temperature: Option<f64>,
    /// Choose among the likeliest words that make up this probability. Newer models ignore it.
    #[schemars(range(min = 0, max = 1))]
    top_p: Option<f64>,
    /// Choose among this many of the likeliest words. Newer models ignore it.
    #[schemars(range(min = 1, max = 2_147_483_647))]
    top_k: Option<u32>,
    /// The most tokens the answer may have. Thinking counts, too: a small limit can leave no text.
    #[schemars(range(min = 1, max = 2_147_483_647))]
    max_output_tokens: Option<u32>,
    /// Texts at which the model stops writing, up to five.
    #[serde(default)]
    #[schemars(length(max = 5), inner(length(min = 1)))]
    stop: Vec<String>,
    /// Makes answers repeat as far as the model can.
    #[schemars(range(min = -2_147_483_648_i64, max = 2_147_483_647))]
    seed: Option<i32>,
    /// A JSON Schema the answer has to fit. The output is then the answer's JSON, not its text.
    #[schemars(with = "Option<Map<String, Value>>", extend("x-workflow" = "schema"))]
    schema: Option<Arc<Schema>>,
    /// How much models from Gemini 3 on may think: `low`, `medium`, `high`, on some models `minimal`
    /// or `xhigh`. Without it, or empty, the model chooses. Not together with `thinking_budget`.
    #[serde(default, deserialize_with = "level")]
    thinking_level: Option<String>,
    /// How many tokens a Gemini 2.5 model may think: 0 for none, -1 for as many as it likes. Not
    /// together with `thinking_level`.
    #[schemars(range(min = -1, max = 2_147_483_647))]
    thinking_budget: Option<i32>,
    /// Whether what the model thinks is shown while it runs. It never is part of the output.
    include_thoughts: Option<bool>,
    /// From when on answers are withheld: a category (`harassment`, `hate_speech`, `sexually_explicit`,
    /// `dangerous_content`, `civic_integrity`, `jailbreak`) and a threshold (`low_and_above`,
    /// `medium_and_above`, `only_high`, `none`, `off`), or both as the API writes them.
    #[serde(default, deserialize_with = "safety")]
    safety: BTreeMap<String, String>,
    /// What the model may use while it answers: names, or tools as the API writes them.
    #[serde(default)]
    tools: Vec<ToolData>,
    /// How tools are to be used, as the API writes it (`toolConfig`).
    tool_config: Option<Map<String, Value>>,
    /// At which speed and price: `flex` costs half and may take minutes or be refused under load,
    /// `priority` is served first. Without it `standard`.
    service_tier: Option<ServiceTier>,
    /// Whether the API may store the request and its answer in the project's logs. Without it, the
    /// service decides, else the project's own setting.
    store: Option<bool>,
    /// Models to ask in turn when the one before is not available: unknown, overloaded, or over its
    /// limit.
    #[serde(default)]
    fallback: Vec<String>,
    /// Whether the text is shown as it is written.
    #[serde(default = "yes")]
    stream: bool,
}

/// A level that is spelled right, or none where it is left empty as forms leave it.
fn level<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let level: Option<String> = Option::deserialize(deserializer)?;
    if let Some(level) = set(level.as_ref()) {
        check_level(level).map_err(D::Error::custom)?;
    }
    Ok(level)
}

fn safety<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, String>, D::Error> {
    let settings: BTreeMap<String, String> = BTreeMap::deserialize(deserializer)?;
    for (category, threshold) in &settings {
        safety::check(category, threshold).map_err(D::Error::custom)?;
    }
    Ok(settings)
}

fn yes() -> bool {
    true
}

impl TryFrom<Fields> for LlmData {
    type Error = String;

    fn try_from(fields: Fields) -> Result<Self, Self::Error> {
        if set(fields.thinking_level.as_ref()).is_some() && fields.thinking_budget.is_some() {
            return Err("`thinking_level` and `thinking_budget` exclude each other".to_owned());
        }
        if let (Some(model), Some(thinking)) = (set(fields.model.as_ref()), fields.thinking()) {
            thinking.check(model)?;
        }
        Ok(Self(fields))
    }
}

impl LlmData {
    /// Whether it says itself what to send.
    pub(crate) fn has_prompt(&self) -> bool {
        self.0.prompt.is_some() || !self.0.parts.is_empty()
    }

    /// The schema of the answer, if it is JSON.
    pub(crate) fn schema(&self) -> Option<&Value> {
        self.0.schema.as_ref().map(|schema| schema.json())
    }

    pub(crate) fn streams(&self) -> bool {
        self.0.stream
    }

    /// The models to ask when the first is not available.
    pub(crate) fn fallback(&self) -> impl Iterator<Item = &String> {
        let models = self.0.fallback.iter();
        models.filter_map(|model| set(Some(model)))
    }

    /// The request, with everything rendered.
    pub(crate) fn request(&self, cx: &NodeContext) -> Result<GenerateRequest, NodeError> {
        let prompt = match &self.0.prompt {
            Some(prompt) => cx.render(prompt)?,
            None if self.has_prompt() => String::new(),
            None => as_text(cx.input()?),
        };
        let mut request = self.settings(prompt);
        if let Some(system) = &self.0.system {
            request.system = Some(cx.render(system)?);
        }
        for part in &self.0.parts {
            request.parts.push(part.render(cx)?);
        }
        Ok(request)
    }

    /// The request without what is rendered besides the prompt.
    fn settings(&self, prompt: String) -> GenerateRequest {
        let fields = &self.0;
        let mut request = GenerateRequest {
            model: set(fields.model.as_ref()).cloned(),
            temperature: fields.temperature,
            top_p: fields.top_p,
            top_k: fields.top_k,
            max_output_tokens: fields.max_output_tokens,
            stop: fields.stop.clone(),
            seed: fields.seed,
            schema: fields.schema.clone(),
            thinking: fields.thinking(),
            include_thoughts: fields.include_thoughts,
            tool_config: fields.tool_config.clone(),
            service_tier: fields.service_tier,
            store: fields.store,
            ..GenerateRequest::new(prompt)
        };
        for (category, threshold) in &fields.safety {
            request = request.with_safety(category, threshold);
        }
        fields
            .tools
            .iter()
            .fold(request, |request, tool| request.with_tool(tool.0.clone()))
    }
}

fn as_text(input: &Value) -> String {
    match input {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

impl Fields {
    fn thinking(&self) -> Option<Thinking> {
        let level = set(self.thinking_level.as_ref()).map(Thinking::level);
        level.or(self.thinking_budget.map(Thinking::Budget))
    }
}

/// A name, unless it is left empty as forms leave it.
fn set(name: Option<&String>) -> Option<&String> {
    name.filter(|name| !name.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::request::Tool;

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
            .with_model("gemini-4-neon")
            .with_temperature(0.5)
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
    fn what_makes_no_sense_is_refused() {
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
                ["prompt", "system"].contains(&name.as_str()),
                "{name}"
            );
        }
        assert_eq!(schema["properties"]["stream"]["default"], true);
    }
}
