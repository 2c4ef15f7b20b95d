//! Runs of an `AgentNode` over the client, against a fake that refuses what the API refuses.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

use serde_json::{Value, json};
use workflow_core::{Registry, StepEvent, testing::TestEngine};
use workflow_gemini::testing::{FakeGemini, FakeRequest, FakeTurn};

/// An agent with two tools, whose answer has to fit a schema.
fn workflow(model: &str) -> Value {
    let input = json!({"type": "object", "properties": {"number": {"type": "string"}}});
    let tool = |name: &str| {
        let template = format!("{name} {{{{ args.number }}}}");
        json!({"name": name, "description": "Knows orders.", "input": input, "nodes": [
            {"id": "work", "type": "PromptNode", "data": {"template": template}}]})
    };
    json!({"nodes": [{"id": "support", "type": "AgentNode", "data": {
        "system": "You help with orders.",
        "prompt": "{{ input }}",
        "model": model,
        "schema": {"type": "object", "required": ["state"]},
        "tools": [tool("order"), tool("refund")],
    }}]})
}

/// Parallel calls, one more call, a text in the wrong form with its signature on an empty part, and the answer in its form.
fn answer(request: &FakeRequest, has_ids: bool) -> FakeTurn {
    let is_model = |content: &&Value| content["role"] == "model";
    let turn = match request.contents().iter().filter(is_model).count() {
        0 => FakeTurn::empty()
            .with_thought("Both, then.")
            .with_call("order", json!({"number": "A-17"}))
            .with_call("refund", json!({"number": "A-18"})),
        1 => FakeTurn::text("Once more.").with_call("order", json!({"number": "A-19"})),
        2 => FakeTurn::text("It is sent."),
        _ => FakeTurn::text("{\"state\": \"sent\"}"),
    };
    if has_ids { turn.with_ids() } else { turn }
}

async fn gemini(has_ids: bool) -> (FakeGemini, TestEngine) {
    let gemini = FakeGemini::with_script(move |request| answer(request, has_ids)).await;
    let client = gemini.client().unwrap();
    let engine = TestEngine::new(move || {
        let mut registry = Registry::default();
        workflow_gemini::register(&mut registry, client.clone());
        registry
    });
    (gemini, engine)
}

fn json_of(event: &StepEvent) -> Value {
    serde_json::to_value(event).unwrap()
}

fn output(log: &[StepEvent]) -> Value {
    let last = json_of(log.last().unwrap());
    assert_eq!(last["type"], "run.completed", "{last}");
    last["output"].clone()
}

fn bodies(gemini: &FakeGemini) -> Vec<String> {
    assert_eq!(gemini.refusals(), [] as [String; 0]);
    gemini.requests().into_iter().map(|it| it.text).collect()
}

/// Two models: one whose calls need signatures, and one that has none.
const MODELS: [&str; 2] = ["gemini-3.8-flash", "gemini-2.5-flash"];

#[tokio::test]
async fn an_agent_calls_in_parallel_and_answers_in_the_form_of_its_schema() {
    for model in MODELS {
        for has_ids in [false, true] {
            let (gemini, engine) = gemini(has_ids).await;
            let log = engine.run(&workflow(model), json!("Where is A-17?")).await;
            assert_eq!(output(&log.unwrap()), json!({"state": "sent"}));
            assert_eq!(bodies(&gemini).len(), 4);
            let requests = gemini.requests();
            let responses = requests[1].responses();
            assert_eq!(responses.len(), 2);
            assert_eq!(responses[0]["response"], json!({"output": "order A-17"}));
            assert_eq!(responses[0].get("id").is_some(), has_ids);
            assert_eq!(requests[2].functions(), ["order", "refund"]);
            assert!(requests[3].functions().is_empty());
        }
    }
}

#[tokio::test]
async fn a_run_that_is_cut_after_any_event_sends_the_same_bytes() {
    for has_ids in [false, true] {
        let spec = workflow(MODELS[0]);
        let (whole, engine) = gemini(has_ids).await;
        let log = engine.run(&spec, json!("Where is A-17?")).await.unwrap();
        let expected = bodies(&whole);
        for event in 1..log.len() as u64 {
            let (cut, engine) = gemini(has_ids).await;
            let log = engine.run_with_crash_after(event, &spec, json!("Where is A-17?"));
            assert_eq!(output(&log.await.unwrap()), json!({"state": "sent"}));
            let mut sent = bodies(&cut);
            sent.dedup();
            assert_eq!(sent, expected, "after event {event}");
        }
    }
}

#[tokio::test]
async fn a_turn_is_logged_once() {
    let (_gemini, engine) = gemini(true).await;
    let spec = workflow(MODELS[0]);
    let log = engine.run(&spec, json!("Where is A-17?")).await.unwrap();
    let log: Vec<Value> = log.iter().map(json_of).collect();
    let turn = log
        .iter()
        .find(|it| it["path"] == "support/0/turn" && it["type"] == "node.completed");
    let turn = turn.unwrap();
    let occurrences = turn.to_string().matches("A-18").count();
    assert_eq!(occurrences, 2, "in the output and in the state");
}
