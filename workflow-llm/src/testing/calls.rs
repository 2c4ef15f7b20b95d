//! Cases of answers with calls of tools.

use std::sync::Arc;

use serde_json::{Value, json};
use workflow_core::node::agent::{CallResult, ToolCall, ToolSpec, TurnOutput};

use super::{
    hear::{ask, hello, stream_of, streamed},
    server::Reply,
    wire::{WireAnswer, WireProvider},
};
use crate::{
    message::{Message, TurnMessage},
    request::ModelRequest,
    turn::ModelTurn,
};

/// A request that declares two tools.
fn with_tools() -> ModelRequest {
    let schema = Arc::new(json!({"type": "object", "properties": {"city": {"type": "string"}}}));
    let tool = |name: &str| ToolSpec::new(name, format!("The {name} of a city."), schema.clone());
    let mut request = hello();
    request.tools = Arc::new([tool("weather"), tool("time")]);
    request
}

/// Two calls of one tool, and one of another.
fn some_calls() -> Vec<ToolCall> {
    vec![
        ToolCall::new("weather", json!({"city": "Zürich \"HB\" 😀"})).with_id("call-1"),
        ToolCall::new("weather", json!({"city": "Oslo", "days": [1, 2]})).with_id("call-2"),
        ToolCall::new("time", json!({})).with_id("call-3"),
    ]
}

/// The calls without ids, which a provider may make up.
fn without_ids(turn: &ModelTurn) -> Vec<(&str, &Value)> {
    let calls = turn.calls.iter();
    assert!(turn.calls.iter().all(|call| call.problem.is_none()));
    calls.map(|call| (&*call.tool, &call.args)).collect()
}

fn check(turn: &ModelTurn) {
    let expected = some_calls();
    let expected: Vec<(&str, &Value)> = (expected.iter())
        .map(|call| (&*call.tool, &call.args))
        .collect();
    assert_eq!(without_ids(turn), expected);
    assert!(turn.text.is_empty() && !turn.is_truncated);
}

pub async fn whole_calls_are_read(provider: &dyn WireProvider) {
    let answer = WireAnswer::calls(some_calls());
    let heard = streamed(provider, with_tools(), &answer).await.unwrap();
    check(&heard.turn());
}

pub async fn calls_in_pieces_are_read(provider: &dyn WireProvider) {
    let answer = WireAnswer {
        in_pieces: true,
        ..WireAnswer::calls(some_calls())
    };
    if let Some(heard) = streamed(provider, with_tools(), &answer).await {
        check(&heard.turn());
    }
}

pub async fn calls_without_streaming_are_read(provider: &dyn WireProvider) {
    let mut request = with_tools();
    request.streams = false;
    let body = provider.whole(&WireAnswer::calls(some_calls())).unwrap();
    let (heard, _) = ask(provider, request, Reply::new(200, body)).await;
    check(&heard.turn());
}

pub async fn calls_are_the_same_in_any_chunks(provider: &dyn WireProvider) {
    let body = stream_of(provider, &WireAnswer::calls(some_calls()), "\n").unwrap();
    for size in [1, 5, 64] {
        let reply = Reply::stream(body.clone()).in_pieces(size);
        check(&ask(provider, with_tools(), reply).await.0.turn());
    }
}

/// The request after a turn with calls: what was sent, as text.
async fn next_request(provider: &dyn WireProvider, turn: TurnMessage) -> String {
    let mut request = with_tools();
    request.messages.push(Message::Turn(turn));
    let body = stream_of(provider, &WireAnswer::texts(["Sunny."]), "\n").unwrap();
    let (heard, server) = ask(provider, request.clone(), Reply::stream(body)).await;
    assert_eq!(heard.turn().text, "Sunny.");
    let sent = server.bodies().remove(0);
    let client = provider.client(&server.base_url);
    assert_eq!(
        client.body(&request).unwrap(),
        sent,
        "equal requests, equal bodies"
    );
    sent.to_string()
}

/// What came of the calls.
fn results() -> Vec<CallResult> {
    let weather = |state: &str| CallResult::new(Ok(Arc::new(json!({ "state": state }))));
    vec![
        weather("result-1"),
        weather("result-2"),
        weather("result-3"),
    ]
}

pub async fn a_turn_goes_back_with_its_results(provider: &dyn WireProvider) {
    let answer = WireAnswer::calls(some_calls());
    let heard = streamed(provider, with_tools(), &answer).await.unwrap();
    let turn = heard.turn();
    let mut output = TurnOutput::default();
    output.calls = turn.calls;
    let message = TurnMessage::with(output, turn.state, results());
    let sent = next_request(provider, message).await;
    let parts = ["Zürich", "Oslo", "result-1", "result-2", "result-3"];
    let places = parts.map(|part| sent.find(part).unwrap());
    assert!(places.is_sorted(), "{sent}");
}

pub async fn a_turn_of_another_provider_goes_back(provider: &dyn WireProvider) {
    let mut output = TurnOutput::default();
    output.calls = some_calls();
    let message = TurnMessage::with(output, None, results());
    let sent = next_request(provider, message).await;
    let parts = ["Zürich", "Oslo", "result-1", "result-2", "result-3"];
    let places = parts.map(|part| sent.find(part).unwrap());
    assert!(places.is_sorted(), "{sent}");
}
