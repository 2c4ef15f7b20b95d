//! `LLMNode` in a workflow.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod common;

use std::sync::Arc;

use common::{
    Checked, answering, builder, client, fault, json, only_request,
    raw::{OK_SSE, Then, saying},
    sse,
};
use futures::StreamExt;
use serde_json::{Value, json as value};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{method, path_regex},
};
use workflow_core::{
    EventKind, Executor, Registry, Run, StepEvent, Update, Workflow, event::TextKind,
};

const STREAM: &[u8] = include_bytes!("fixtures/stream.sse");
const REPLY: &str = include_str!("fixtures/reply.json");
const TEXT: &str = "Entropy “is” a mess 🎲.";

fn registry(base_url: &str) -> Registry {
    let mut registry = Registry::default();
    workflow_gemini::register(&mut registry, client(base_url));
    registry
}

fn run(base_url: &str, nodes: &Value, input: impl Into<Value>) -> Run {
    let workflow = Workflow::from_spec(&value!({ "nodes": nodes }), &registry(base_url)).unwrap();
    Executor::new().run(Arc::new(workflow), input.into())
}

/// A workflow of one `LLMNode`.
fn ask(base_url: &str, data: &Value, input: impl Into<Value>) -> Run {
    run(
        base_url,
        &value!([{"id": "ask", "type": "LLMNode", "data": data}]),
        input,
    )
}

async fn events(mut run: Run) -> Vec<StepEvent> {
    let mut events = Vec::new();
    while let Some(update) = run.next().await {
        if let Update::Event(event) = update {
            events.push(event);
        }
    }
    events
}

/// The last event of this kind, as JSON.
fn last(events: &[StepEvent], kind: &str) -> Value {
    let mut found = events
        .iter()
        .rev()
        .filter(|event| event.kind.name() == kind);
    let event = found
        .next()
        .unwrap_or_else(|| panic!("no {kind} in {events:#?}"));
    serde_json::to_value(event).unwrap()
}

async fn sent_text(server: &MockServer) -> String {
    let sent: Value = only_request(server).await.body_json().unwrap();
    let text = &sent["contents"][0]["parts"][0]["text"];
    text.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_input_is_the_prompt_by_default() {
    let server = answering(sse(STREAM)).await;
    let nodes = value!([
        {"id": "prompt_step", "type": "PromptNode", "data": {"template": "Explain: {{input}}"}},
        {"id": "llm_step", "type": "LLMNode", "data": {}},
    ]);
    let events = events(run(&server.uri(), &nodes, "entropy")).await;
    assert_eq!(last(&events, "run.completed")["output"], TEXT);
    assert_eq!(sent_text(&server).await, "Explain: entropy");
    let done = last(&events, "node.completed");
    assert_eq!(done["model"], "gemini-3.8-flash-002");
    assert_eq!(done["finish_reason"], "STOP");
    let usage = value!({"input_tokens": 15, "output_tokens": 78, "thought_tokens": 66});
    assert_eq!(done["usage"], usage);
}

#[tokio::test]
async fn input_other_than_text_is_sent_as_compact_json() {
    let server = answering(sse(STREAM)).await;
    let input = value!({"b": [1, null], "a": "x"});
    events(ask(&server.uri(), &value!({}), input)).await;
    assert_eq!(sent_text(&server).await, r#"{"b":[1,null],"a":"x"}"#);
}

#[tokio::test]
async fn prompt_and_system_are_rendered() {
    let server = answering(sse(STREAM)).await;
    let data = value!({
        "prompt": "About {{ input.topic }}", "system": "For {{ input.reader }}",
        "model": "gemini-4-neon", "thinking_level": "low",
    });
    events(ask(
        &server.uri(),
        &data,
        value!({"topic": "mess", "reader": "kids"}),
    ))
    .await;
    let sent = only_request(&server).await;
    assert_eq!(
        sent.url.path(),
        "/v1beta/models/gemini-4-neon:streamGenerateContent"
    );
    let sent: Value = sent.body_json().unwrap();
    let expected = value!({
        "systemInstruction": {"parts": [{"text": "For kids"}]},
        "contents": [{"role": "user", "parts": [{"text": "About mess"}]}],
        "generationConfig": {"thinkingConfig": {"thinkingLevel": "LOW"}},
    });
    assert_eq!(sent, expected);
}

#[tokio::test]
async fn text_and_thoughts_are_streamed() {
    let server = answering(sse(STREAM)).await;
    let mut run = ask(&server.uri(), &value!({}), "Hi");
    let (mut text, mut thoughts) = (String::new(), String::new());
    while let Some(update) = run.next().await {
        if let Update::Delta(delta) = update {
            match delta.kind {
                TextKind::Thought => thoughts += &delta.text,
                _ => text += &delta.text,
            }
        }
    }
    assert_eq!(
        (text.as_str(), thoughts.as_str()),
        (TEXT, "**Weighing it up**")
    );
}

#[tokio::test]
async fn without_streaming_there_are_no_deltas() {
    let server = answering(json(200, REPLY)).await;
    let events = events(ask(&server.uri(), &value!({"stream": false}), "Hi")).await;
    let output = "Entropy is how many ways there are to be a mess.";
    assert_eq!(last(&events, "run.completed")["output"], output);
    let path = "/v1beta/models/gemini-3.8-flash:generateContent";
    assert_eq!(only_request(&server).await.url.path(), path);
}

#[tokio::test]
async fn with_a_schema_the_output_is_json() {
    let answer = value!({"candidates": [{"content": {"parts": [{"text": "{\"kind\": \"bug\"}"}]},
        "finishReason": "STOP"}]});
    let server = answering(sse(format!("data: {answer}\n\n"))).await;
    let schema =
        value!({"type": "object", "properties": {"kind": {"title": "{{ as it stands }}"}}});
    let events = events(ask(&server.uri(), &value!({"schema": schema}), "Hi")).await;
    assert_eq!(
        last(&events, "run.completed")["output"],
        value!({"kind": "bug"})
    );
    let sent: Value = only_request(&server).await.body_json().unwrap();
    assert_eq!(sent["generationConfig"]["responseJsonSchema"], schema);
}

#[tokio::test]
async fn an_answer_that_does_not_match_its_schema_is_retried_and_then_names_the_place() {
    let answer = |kind: &str| {
        let text = value!({"kinds": ["bug", kind]}).to_string();
        let answer = value!({"candidates": [{"content": {"parts": [{"text": text}]},
            "finishReason": "STOP"}], "usageMetadata": {"promptTokenCount": 4}});
        sse(format!("data: {answer}\n\n"))
    };
    let schema = value!({"type": "object", "properties": {
        "kinds": {"items": {"enum": ["bug", "refund"]}}}});
    let nodes = value!([{"id": "ask", "type": "LLMNode", "data": {"schema": schema},
        "retry": {"max_attempts": 3, "delay": "1ms"}}]);

    let server = MockServer::start().await;
    let wrong = Mock::given(method("POST")).respond_with(Checked(answer("bugs")));
    wrong.up_to_n_times(2).mount(&server).await;
    let right = Mock::given(method("POST")).respond_with(Checked(answer("refund")));
    right.mount(&server).await;
    let emitted = events(run(&server.uri(), &nodes, "Hi")).await;
    assert_eq!(last(&emitted, "node.completed")["attempt"], 3);
    assert_eq!(last(&emitted, "run.completed")["usage"]["input_tokens"], 12);

    let server = answering(answer("bugs")).await;
    let emitted = events(run(&server.uri(), &nodes, "Hi")).await;
    let error = &last(&emitted, "node.failed")["error"];
    assert_eq!(error["code"], "answer_does_not_fit");
    let detail = error["detail"].as_str().unwrap();
    let place = "the answer does not fit its schema at /kinds/1: \"bugs\" is not one of";
    assert!(detail.starts_with(place), "{detail}");
    assert_eq!(server.received_requests().await.unwrap().len(), 3);
}

#[tokio::test]
async fn images_and_files_are_rendered_into_parts() {
    let server = answering(sse(STREAM)).await;
    let image = "iVBO".repeat(100_000);
    let data = value!({"parts": [
        {"text": "Of {{ input.who }}:"},
        {"inline": {"mime_type": "image/{{ input.kind }}", "data": "{{ input.image }}\n"}},
        {"file": {"uri": "https://example.com/{{ input.who }}.pdf", "mime_type": "application/pdf"}},
    ], "safety": {"harassment": "off"}, "tools": ["url_context"]});
    let input = value!({"who": "Ada", "kind": "png", "image": image});
    let emitted = events(ask(&server.uri(), &data, input)).await;
    last(&emitted, "run.completed");
    let sent: Value = only_request(&server).await.body_json().unwrap();
    let parts = value!([
        {"text": "Of Ada:"},
        {"inlineData": {"mimeType": "image/png", "data": image}},
        {"fileData": {"mimeType": "application/pdf", "fileUri": "https://example.com/Ada.pdf"}},
    ]);
    assert_eq!(sent["contents"][0]["parts"], parts);
    assert_eq!(sent["tools"], value!([{"urlContext": {}}]));
}

#[tokio::test]
async fn data_that_is_not_base64_fails_the_step_before_anything_is_sent() {
    let server = answering(sse(STREAM)).await;
    let data = value!({"parts": [{"inline": {"mime_type": "image/png", "data": "{{ input }}"}}]});
    let emitted = events(ask(&server.uri(), &data, "data:image/png;base64,QQ==")).await;
    let error = &last(&emitted, "node.failed")["error"];
    assert_eq!(error["code"], "invalid_request");
    assert!(
        error["detail"].as_str().unwrap().contains("`data:` URL"),
        "{error}"
    );
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_refusal_fails_the_step_at_once_and_reports_its_usage() {
    let answer = include_str!("fixtures/max-tokens-no-text.json").replace('\n', "");
    let server = answering(sse(format!("data: {answer}\r\n\r\n"))).await;
    let data = value!({"max_output_tokens": 66});
    let events = events(ask(&server.uri(), &data, "Hi")).await;
    let failed = last(&events, "node.failed");
    assert_eq!(
        (&failed["attempt"], &failed["error"]["code"]),
        (&value!(1), &value!("out_of_tokens"))
    );
    let detail = failed["error"]["detail"].as_str().unwrap();
    assert!(
        detail.ends_with("thoughtsTokenCount 66, maxOutputTokens 66"),
        "{detail}"
    );
    assert!(
        failed["error"]["hint"]
            .as_str()
            .unwrap()
            .contains("max_output_tokens")
    );
    assert_eq!(last(&events, "run.failed")["usage"]["output_tokens"], 66);
    only_request(&server).await;
}

#[tokio::test]
async fn a_temporary_failure_is_retried_by_the_engine() {
    let server = MockServer::start().await;
    let busy = json(503, include_str!("fixtures/503-overloaded.json"));
    let busy = Mock::given(method("POST"))
        .respond_with(Checked(busy))
        .up_to_n_times(2);
    busy.mount(&server).await;
    let fine = Mock::given(method("POST")).respond_with(Checked(sse(STREAM)));
    fine.mount(&server).await;
    let nodes = value!([{"id": "ask", "type": "LLMNode",
        "retry": {"max_attempts": 3, "delay": "1ms", "jitter": false}}]);
    let events = events(run(&server.uri(), &nodes, "Hi")).await;
    assert_eq!(
        last(&events, "node.retrying")["error"]["code"],
        "model_overloaded"
    );
    assert_eq!(last(&events, "node.completed")["attempt"], 3);
    assert_eq!(server.received_requests().await.unwrap().len(), 3);
}

#[tokio::test]
async fn by_default_there_are_five_attempts_and_none_before_the_requested_wait() {
    let refusal = json(429, include_str!("fixtures/429-per-minute.json"));
    let server = answering(refusal).await;
    let mut run = ask(&server.uri(), &value!({}), "Hi");
    let retrying = loop {
        if let Update::Event(event) = run.next().await.unwrap()
            && let EventKind::NodeRetrying(retrying) = event.kind
        {
            break retrying;
        }
    };
    assert_eq!((retrying.attempt, retrying.max_attempts), (1, 5));
    assert!(retrying.next_in_ms >= 36_000, "{}", retrying.next_in_ms);
}

#[tokio::test]
async fn a_generation_that_failed_is_retried_once() {
    let server = answering(sse(
        "data: {\"candidates\":[{\"finishReason\":\"STOP\"}]}\n\n",
    ))
    .await;
    let nodes = value!([{"id": "ask", "type": "LLMNode",
        "retry": {"max_attempts": 5, "delay": "1ms"}}]);
    let events = events(run(&server.uri(), &nodes, "Hi")).await;
    let failed = last(&events, "node.failed");
    assert_eq!(
        (&failed["attempt"], &failed["error"]["code"]),
        (&value!(2), &value!("empty_answer"))
    );
    assert_eq!(server.received_requests().await.unwrap().len(), 2);
}

/// A stream with one event.
fn one(answer: &Value) -> ResponseTemplate {
    sse(format!("data: {answer}\r\n\r\n"))
}

#[tokio::test]
async fn sources_and_results_of_tools_are_metadata_of_the_step() {
    let code = value!({"executableCode": {"language": "PYTHON", "code": "print(1)"}});
    let answer = value!({"candidates": [{"content": {"parts": [code, {"text": "One."}]},
        "finishReason": "STOP", "groundingMetadata": {"webSearchQueries": ["one"]}}]});
    let server = answering(one(&answer)).await;
    let data = value!({"tools": ["google_search", "code_execution"]});
    let emitted = events(ask(&server.uri(), &data, "Hi")).await;
    let metadata = value!({"grounding": {"webSearchQueries": ["one"]}, "code": [code]});
    assert_eq!(last(&emitted, "node.completed")["metadata"], metadata);
}

#[tokio::test]
async fn a_truncated_answer_succeeds_and_is_marked() {
    let answer = value!({"candidates": [{"content": {"parts": [{"text": "So f"}]},
        "finishReason": "MAX_TOKENS"}]});
    let server = answering(one(&answer)).await;
    let emitted = events(ask(&server.uri(), &value!({}), "Hi")).await;
    let done = last(&emitted, "node.completed");
    assert_eq!(done["output"], "So f");
    assert_eq!(done["finish_reason"], "MAX_TOKENS");
    assert_eq!(done["truncated"], true);
    assert_eq!(done["metadata"], value!({"truncated": true}));
}

#[tokio::test]
async fn a_later_step_can_read_that_an_answer_was_cut_off() {
    let answer = value!({"candidates": [{"content": {"parts": [{"text": "So f"}]},
        "finishReason": "MAX_TOKENS", "citationMetadata": {"citationSources": [{"uri": "https://a.example"}]}}]});
    let server = answering(one(&answer)).await;
    let read =
        "{{ ask.finish_reason }} {{ ask.truncated }} {{ ask.metadata.citations is defined }}";
    let nodes = value!([
        {"id": "ask", "type": "LLMNode", "data": {}},
        {"id": "read", "type": "PromptNode", "data": {"template": read}},
    ]);
    let emitted = events(run(&server.uri(), &nodes, "Hi")).await;
    assert_eq!(
        last(&emitted, "run.completed")["output"],
        "MAX_TOKENS true true"
    );
}

#[test]
fn fields_that_an_answer_cannot_have_are_faults() {
    let registry = registry("http://127.0.0.1:1");
    let schema = value!({"type": "object", "properties": {"kind": {"type": "string"}}});
    for (data, path, hint) in [
        (value!({}), "ask.output.kind", Some("write `ask.output`")),
        (
            value!({"schema": schema}),
            "ask.output.kidn",
            Some("did you mean `ask.output.kind`?"),
        ),
        (value!({"schema": schema}), "ask.output.kind", None),
    ] {
        let nodes = value!([
            {"id": "ask", "type": "LLMNode", "data": data},
            {"id": "read", "type": "PromptNode", "data": {"template": format!("{{{{ {path} }}}}")}},
        ]);
        let checked = Workflow::from_spec(&value!({ "nodes": nodes }), &registry);
        let found = checked.err().map(|invalid| {
            let fault = invalid.faults()[0].clone();
            assert_eq!(fault.code.as_str(), "unknown_field_reference");
            fault.hint.unwrap_or_default()
        });
        assert_eq!(found.as_deref(), hint, "{path}");
    }
}

#[tokio::test]
async fn an_answer_with_text_only_has_no_metadata() {
    let server = answering(sse(STREAM)).await;
    let emitted = events(ask(&server.uri(), &value!({}), "Hi")).await;
    assert_eq!(last(&emitted, "node.completed").get("metadata"), None);
}

#[tokio::test]
async fn the_log_has_the_prompt_as_sent_and_the_parts_with_their_signatures() {
    let server = answering(sse(STREAM)).await;
    let events_seen = events(ask(
        &server.uri(),
        &value!({"prompt": "Of {{ input }}"}),
        "Ada",
    ))
    .await;
    let debug = value!({
        "model": "gemini-3.8-flash",
        "response_id": "x1YzaqXdNLPqvdIP3sGZkAE",
        "parts": [
            {"text": "**Weighing it up**", "thought": true},
            {"text": "Entropy “is” a mess 🎲"},
            {"text": "", "thoughtSignature": "EqQDCqEDAXLI2nyx0QmzYw=="},
            {"text": "."},
        ],
    });
    let completed = last(&events_seen, "node.completed");
    assert_eq!(completed["debug"], debug);
    let request = value!({
        "model": "gemini-3.8-flash",
        "body": {"contents": [{"role": "user", "parts": [{"text": "Of Ada"}]}]},
    });
    assert_eq!(completed["request"], request);
    let shown = events_seen
        .iter()
        .find(|event| event.kind.name() == "node.completed");
    let shown = serde_json::to_value(shown.unwrap().shown()).unwrap();
    assert_eq!((shown.get("debug"), shown.get("request")), (None, None));
}

#[tokio::test]
async fn the_log_has_the_prompt_of_a_failed_attempt() {
    let server = answering(json(400, r#"{"error": {"status": "INVALID_ARGUMENT"}}"#)).await;
    let events_seen = events(ask(&server.uri(), &value!({}), "Hi")).await;
    let request = &last(&events_seen, "node.failed")["request"];
    assert_eq!(request["body"]["contents"][0]["parts"][0]["text"], "Hi");

    let server = answering(one(&serde_json::from_str(include_str!(
        "fixtures/safety.json"
    ))
    .unwrap()));
    let events_seen = events(ask(&server.await.uri(), &value!({}), "Hi")).await;
    let failed = last(&events_seen, "node.failed");
    assert_eq!(failed["request"]["body"]["contents"][0]["role"], "user");
}

#[tokio::test]
async fn a_stream_that_breaks_is_a_new_attempt_whose_text_starts_at_zero() {
    let broken = [OK_SSE.as_bytes(), &STREAM[..800]].concat();
    let whole = [OK_SSE.as_bytes(), STREAM].concat();
    let server = fault::serving(vec![fault::send(broken), fault::send(whole)]).await;
    let nodes =
        value!([{"id": "ask", "type": "LLMNode", "retry": {"max_attempts": 2, "delay": "1ms"}}]);
    let mut run = run(&server.base_url, &nodes, "Hi");
    let mut texts = vec![String::new(); 2];
    let mut used = Value::Null;
    while let Some(update) = run.next().await {
        match update {
            Update::Delta(delta) if delta.kind == TextKind::Text => {
                let text = &mut texts[delta.attempt as usize - 1];
                assert_eq!(delta.offset, text.encode_utf16().count() as u64);
                text.push_str(&delta.text);
            }
            Update::Event(event) if event.is_terminal() => {
                used = serde_json::to_value(event).unwrap()["usage"].clone();
            }
            _ => {}
        }
    }
    assert_eq!(texts, ["Entropy “is” ", TEXT]);
    // The usage of the broken attempt counts, too.
    assert_eq!(used["input_tokens"], 30);
}

async fn by_model(answers: &[(&str, ResponseTemplate)]) -> MockServer {
    let server = MockServer::start().await;
    for (model, answer) in answers {
        let path = path_regex(format!("/models/{model}:"));
        let mock = Mock::given(path).respond_with(Checked(answer.clone()));
        mock.mount(&server).await;
    }
    server
}

#[tokio::test]
async fn a_fallback_model_is_used_if_one_is_unavailable() {
    let server = by_model(&[
        (
            "retired",
            json(404, include_str!("fixtures/404-model.json")),
        ),
        (
            "busy",
            json(503, include_str!("fixtures/503-overloaded.json")),
        ),
        (
            "spent",
            json(429, include_str!("fixtures/429-per-day.json")),
        ),
        ("fine", sse(STREAM)),
    ])
    .await;
    let data = value!({"model": "retired", "fallback": ["busy", "models/retired", "spent", "fine", "never"]});
    let emitted = events(ask(&server.uri(), &data, "Hi")).await;
    let done = last(&emitted, "node.completed");
    assert_eq!(
        (&done["attempt"], &done["output"]),
        (&value!(1), &value!(TEXT))
    );
    let tried = value!([
        {"model": "retired", "code": "model_not_found"},
        {"model": "busy", "code": "model_overloaded"},
        {"model": "spent", "code": "daily_quota_exceeded"},
    ]);
    assert_eq!(done["metadata"]["tried"], tried);
    assert_eq!(done["debug"]["model"], "fine");
    assert_eq!(server.received_requests().await.unwrap().len(), 4);
}

#[tokio::test]
async fn if_no_model_is_available_the_step_waits_for_the_soonest() {
    let limited = json(429, include_str!("fixtures/429-per-minute.json"));
    let server = by_model(&[
        (
            "retired",
            json(404, include_str!("fixtures/404-model.json")),
        ),
        ("limited", limited.insert_header("retry-after", "0")),
    ])
    .await;
    let nodes = value!([{"id": "ask", "type": "LLMNode",
        "data": {"model": "retired", "fallback": ["limited"]},
        "retry": {"max_attempts": 2, "delay": "1ms"}}]);
    let emitted = events(run(&server.uri(), &nodes, "Hi")).await;
    assert_eq!(
        last(&emitted, "node.retrying")["error"]["code"],
        "rate_limited"
    );
    let failed = last(&emitted, "node.failed");
    assert_eq!(
        (&failed["attempt"], &failed["error"]["code"]),
        (&value!(2), &value!("rate_limited"))
    );
    assert_eq!(failed["metadata"]["tried"][0]["model"], "retired");

    let server = by_model(&[("", json(404, include_str!("fixtures/404-model.json")))]).await;
    let data = value!({"model": "a", "fallback": ["b"]});
    let emitted = events(ask(&server.uri(), &data, "Hi")).await;
    let failed = last(&emitted, "node.failed");
    assert_eq!(
        (&failed["attempt"], &failed["error"]["code"]),
        (&value!(1), &value!("model_not_found"))
    );
}

#[tokio::test]
async fn usage_of_a_model_that_became_unavailable_is_counted() {
    let used = r#"data: {"usageMetadata": {"promptTokenCount": 7}}"#;
    let late = r#"data: {"error": {"code": 503, "status": "UNAVAILABLE"}}"#;
    let server = by_model(&[
        ("a", sse(format!("{used}\r\n\r\n{late}\r\n\r\n"))),
        ("b", sse(STREAM)),
    ])
    .await;
    let data = value!({"model": "a", "fallback": ["b"]});
    let emitted = events(ask(&server.uri(), &data, "Hi")).await;
    assert_eq!(
        last(&emitted, "node.completed")["usage"]["input_tokens"],
        22
    );
}

#[tokio::test]
async fn without_fallback_models_there_is_no_list_of_tried_models() {
    let server = answering(json(503, include_str!("fixtures/503-overloaded.json"))).await;
    let nodes = value!([{"id": "ask", "type": "LLMNode", "retry": 1}]);
    let emitted = events(run(&server.uri(), &nodes, "Hi")).await;
    assert_eq!(last(&emitted, "node.failed").get("metadata"), None);
}

#[tokio::test]
async fn an_answer_that_fails_in_a_later_request_counts_the_usage_of_the_first() {
    let server = MockServer::start().await;
    let long: Value = serde_json::from_str(include_str!("fixtures/continuation.json")).unwrap();
    let first = Mock::given(method("POST")).respond_with(Checked(one(&long)));
    first.up_to_n_times(1).mount(&server).await;
    let busy = Mock::given(method("POST")).respond_with(Checked(json(500, "{}")));
    busy.mount(&server).await;
    let nodes = value!([{"id": "ask", "type": "LLMNode", "retry": 1}]);
    let emitted = events(run(&server.uri(), &nodes, "Hi")).await;
    let usage = value!({"input_tokens": 15, "output_tokens": 66, "thought_tokens": 66});
    assert_eq!(last(&emitted, "node.failed")["usage"], usage);
}

#[tokio::test]
async fn there_is_no_fallback_for_an_invalid_request_or_after_a_delta() {
    let late = [
        &STREAM[..800],
        b"\r\n\r\n",
        include_bytes!("fixtures/503-overloaded.json"),
    ]
    .concat();
    for first in [json(400, "{}"), json(403, "{}"), json(500, "{}"), sse(late)] {
        let server = by_model(&[("a", first), ("b", sse(STREAM))]).await;
        let nodes = value!([{"id": "ask", "type": "LLMNode", "retry": 1,
            "data": {"model": "a", "fallback": ["b"]}}]);
        let emitted = events(run(&server.uri(), &nodes, "Hi")).await;
        last(&emitted, "node.failed");
        only_request(&server).await;
    }
}

#[tokio::test]
async fn an_unreachable_api_is_reported_with_its_cause() {
    let nodes = value!([{"id": "ask", "type": "LLMNode", "retry": 1}]);
    let events = events(run("http://127.0.0.1:1", &nodes, "Hi")).await;
    let detail = last(&events, "run.failed")["error"]["detail"].to_string();
    assert!(
        detail.contains("could not be reached: Connection refused"),
        "{detail}"
    );
}

#[tokio::test]
async fn dropping_a_run_closes_the_connection() {
    let server = saying(vec![OK_SSE.into(), STREAM[..600].into()], Then::Stall).await;
    let mut run = ask(&server.base_url, &value!({}), "Hi");
    while !matches!(run.next().await.unwrap(), Update::Delta(_)) {}
    drop(run);
    server.hung_up.await.unwrap();
}

#[test]
fn invalid_data_is_found_when_the_workflow_is_created() {
    let registry = registry("http://127.0.0.1:1");
    let faults = |nodes: &Value| {
        let refused = Workflow::from_spec(&value!({ "nodes": nodes }), &registry).unwrap_err();
        let faults = refused.faults().iter();
        let faults = faults.map(|fault| format!("{} {}", fault.code, fault.pointer));
        faults.collect::<Vec<_>>()
    };
    let found = |data: Value| faults(&value!([{"id": "ask", "type": "LLMNode", "data": data}]));
    assert_eq!(
        found(value!({"prompt": "{{ inptu }}"})),
        ["unknown_reference #/nodes/0/data/prompt"]
    );
    assert_eq!(
        found(value!({"fallback": ["{{ input }}"]})),
        ["not_a_template #/nodes/0/data/fallback/0"]
    );
    assert_eq!(
        found(value!({"stop": ["{{"]})),
        ["not_a_template #/nodes/0/data/stop/0"]
    );
    for (data, place) in [
        (value!({"stop": [""]}), "stop/0"),
        (value!({"top_k": 0}), "top_k"),
        (value!({"top_k": 2_147_483_648_u32}), "top_k"),
        (
            value!({"max_output_tokens": 10_000_000_000_u64}),
            "max_output_tokens",
        ),
        (value!({"seed": 2_147_483_648_u32}), "seed"),
        (value!({"thinking_budget": -2}), "thinking_budget"),
        (value!({"thinking_level": "hihg"}), "thinking_level"),
        (value!({"service_tier": "cheap"}), "service_tier"),
        (value!({"safety": {"harassment": "lots"}}), "safety"),
    ] {
        assert_eq!(
            found(data),
            [format!("invalid_value #/nodes/0/data/{place}")]
        );
    }
    assert_eq!(found(value!({"temprature": 1})).len(), 1);
    assert_eq!(found(value!({"schema": {"type": "text"}})).len(), 1);
    assert_eq!(
        found(value!({"parts": [{"inline": {"mime_type": "image/png", "data": "{{ inptu }}"}}]})),
        ["unknown_reference #/nodes/0/data/parts/0/inline/data"]
    );
    assert_eq!(found(value!({"parts": [{"image": "x"}]})).len(), 1);
    assert_eq!(found(value!({"tools": ["web_search"]})).len(), 1);
    assert_eq!(
        found(value!({"seed": "x"})),
        ["invalid_value #/nodes/0/data/seed"]
    );
    assert_eq!(
        found(value!({"thinking_level": "low", "thinking_budget": 0})).len(),
        1
    );
    let joined = value!([
        {"id": "a", "type": "LLMNode"},
        {"id": "b", "type": "LLMNode", "needs": []},
        {"id": "c", "type": "LLMNode", "needs": ["a", "b"]},
    ]);
    assert_eq!(faults(&joined), ["no_implicit_input #/nodes/2"]);
}

#[test]
fn the_type_has_its_display_hints_and_policy() {
    let registry = registry("http://127.0.0.1:1");
    let node_type = registry.get("LLMNode").unwrap();
    assert_eq!(node_type.activity(), "Calling Gemini API");
    let client = builder("http://127.0.0.1:1").build().unwrap();
    assert_eq!(client.model(), workflow_gemini::DEFAULT_MODEL);
}
