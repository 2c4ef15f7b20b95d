//! The body of `generateContent` and `streamGenerateContent`.

use serde::Serialize;
use serde_json::Value;

use crate::request::{GenerateRequest, Thinking};

/// A request as the API wants it. What is not set is left out: the API refuses `null`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Question<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    system_instruction: Option<Content<'a>>,
    contents: [Content<'a>; 1],
    #[serde(skip_serializing_if = "GenerationConfig::is_empty")]
    generation_config: GenerationConfig<'a>,
}

#[derive(Debug, Serialize)]
struct Content<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    parts: [Part<'a>; 1],
}

#[derive(Debug, Serialize)]
struct Part<'a> {
    text: &'a str,
}

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

impl<'a> From<&'a GenerateRequest> for Question<'a> {
    fn from(request: &'a GenerateRequest) -> Self {
        Self {
            system_instruction: request
                .system
                .as_deref()
                .map(|text| Content::new(None, text)),
            contents: [Content::new(Some("user"), &request.prompt)],
            generation_config: GenerationConfig::from(request),
        }
    }
}

impl<'a> Content<'a> {
    fn new(role: Option<&'static str>, text: &'a str) -> Self {
        let parts = [Part { text }];
        Self { role, parts }
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
            response_json_schema: request.schema.as_ref(),
            thinking_config: thinking(request),
        }
    }
}

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
        serde_json::to_string(&Question::from(request)).unwrap()
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
