//! The body of `generateContent` and `streamGenerateContent`, serialized from a borrowed
//! [`GenerateRequest`].
//!
//! It borrows, because a request can contain megabytes of inline data.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Map, Value};
use workflow_llm::AnswerSchema;

use super::{
    FUNCTION_CALLING_CONFIG, GenerateRequest,
    function::{Function, FunctionResponse},
    part, safety,
    service_tier::ServiceTier,
    thinking::Thinking,
    turn::Turn,
};

/// The JSON of a request. Fields that are not set are left out, because the API refuses `null`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RequestBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    system_instruction: Option<Content<'a>>,
    contents: Vec<Content<'a>>,
    #[serde(skip_serializing_if = "GenerationConfig::is_empty")]
    generation_config: GenerationConfig<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    safety_settings: Vec<SafetySetting<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<ToolEntry<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_config: Option<Cow<'a, Map<String, Value>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<ServiceTier>,
    #[serde(skip_serializing_if = "Option::is_none")]
    store: Option<bool>,
    /// Continues an answer that is too long for one request.
    #[serde(skip_serializing_if = "Option::is_none")]
    continuation_token: Option<&'a str>,
}

/// A turn of the conversation. The system instruction has no role.
#[derive(Debug, Serialize)]
struct Content<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    parts: Vec<Part<'a>>,
}

/// An object with exactly one of these members.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
enum Part<'a> {
    Text(&'a str),
    InlineData(InlineData<'a>),
    FileData(FileData<'a>),
    FunctionResponse(&'a FunctionResponse),
    /// A part of the model, sent as it was received.
    #[serde(untagged)]
    Raw(&'a Value),
}

/// An entry of `tools`: one tool that the API runs, or all functions.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum ToolEntry<'a> {
    Api(Value),
    Functions {
        #[serde(rename = "functionDeclarations")]
        declarations: &'a [Function],
    },
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct InlineData<'a> {
    mime_type: &'a str,
    data: &'a str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct FileData<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    mime_type: Option<&'a str>,
    file_uri: &'a str,
}

/// Borrows both words of a [`safety::SafetySetting`].
#[derive(Debug, Serialize)]
struct SafetySetting<'a> {
    category: &'a str,
    threshold: &'a str,
}

/// `generationConfig`: sampling, limits, output format and thinking. Left out if it is empty.
#[derive(Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct GenerationConfig<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u32>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    stop_sequences: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_mime_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_json_schema: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_config: Option<ThinkingConfig<'a>>,
}

/// `thinkingConfig`. The API refuses a level and a budget together; [`Thinking`] cannot have both.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct ThinkingConfig<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_level: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_budget: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    include_thoughts: Option<bool>,
}

impl<'a> RequestBody<'a> {
    /// The body of a request. With a token, it requests the rest of the answer.
    pub(crate) fn new(request: &'a GenerateRequest, continuation_token: Option<&'a str>) -> Self {
        let system = request.system.as_deref();
        Self {
            system_instruction: system.map(Content::system),
            contents: contents(request),
            generation_config: GenerationConfig::from(request),
            safety_settings: request.safety.iter().map(SafetySetting::from).collect(),
            tools: tools(request),
            tool_config: tool_config(request),
            service_tier: request.service_tier,
            store: request.store,
            continuation_token,
        }
    }
}

impl RequestBody<'_> {
    /// Leaves out what changes neither the question nor the answer: the service tier, and whether the API stores both.
    pub(crate) fn without_terms(mut self) -> Self {
        self.service_tier = None;
        self.store = None;
        self
    }

    /// Leaves out the service tier unless it belongs into the body; on Vertex AI it is a header.
    pub(crate) fn with_service_tier(mut self, in_body: bool) -> Self {
        self.service_tier = self.service_tier.filter(|_| in_body);
        self
    }
}

/// The prompt and its parts, and then the turns.
fn contents(request: &GenerateRequest) -> Vec<Content<'_>> {
    let prompt = request.has_prompt().then(|| Content::prompt(request));
    let turns = request.turns.iter().map(|turn| Content::turn(turn));
    prompt.into_iter().chain(turns).collect()
}

/// The API's tools, and all functions in one entry.
fn tools(request: &GenerateRequest) -> Vec<ToolEntry<'_>> {
    let tools = request.tools.iter().map(|it| ToolEntry::Api(it.to_json()));
    let declarations = &request.functions[..];
    let functions = (!declarations.is_empty()).then_some(ToolEntry::Functions { declarations });
    tools.chain(functions).collect()
}

/// `toolConfig`, with the mode of function calling.
fn tool_config(request: &GenerateRequest) -> Option<Cow<'_, Map<String, Value>>> {
    let config = request.tool_config.as_ref();
    let Some(calling) = &request.function_calling else {
        return config.map(Cow::Borrowed);
    };
    let mut config = config.cloned().unwrap_or_default();
    config.insert(FUNCTION_CALLING_CONFIG.to_owned(), calling.to_json());
    Some(Cow::Owned(config))
}

impl<'a> Content<'a> {
    fn system(text: &'a str) -> Self {
        Self {
            role: None,
            parts: vec![Part::Text(text)],
        }
    }

    /// Parts first and then the prompt, as Google recommends for images and files.
    fn prompt(request: &'a GenerateRequest) -> Self {
        let prompt = Some(&*request.prompt).filter(|prompt| !prompt.is_empty());
        let parts = request.parts.iter().map(Part::from);
        Self {
            role: Some("user"),
            parts: parts.chain(prompt.map(Part::Text)).collect(),
        }
    }

    /// The role of responses is `user`, too; `function` is an older word for it.
    fn turn(turn: &'a Turn) -> Self {
        let (role, parts) = match turn {
            Turn::User(parts) => ("user", parts.iter().map(Part::from).collect()),
            Turn::Model(parts) => ("model", parts.iter().map(Part::Raw).collect()),
            Turn::Responses(responses) => (
                "user",
                responses.iter().map(Part::FunctionResponse).collect(),
            ),
        };
        Self {
            role: Some(role),
            parts,
        }
    }
}

impl<'a> From<&'a part::Part> for Part<'a> {
    fn from(part: &'a part::Part) -> Self {
        match part {
            part::Part::Text(text) => Self::Text(text),
            part::Part::Inline { mime_type, data } => {
                Self::InlineData(InlineData { mime_type, data })
            }
            part::Part::File { mime_type, uri } => Self::FileData(FileData {
                mime_type: mime_type.as_deref(),
                file_uri: uri,
            }),
        }
    }
}

impl<'a> From<&'a safety::SafetySetting> for SafetySetting<'a> {
    fn from(setting: &'a safety::SafetySetting) -> Self {
        Self {
            category: &setting.category,
            threshold: &setting.threshold,
        }
    }
}

impl GenerationConfig<'_> {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl<'a> From<&'a GenerateRequest> for GenerationConfig<'a> {
    fn from(request: &'a GenerateRequest) -> Self {
        Self {
            temperature: request.temperature,
            top_p: request.top_p,
            top_k: request.top_k,
            max_output_tokens: request.max_output_tokens,
            stop_sequences: &request.stop,
            seed: request.seed,
            response_mime_type: request.schema.as_ref().map(|_| "application/json"),
            // `responseJsonSchema` is JSON Schema; `responseSchema` would be a subset of OpenAPI.
            response_json_schema: request.schema.as_deref().map(AnswerSchema::json),
            thinking_config: thinking(request),
        }
    }
}

/// `thinkingConfig`, if the request sets anything in it.
fn thinking(request: &GenerateRequest) -> Option<ThinkingConfig<'_>> {
    if request.thinking.is_none() && request.include_thoughts.is_none() {
        return None;
    }
    let (thinking_level, thinking_budget) = match &request.thinking {
        Some(Thinking::Level(level)) => (Some(level.as_str()), None),
        Some(Thinking::Budget(tokens)) => (None, Some(*tokens)),
        None => (None, None),
    };
    Some(ThinkingConfig {
        thinking_level,
        thinking_budget,
        include_thoughts: request.include_thoughts,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sent(request: &GenerateRequest) -> String {
        serde_json::to_string(&RequestBody::new(request, None)).unwrap()
    }

    #[test]
    fn what_is_not_set_is_not_sent() {
        assert_eq!(
            sent(&GenerateRequest::new("Hi")),
            r#"{"contents":[{"role":"user","parts":[{"text":"Hi"}]}]}"#
        );
    }

    #[test]
    fn everything_set_is_sent_by_its_name() {
        let request = GenerateRequest::new("Hi")
            .with_system("Be short.")
            .with_temperature(0.7)
            .with_top_p(0.9)
            .with_top_k(40)
            .with_max_output_tokens(64)
            .with_stop(["END"])
            .with_seed(-1)
            .with_schema(json!({"type": "object", "properties": {"z": {}, "a": {}}}))
            .with_thinking(Thinking::level("low"))
            .with_include_thoughts(true);
        let all = concat!(
            r#"{"systemInstruction":{"parts":[{"text":"Be short."}]},"#,
            r#""contents":[{"role":"user","parts":[{"text":"Hi"}]}],"#,
            r#""generationConfig":{"temperature":0.7,"topP":0.9,"topK":40,"#,
            r#""maxOutputTokens":64,"stopSequences":["END"],"seed":-1,"#,
            r#""responseMimeType":"application/json","#,
            r#""responseJsonSchema":{"type":"object","properties":{"z":{},"a":{}}},"#,
            r#""thinkingConfig":{"thinkingLevel":"LOW","includeThoughts":true}}}"#,
        );
        assert_eq!(sent(&request), all);
    }

    #[test]
    fn a_budget_is_sent_without_a_level() {
        let request = GenerateRequest::new("Hi").with_thinking(Thinking::Budget(-1));
        let config = sent(&request);
        assert!(
            config.ends_with(r#""generationConfig":{"thinkingConfig":{"thinkingBudget":-1}}}"#)
        );
    }
}
