//! The client as a provider of models: tools, and the turns before.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

use std::sync::Arc;

use futures::StreamExt;
use serde_json::{Value, json};
use workflow_core::{
    error::Problem,
    node::agent::{CallResult, ToolCall, ToolChoice, ToolSpec, TurnOutput},
};
use workflow_gemini::{
    GeminiClient, SKIP_SIGNATURE,
    testing::{FakeGemini, FakeTurn, check_request},
};
use workflow_llm::{Message, Model, ModelChunk, ModelError, ModelRequest, ModelTurn, TurnMessage};

const MODEL: &str = "gemini-3.8-flash";

fn tools() -> Arc<[ToolSpec]> {
    let schema = json!({"type": "object", "properties": {"number": {"type": "integer"}}});
    let nothing = json!({"type": "object", "properties": {}});
    [
        ToolSpec::new("order", "Finds an order.", Arc::new(schema)),
        ToolSpec::new("now", "", Arc::new(nothing)),
    ]
    .into()
}

/// A request with tools; the first message is that of the user.
fn request(messages: impl IntoIterator<Item = Message>) -> ModelRequest {
    let prompt = Message::user("Is order 17 late?");
    let mut request = ModelRequest::new([prompt].into_iter().chain(messages));
    request.model = Some(MODEL.to_owned());
    request.tools = tools();
    request
}

/// A client that is never asked.
fn offline() -> GeminiClient {
    let builder = GeminiClient::builder().with_api_key("key");
    builder.with_base_url("http://127.0.0.1:1").build().unwrap()
}

fn body(request: &ModelRequest) -> Value {
    let body = offline().body(request).unwrap();
    assert_eq!(check_request(MODEL, &body), Ok(()), "{body}");
    body
}

async fn ask(client: &GeminiClient, request: ModelRequest) -> Result<ModelTurn, ModelError> {
    let mut chunks = client.ask(Arc::new(request));
    loop {
        if let ModelChunk::Done(turn) = chunks.next().await.expect("an end")? {
            return Ok(*turn);
        }
    }
}

fn output(turn: &ModelTurn) -> TurnOutput {
    let mut output = TurnOutput::default();
    output.text.clone_from(&turn.text);
    output.calls.clone_from(&turn.calls);
    output
}

/// A result of each kind.
fn results() -> Vec<CallResult> {
    let found = CallResult::new(Ok(Arc::new(json!({"late": true}))));
    let failed =
        Problem::new("connection_failed", "the clock could not be reached").with_hint("wind it up");
    let failed = CallResult::new(Err(Arc::new(failed)));
    let mut cut = CallResult::new(Ok(Arc::new(json!("[1,2"))));
    cut.truncated_from = Some(90_000);
    let mut changed = CallResult::new(Ok(Arc::new(json!(null))));
    changed.changed = Some(Arc::new(json!({"number": 18})));
    vec![found, failed, cut, changed]
}

/// The first turn of the model: a text and four calls.
fn four_calls() -> FakeTurn {
    FakeTurn::empty()
        .with_thought("Which one?")
        .with_text("I look.")
        .with_call("order", json!({"number": 17.0}))
        .with_call("now", json!({}))
        .with_call("order", json!({"number": 18}))
        .with_call("order", json!({"number": 19}))
}

#[tokio::test]
async fn a_loop_sends_back_what_came_and_all_results_in_order() {
    for (streams, with_ids) in [(true, true), (true, false), (false, true), (false, false)] {
        let with = |turn: FakeTurn| if with_ids { turn.with_ids() } else { turn };
        let gemini = FakeGemini::start([
            with(four_calls()),
            with(FakeTurn::call("now", json!({}))),
            FakeTurn::text("Yes."),
        ])
        .await;
        let client = gemini.client().unwrap();
        let ask = |messages: Vec<Message>| {
            let mut request = request(messages);
            request.streams = streams;
            ask(&client, request)
        };
        let first = ask(vec![]).await.unwrap();
        assert_eq!((&*first.text, &*first.thoughts), ("I look.", "Which one?"));
        let id = |index: u32| with_ids.then(|| format!("call010{index}"));
        let calls: Vec<_> = first
            .calls
            .iter()
            .map(|it| (it.id.clone(), &*it.tool, it.args.to_string()))
            .collect();
        let expected = [
            (id(0), "order", r#"{"number":17.0}"#.to_owned()),
            (id(1), "now", "{}".to_owned()),
            (id(2), "order", r#"{"number":18}"#.to_owned()),
            (id(3), "order", r#"{"number":19}"#.to_owned()),
        ];
        assert_eq!(calls, expected);

        // The state is stored as JSON in between.
        let stored = first.state.as_ref().unwrap().to_string();
        let parts = serde_json::from_str::<Value>(&stored).unwrap()["parts"].to_string();
        let turn = |turn: &ModelTurn, stored: &str, results| {
            let state = serde_json::from_str(stored).unwrap();
            Message::Turn(TurnMessage::with(output(turn), Some(state), results))
        };
        let first = || turn(&first, &stored, results());
        let second = ask(vec![first()]).await.unwrap();
        let sent = &gemini.requests()[1].text;
        let response = |index: u32, name: &str, response: &str| {
            let id = id(index)
                .map(|id| format!(r#""id":"{id}","#))
                .unwrap_or_default();
            format!(r#"{{"functionResponse":{{{id}"name":"{name}","response":{response}}}}}"#)
        };
        let responses = [
            response(0, "order", r#"{"output":{"late":true}}"#),
            response(
                1,
                "now",
                r#"{"error":"connection_failed: the clock could not be reached"}"#,
            ),
            response(
                2,
                "order",
                r#"{"output":"[1,2","truncated":{"bytes":90000}}"#,
            ),
            response(
                3,
                "order",
                r#"{"output":null,"changed_arguments":{"number":18}}"#,
            ),
        ];
        let contents = format!(
            concat!(
                r#"{{"contents":[{{"role":"user","parts":[{{"text":"Is order 17 late?"}}]}},"#,
                r#"{{"role":"model","parts":{}}},{{"role":"user","parts":[{}]}}],"tools":[{{"functionDeclarations":"#,
            ),
            parts,
            responses.join(","),
        );
        assert!(sent.starts_with(&contents), "{sent}\n{contents}");

        let time = CallResult::new(Ok(Arc::new(json!("noon"))));
        let stored = second.state.as_ref().unwrap().to_string();
        let second = turn(&second, &stored, vec![time]);
        let third = ask(vec![first(), second]).await.unwrap();
        assert_eq!((&*third.text, third.calls.len()), ("Yes.", 0));
        assert_eq!(gemini.refusals(), [""; 0]);
    }
}

#[tokio::test]
async fn a_turn_that_calls_nothing_has_a_state_too() {
    let gemini = FakeGemini::start([FakeTurn::text("It is late."), FakeTurn::text("{}")]).await;
    let client = gemini.client().unwrap();
    let first = ask(&client, request([])).await.unwrap();
    let signed = &first.state.as_ref().unwrap()["parts"][1];
    assert_eq!(signed["text"], "");
    assert!(signed["thoughtSignature"].is_string());
    // A last request without tools, which gives the answer its form.
    let past = TurnMessage::with(output(&first), first.state.clone(), vec![]);
    let mut last = request([Message::Turn(past), Message::user("Now as JSON.")]);
    last.tools = Arc::new([]);
    last.schema = Some(Arc::new(workflow_llm::AnswerSchema::new(
        json!({"type": "object"}),
    )));
    assert_eq!(ask(&client, last).await.unwrap().json, Some(json!({})));
    let sent = &gemini.requests()[1].body;
    assert_eq!(sent["contents"][1]["parts"], first.state.unwrap()["parts"]);
    assert!(sent.get("tools").is_none() && sent.get("toolConfig").is_none());
}

#[test]
fn a_turn_of_another_provider_is_written_anew() {
    let mut output = TurnOutput::default();
    output.text = "I look.".to_owned();
    output.calls = vec![
        ToolCall::new("order", json!({"number": 17})).with_id("call_AbC"),
        ToolCall::new("1 größe!", json!("{\"number\": ")).with_problem("not JSON"),
    ];
    let results = || results().into_iter().take(2).collect::<Vec<_>>();
    let foreign = TurnMessage::agent_state("local", "qwen3:8b", Some(json!({"parts": ["theirs"]})));
    let past = workflow_core::node::agent::PastTurn::new(
        output.clone(),
        Some(Arc::new(foreign)),
        results(),
    );
    let of_agent = TurnMessage::of_agent(Arc::new(past), "gemini");
    let stateless = TurnMessage::with(output, None, results());
    for turn in [of_agent, stateless] {
        let sent = body(&request([Message::Turn(turn)]));
        let expected = json!([
            {"role": "user", "parts": [{"text": "Is order 17 late?"}]},
            {"role": "model", "parts": [
                {"text": "I look."},
                {"functionCall": {"name": "order", "args": {"number": 17}}, "thoughtSignature": SKIP_SIGNATURE},
                {"functionCall": {"name": "_1_gr__e_", "args": {}}},
            ]},
            {"role": "user", "parts": [
                {"functionResponse": {"name": "order", "response": {"output": {"late": true}}}},
                {"functionResponse": {"name": "_1_gr__e_",
                    "response": {"error": "connection_failed: the clock could not be reached"}}},
            ]},
        ]);
        assert_eq!(sent["contents"], expected);
    }
}

#[test]
fn a_turn_that_said_nothing_is_left_out() {
    let sent = body(&request([Message::assistant(""), Message::user("Well?")]));
    let expected = json!([
        {"role": "user", "parts": [{"text": "Is order 17 late?"}]},
        {"role": "user", "parts": [{"text": "Well?"}]},
    ]);
    assert_eq!(sent["contents"], expected);
}

#[test]
fn tools_are_declared_with_the_choice() {
    let tools = json!([{"functionDeclarations": [
        {"name": "order", "description": "Finds an order.",
            "parametersJsonSchema": {"type": "object", "properties": {"number": {"type": "integer"}}}},
        {"name": "now", "description": "", "parametersJsonSchema": {"type": "object", "properties": {}}},
    ]}]);
    let config = |config| json!({ "functionCallingConfig": config });
    for (choice, sent) in [
        (ToolChoice::Auto, Value::Null),
        (ToolChoice::Required, config(json!({"mode": "ANY"}))),
        (ToolChoice::None, config(json!({"mode": "NONE"}))),
        (
            ToolChoice::Tool("now".into()),
            config(json!({"mode": "ANY", "allowedFunctionNames": ["now"]})),
        ),
    ] {
        let mut request = request([]);
        request.tool_choice = choice;
        let with_tools = body(&request);
        assert_eq!(with_tools["tools"], tools);
        assert_eq!(with_tools["toolConfig"], sent);
        request.tools = Arc::new([]);
        let without = body(&request);
        assert!(without.get("tools").is_none() && without.get("toolConfig").is_none());
    }
}

#[tokio::test]
async fn what_cannot_be_sent_is_an_error_before_anything_is_sent() {
    let gemini = FakeGemini::start([]).await;
    let client = gemini.client().unwrap();
    let mut beside = request([]);
    beside.provider_tools = vec![json!("google_search")];
    let ends_with_model = request([Message::assistant("Yes.")]);
    let output = TurnOutput::default();
    let mut calls = output.clone();
    calls.calls = vec![ToolCall::new("now", json!({}))];
    let unanswered = request([Message::Turn(TurnMessage::with(calls, None, vec![]))]);
    for (request, named) in [
        (beside, "functions cannot be combined with tools"),
        (ends_with_model, "ends with a turn of the model"),
        (unanswered, "1 call without a response"),
    ] {
        let error = ask(&client, request).await.unwrap_err();
        assert_eq!(
            (error.code(), error.is_retryable()),
            ("invalid_request", false)
        );
        assert!(error.to_string().contains(named), "{error}");
    }
    assert_eq!(gemini.requests(), []);
}

#[tokio::test]
async fn no_call_of_a_faulty_answer_reaches_the_caller() {
    for (turn, code) in [
        (
            FakeTurn::call("order", json!({})).with_finish_reason("UNEXPECTED_TOOL_CALL"),
            "generation_failed",
        ),
        (
            FakeTurn::call("order", json!({})).with_finish_reason("MAX_TOKENS"),
            "out_of_tokens",
        ),
        (
            FakeTurn::empty()
                .with_part(json!({"functionCall": {"name": "order", "partialArgs": []}})),
            "unreadable_call",
        ),
    ] {
        let gemini = FakeGemini::start([turn]).await;
        let error = ask(&gemini.client().unwrap(), request([]))
            .await
            .unwrap_err();
        assert_eq!(error.code(), code);
    }
}
