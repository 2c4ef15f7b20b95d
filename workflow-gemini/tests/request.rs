//! The request body, checked against a schema of everything that the API is known to accept.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod common;

use common::{answering, check, client, json, only_request};
use serde_json::{Value, json as value};
use workflow_gemini::{GenerateRequest, Part, Thinking, Tool};

const REPLY: &str = include_str!("fixtures/reply.json");

async fn sent(request: &GenerateRequest) -> Value {
    let server = answering(json(200, REPLY)).await;
    let client = client(&server.uri());
    client.generate(request).await.unwrap();
    only_request(&server).await.body_json().unwrap()
}

#[test]
fn the_checker_finds_every_kind_of_fault() {
    let with = |name: &str, member: Value| {
        let mut body = value!({"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]});
        body[name] = member;
        check::faults(body.to_string().as_bytes())
    };
    assert!(with("store", value!(false)).is_empty());
    for (name, member) in [
        ("system_prompt", value!("x")),
        ("systemInstruction", value!(null)),
        ("contents", value!([])),
        ("contents", value!([{"parts": [{"text": "Hi"}]}])),
        (
            "contents",
            value!([{"role": "assistant", "parts": [{"text": "Hi"}]}]),
        ),
        ("contents", value!([{"role": "user", "parts": []}])),
        (
            "contents",
            value!([{"role": "user", "parts": [{"text": "a", "fileData": {"fileUri": "b"}}]}]),
        ),
        (
            "contents",
            value!([{"role": "user", "parts": [{"inlineData": {"data": "QQ=="}}]}]),
        ),
        ("generationConfig", value!({})),
        ("generationConfig", value!({"temperature": "1"})),
        (
            "generationConfig",
            value!({"stopSequences": ["1", "2", "3", "4", "5", "6"]}),
        ),
        ("generationConfig", value!({"responseJsonSchema": {}})),
        (
            "generationConfig",
            value!({"responseJsonSchema": {}, "responseSchema": {}, "responseMimeType": "application/json"}),
        ),
        (
            "generationConfig",
            value!({"thinkingConfig": {"thinkingLevel": "LOW", "thinkingBudget": 0}}),
        ),
        (
            "safetySettings",
            value!([{"category": "HARASSMENT", "threshold": "OFF"}]),
        ),
        ("tools", value!([{"googleSearch": {}, "codeExecution": {}}])),
        ("serviceTier", value!("FLEX")),
    ] {
        assert!(!with(name, member.clone()).is_empty(), "{name}: {member}");
    }
}

#[tokio::test]
async fn what_is_not_set_is_not_sent() {
    let body = sent(&GenerateRequest::new("Hi")).await;
    assert_eq!(
        body,
        value!({"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]})
    );
}

#[tokio::test]
async fn images_and_files_are_parts_before_the_prompt() {
    let request = GenerateRequest::new("Compare.")
        .with_part(Part::text("First:"))
        .with_part(Part::inline("image/png", [0, 1, 2]))
        .with_part(Part::file("https://example.com/a.pdf").with_mime_type("application/pdf"))
        .with_part(Part::file("https://example.com/b"));
    let parts = value!([
        {"text": "First:"},
        {"inlineData": {"mimeType": "image/png", "data": "AAEC"}},
        {"fileData": {"mimeType": "application/pdf", "fileUri": "https://example.com/a.pdf"}},
        {"fileData": {"fileUri": "https://example.com/b"}},
        {"text": "Compare."},
    ]);
    assert_eq!(sent(&request).await["contents"][0]["parts"], parts);
    let alone = GenerateRequest::new("").with_part(Part::text("Hi"));
    assert_eq!(
        sent(&alone).await["contents"][0]["parts"],
        value!([{"text": "Hi"}])
    );
}

#[tokio::test]
async fn safety_and_tools_are_sent_in_the_apis_spelling() {
    let request = GenerateRequest::new("Hi")
        .with_safety("harassment", "only_high")
        .with_safety("HARM_CATEGORY_JAILBREAK", "OFF")
        .with_tool(Tool::GoogleSearch)
        .with_tool(Tool::CodeExecution)
        .with_tool(Tool::UrlContext)
        .with_tool(Tool::GoogleSearch);
    let body = sent(&request).await;
    let safety = value!([
        {"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_ONLY_HIGH"},
        {"category": "HARM_CATEGORY_JAILBREAK", "threshold": "OFF"},
    ]);
    assert_eq!(body["safetySettings"], safety);
    let tools = value!([{"googleSearch": {}}, {"codeExecution": {}}, {"urlContext": {}}]);
    assert_eq!(body["tools"], tools);
    assert!(body.get("generationConfig").is_none());
}

#[tokio::test]
async fn a_level_and_a_budget_are_never_sent_together() {
    let request = GenerateRequest::new("Hi")
        .with_thinking(Thinking::Budget(0))
        .with_thinking(Thinking::level("high"));
    let body = sent(&request).await;
    let thinking = value!({"thinkingConfig": {"thinkingLevel": "HIGH"}});
    assert_eq!(body["generationConfig"], thinking);
}

#[tokio::test]
async fn a_schema_is_sent_with_its_mime_type_as_json_schema() {
    let schema = value!({"$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object", "additionalProperties": true, "properties": {"z": {"$ref": "#/$defs/a"}},
        "$defs": {"a": {"const": 1}}});
    let request = GenerateRequest::new("Hi").with_schema(schema.clone());
    let server = answering(json(200, REPLY)).await;
    client(&server.uri()).generate(&request).await.unwrap_err();
    let body: Value = only_request(&server).await.body_json().unwrap();
    let config = &body["generationConfig"];
    assert_eq!(config["responseJsonSchema"].to_string(), schema.to_string());
    assert_eq!(config["responseMimeType"], "application/json");
    assert!(config.get("responseSchema").is_none());
}
