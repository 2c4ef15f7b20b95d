//! The `data` of an `LLMNode` as the request of this API, and its checks.

use serde_json::{Map, Value, json};
use workflow_llm::{LlmData, Message, Model, ModelRequest, Part};

use super::*;
use crate::request::{GenerateRequest, ServiceTier, Thinking, Tool};

fn client() -> GeminiClient {
    let builder = GeminiClient::builder().with_api_key("key");
    builder.with_base_url("http://127.0.0.1:1").build().unwrap()
}

/// Reads and checks data, as the creation of a workflow does.
fn read(data: Value) -> Result<LlmData, String> {
    let model = data["model"].as_str().map(str::to_owned);
    let data: LlmData = serde_json::from_value(data).map_err(|error| error.to_string())?;
    let mut settings = data.settings();
    settings.model = model;
    let checked = client().check(&settings);
    checked.map(|()| data).map_err(|fault| fault.to_string())
}

fn sent(mut settings: ModelRequest) -> GenerateRequest {
    settings.messages.push(Message::user("Hi"));
    request::generate_request(&settings, "gemini").unwrap()
}

#[test]
fn nothing_is_set_by_default() {
    let data = read(json!({})).unwrap();
    assert_eq!(sent(data.settings()), GenerateRequest::new("Hi"));
    let empty = read(json!({"model": "", "thinking_level": " "})).unwrap();
    assert_eq!(sent(empty.settings()), GenerateRequest::new("Hi"));
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
    assert_eq!(sent(data.settings()), expected);
    assert!(!data.settings().streams);
}

#[test]
fn words_that_the_api_does_not_have_are_refused() {
    for (data, named) in [
        (
            json!({"tools": ["web_search"]}),
            "use one of `google_search`, `code_execution`, `url_context`, `google_maps`",
        ),
        (
            json!({"tools": ["google_serach"]}),
            "did you mean `google_search`?",
        ),
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
    ] {
        let error = read(data).unwrap_err();
        assert!(error.contains(named), "{error}");
    }
}

#[test]
fn options_of_other_providers_are_refused() {
    let mut request = ModelRequest::new([Message::user("Hi")]);
    request.options.insert("keep_alive".to_owned(), json!(1));
    let error = client().body(&request).unwrap_err();
    assert_eq!(error.code(), "unsupported_option");
    assert_eq!(
        error.to_string(),
        "the provider `gemini` has no `keep_alive`"
    );
}

#[test]
fn a_body_has_the_prompt_as_sent() {
    let body = client().body(&ModelRequest::new([Message::user("Hi")]));
    let expected = json!({"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]});
    assert_eq!(body.unwrap(), expected);
}

#[test]
fn earlier_messages_are_turns() {
    let image = Part::inline("image/png", "A");
    let request = ModelRequest::new([
        Message::User(vec![image, Part::text("What is it?")]),
        Message::assistant("A dot."),
        Message::user("Of which colour?"),
    ]);
    let expected = json!({"contents": [
        {"role": "user", "parts": [{"inlineData": {"mimeType": "image/png", "data": "QQ=="}}, {"text": "What is it?"}]},
        {"role": "model", "parts": [{"text": "A dot."}]},
        {"role": "user", "parts": [{"text": "Of which colour?"}]},
    ]});
    assert_eq!(client().body(&request).unwrap(), expected);
}

#[test]
fn names_of_models_may_have_a_prefix() {
    let client = client();
    assert_eq!(client.model_name(" models/m1 "), Some("m1"));
    assert_eq!(client.model_name("tunedModels/m1"), Some("tunedModels/m1"));
    assert_eq!(client.model_name("local/m1"), None);
}
