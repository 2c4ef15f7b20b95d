//! The messages of a request.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod common;

use std::sync::Arc;

use common::client;
use serde_json::{Value, json};
use workflow_core::{
    error::Problem,
    node::agent::{CallResult, ToolCall, TurnOutput},
};
use workflow_llm::{Message, Model, ModelRequest, Part, TurnMessage};

fn body(request: &ModelRequest) -> Value {
    client("http://localhost:1").body(request).unwrap()
}

fn output(text: &str, calls: Vec<ToolCall>) -> TurnOutput {
    let mut output = TurnOutput::default();
    text.clone_into(&mut output.text);
    output.calls = calls;
    output
}

fn result(value: Value) -> CallResult {
    CallResult::new(Ok(Arc::new(value)))
}

#[test]
fn images_are_sent_as_data_urls() {
    let request = ModelRequest::new([Message::User(vec![
        Part::text("What is this?"),
        Part::inline("image/png", [0xfb, 0xff, 0xfe]),
        // The URL-safe alphabet, without padding.
        Part::base64("image/jpeg", "-_8"),
        Part::file("https://example.com/a.png").with_mime_type("image/png"),
    ])]);
    let image = |url: &str| json!({"type": "image_url", "image_url": {"url": url}});
    let expected = json!([{"type": "text", "text": "What is this?"}, image("data:image/png;base64,+//+"),
        image("data:image/jpeg;base64,+/8="), image("https://example.com/a.png")]);
    assert_eq!(body(&request)["messages"][0]["content"], expected);
    for part in [
        Part::inline("application/pdf", b"%PDF"),
        Part::file("gs://bucket/a"),
        Part::file("https://example.com/a.mp4").with_mime_type("video/mp4"),
    ] {
        let error = client("http://localhost:1")
            .body(&ModelRequest::new([Message::User(vec![part])]))
            .unwrap_err();
        assert_eq!(error.code(), "unsupported_option", "{error}");
    }
}

#[test]
fn a_turn_goes_back_as_it_came_with_the_results_of_its_calls() {
    let state = json!({"role": "assistant", "content": null, "tool_calls": [
        {"id": "call_0", "type": "function", "function": {"name": "order", "arguments": "{ \"n\":1.0}"}, "extra_content": {"google": {"thought_signature": "c2ln"}}},
        {"id": "b", "type": "function", "function": {"name": "order", "arguments": "{\"n\": oops"}}], "reasoning_content": "Hm"});
    let call = |id: &str| ToolCall::new("order", json!({})).with_id(id);
    let problem = Problem::new("not_found", "there is no order 2");
    let results = vec![
        result(json!({"state": "sent"})),
        CallResult::new(Err(Arc::new(problem))),
    ];
    let turn = TurnMessage::with(
        output("", vec![call("call_0"), call("b")]),
        Some(state.clone()),
        results,
    );
    let sent = body(&ModelRequest::new([
        Message::user("Hi"),
        Message::Turn(turn.clone()),
    ]));
    let mut expected = state;
    // Servers that parse the arguments of the history would refuse the whole request.
    expected["tool_calls"][1]["function"]["arguments"] = json!("{}");
    assert_eq!(sent["messages"][1], expected);
    assert_eq!(
        sent["messages"][2],
        json!({"role": "tool", "tool_call_id": "call_0", "content": r#"{"output":{"state":"sent"}}"#})
    );
    assert_eq!(
        sent["messages"][3],
        json!({"role": "tool", "tool_call_id": "b", "content": r#"{"error":"not_found: there is no order 2"}"#})
    );

    // Before a later question, thoughts are refused.
    let sent = body(&ModelRequest::new([
        Message::user("Hi"),
        Message::Turn(turn),
        Message::user("And now?"),
    ]));
    assert_eq!(sent["messages"][1].get("reasoning_content"), None);
    assert_eq!(sent["messages"][4]["content"], "And now?");
}

#[test]
fn a_turn_of_another_provider_is_written_anew() {
    let calls = vec![
        ToolCall::new("order", json!({"n": 1})),
        ToolCall::new("what is/this?", json!("oops"))
            .with_id("x")
            .with_problem("not JSON"),
        ToolCall::new("n".repeat(9_000), json!({})),
    ];
    let results = vec![result(json!(1)), result(json!(2)), result(json!(3))];
    let turn = TurnMessage::with(output("I look.", calls), None, results);
    let messages = body(&ModelRequest::new([
        Message::user("Hi"),
        Message::assistant("Hello"),
        Message::user("Look"),
        Message::Turn(turn),
    ]));
    let call = |id: &str, name: &str, arguments: &str| json!({"id": id, "type": "function", "function": {"name": name, "arguments": arguments}});
    assert_eq!(
        messages["messages"][1],
        json!({"role": "assistant", "content": "Hello"})
    );
    assert_eq!(
        messages["messages"][3],
        json!({"role": "assistant", "content": "I look.", "tool_calls": [
        call("call_0", "order", r#"{"n":1}"#), call("x", "what_is_this_", "{}"), call("call_2", &"n".repeat(64), "{}")]})
    );
    let ids: Vec<&Value> = (4..7)
        .map(|at| &messages["messages"][at]["tool_call_id"])
        .collect();
    assert_eq!(ids, ["call_0", "x", "call_2"]);
}
