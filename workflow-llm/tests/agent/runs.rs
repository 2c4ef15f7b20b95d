//! Whole runs of an `AgentNode`, on the engine.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use workflow_core::{
    Registry, StepEvent,
    testing::{TestEngine, run_in_virtual_time},
};
use workflow_llm::{Message, ModelRequest, ProviderInfo};

use crate::scripted::{Chunks, Scripted, calls, text};

/// An agent with two tools, whose answer has to fit a schema.
fn workflow() -> Value {
    let input = json!({"type": "object", "properties": {"n": {"type": "integer"}}});
    let tool = |name: &str| {
        let template = format!("{name} {{{{ args.n }}}}");
        json!({"name": name, "input": input, "nodes": [
            {"id": "work", "type": "PromptNode", "data": {"template": template}}]})
    };
    json!({"nodes": [{"id": "support", "type": "AgentNode", "data": {
        "prompt": "{{ input.question }}",
        "schema": {"type": "object", "required": ["state"]},
        "tools": [tool("order"), tool("refund")],
    }}]})
}

/// Two turns with calls, a text in the wrong form, and one in the right form. Depends on the request only, as a new attempt at a turn
/// gets the same answer.
fn answers(request: &ModelRequest) -> Chunks {
    let is_turn = |message: &&Message| matches!(message, Message::Turn(_));
    match request.messages.iter().filter(is_turn).count() {
        0 => calls(
            &["order", "refund"],
            json!({"parts": [{"sig": "YQ=="}, 1.0]}),
        ),
        1 => calls(&["order"], json!({"parts": [{"sig": "Yg=="}]})),
        2 => text("It is sent."),
        _ => text("{\"state\": \"sent\"}"),
    }
}

fn engine() -> (Scripted, TestEngine) {
    let info = ProviderInfo::new("one", "test", "m1");
    let model = Scripted::answering(info, answers);
    let shared = model.clone();
    let engine = TestEngine::new(move || {
        let mut registry = Registry::default();
        workflow_llm::register(&mut registry, shared.clone());
        registry
    });
    (model, engine)
}

fn input() -> Value {
    json!({"question": "Where is A-17?"})
}

fn output(log: &[StepEvent]) -> Value {
    let last = serde_json::to_value(log.last().unwrap()).unwrap();
    assert_eq!(last["type"], "run.completed", "{last}");
    last["output"].clone()
}

#[test]
fn an_agent_calls_in_two_turns_and_answers_in_the_form_of_its_schema() {
    run_in_virtual_time(async {
        let (model, engine) = engine();
        let log = engine.run(&workflow(), input()).await.unwrap();
        assert_eq!(output(&log), json!({"state": "sent"}));
        let sent = model.sent();
        assert_eq!(sent.len(), 4);
        let results = [json!({"output": "order 0"}), json!({"output": "refund 1"})];
        let past = json!({"state": {"parts": [{"sig": "YQ=="}, 1.0]}, "results": results});
        for body in &sent[1..] {
            assert_eq!(body["messages"][1], past);
        }
        let forms: Vec<bool> = sent.iter().map(|it| it.get("schema").is_some()).collect();
        assert_eq!(forms, [false, false, false, true]);
    });
}

#[test]
fn a_run_that_is_cut_after_any_event_sends_the_same_requests() {
    run_in_virtual_time(async {
        let (model, whole) = engine();
        let log = whole.run(&workflow(), input()).await.unwrap();
        let expected: Vec<String> = model.sent().iter().map(Value::to_string).collect();
        let mut repeated = 0;
        for event in 1..log.len() as u64 {
            let (model, engine) = engine();
            let spec = workflow();
            let log = engine.run_with_crash_after(event, &spec, input()).await;
            assert_eq!(output(&log.unwrap()), json!({"state": "sent"}));
            let mut sent: Vec<String> = model.sent().iter().map(Value::to_string).collect();
            // Only the attempt that was cut off is repeated.
            assert!(sent.len() <= expected.len() + 1, "after event {event}");
            repeated += sent.len() - expected.len();
            sent.dedup();
            assert_eq!(sent, expected, "after event {event}");
        }
        // Each of the four turns was cut off once while it was made.
        assert_eq!(repeated, 4);
    });
}

#[test]
fn a_run_goes_on_with_its_model_when_the_default_of_the_host_has_changed() {
    run_in_virtual_time(async {
        let with_default = |model| {
            let info = ProviderInfo::new("one", "test", model);
            Scripted::answering(info, answers)
        };
        let (old, new) = (with_default("m1"), with_default("m2"));
        let registered = [old.clone(), new.clone()];
        let starts = AtomicUsize::new(0);
        let engine = TestEngine::new(move || {
            let start = starts.fetch_add(1, Ordering::Relaxed).min(1);
            let mut registry = Registry::default();
            workflow_llm::register(&mut registry, registered[start].clone());
            registry
        });
        // `run.created`, `run.started`, the agent begins, and its first turn, which is then complete.
        let spec = workflow();
        let log = engine.run_with_crash_after(6, &spec, input()).await;
        let log = log.unwrap();
        let crashed = serde_json::to_value(&log[5]).unwrap();
        assert_eq!(crashed["path"], "support/0/turn");
        assert_eq!(crashed["type"], "node.completed");
        assert_eq!(output(&log), json!({"state": "sent"}));
        assert_eq!(old.sent().len(), 1);
        let models: Vec<Value> = new.sent().iter().map(|it| it["model"].clone()).collect();
        assert_eq!(models, ["m1", "m1", "m1"]);
    });
}

#[test]
fn the_type_describes_the_fields_of_the_engine_and_its_own() {
    let mut registry = Registry::default();
    workflow_llm::register(&mut registry, Scripted::new("one", "m1", Vec::new()));
    let agent = registry.get("AgentNode").unwrap();
    let properties = agent.schema()["properties"].as_object().unwrap();
    for field in [
        "prompt",
        "schema",
        "fallback",
        "tools",
        "max_turns",
        "tool_choice",
    ] {
        assert!(properties.contains_key(field), "{field}");
    }
    for field in ["history", "tool_config"] {
        assert!(!properties.contains_key(field), "{field}");
    }
    let display = agent.display();
    assert_eq!(
        (display.label(), display.summary()),
        (Some("Agent"), Some("model"))
    );
    assert!(display.streams_text());
}
