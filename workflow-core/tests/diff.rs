//! The comparison of two runs.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use std::sync::Arc;

use async_trait::async_trait;
use futures::StreamExt;
use serde_json::{Value, json};
use workflow_core::{
    EngineError, LocalEngine, NewRun, Node, NodeContext, NodeError, Registry, RunId, RunRecord,
    Runs, StepEvent, Workflows,
    engine::Retry,
    record::WorkflowRef,
    store::{Append, MemoryStore, RunLog},
    value::Usage,
    view::RunDiff,
};

/// Gives its text, and the tokens of it; fails on `fail`.
#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Say {
    text: workflow_core::template::Template,
}

#[async_trait]
impl Node for Say {
    async fn run(&self, cx: &NodeContext) -> Result<Value, NodeError> {
        let text = cx.render(&self.text)?;
        cx.record_usage(Usage::new(text.len() as u64, 1));
        match text.as_str() {
            "fail" => Err(NodeError::new("refused", "it was refused")),
            _ => Ok(json!({"text": text, "fixed": [1, 2]})),
        }
    }
}

fn engine() -> LocalEngine {
    let mut registry = Registry::default();
    registry.register::<Say>("Say");
    LocalEngine::builder(registry).build()
}

async fn ended(engine: &LocalEngine, run: RunRecord) -> RunId {
    engine
        .events(run.id, 0)
        .await
        .unwrap()
        .collect::<Vec<_>>()
        .await;
    run.id
}

async fn run(engine: &LocalEngine, spec: Value, input: Value) -> RunId {
    let workflow = engine.create_workflow(spec).await.unwrap().record.id;
    let run = engine.start(NewRun::new(workflow, input)).await.unwrap();
    ended(engine, run).await
}

fn json_of(diff: &RunDiff) -> Value {
    serde_json::to_value(diff).unwrap()
}

/// Path and change of each step.
fn changes(diff: &RunDiff) -> Vec<(String, Value)> {
    let diff = json_of(diff);
    let steps = diff["steps"].as_array().unwrap().iter();
    steps
        .map(|step| {
            (
                step["path"].as_str().unwrap().to_owned(),
                step["change"].clone(),
            )
        })
        .collect()
}

fn two(second: &str) -> Value {
    json!({"nodes": [
        {"id": "first", "type": "Say", "data": {"text": "one {{ input }}"}},
        {"id": "second", "type": "Say", "data": {"text": second}, "needs": ["first"]},
    ]})
}

#[tokio::test(start_paused = true)]
async fn a_changed_step_has_a_patch_and_what_both_used() {
    let engine = engine();
    let a = run(&engine, two("two {{ input }}"), json!("x")).await;
    let b = run(&engine, two("three {{ input }}"), json!("x")).await;
    let diff = engine.run_diff(a, b).await.unwrap();
    assert_eq!(
        changes(&diff),
        [
            ("first".into(), json!("same")),
            ("second".into(), json!("changed"))
        ]
    );
    let diff = json_of(&diff);
    let patch = json!([{"op": "replace", "path": "/text", "value": "three x"}]);
    assert_eq!(
        diff["steps"][1]["output"],
        json!({"change": "changed", "patch": patch})
    );
    assert_eq!(diff["steps"][0].get("output"), None);
    assert_eq!(diff["input"], json!({"change": "same"}));
    assert_eq!(diff["output"]["patch"], patch);
    assert_eq!(
        (
            &diff["steps"][1]["a"]["usage"]["input_tokens"],
            &diff["steps"][1]["b"]["usage"]["input_tokens"]
        ),
        (&json!(5), &json!(7))
    );
    assert_eq!(diff["a"]["run"]["id"], json!(a));
    assert_eq!(
        diff["counts"],
        json!({"same": 1, "changed": 1, "moved": 0, "only_a": 0, "only_b": 0})
    );
}

#[tokio::test(start_paused = true)]
async fn a_run_is_the_same_as_itself() {
    let engine = engine();
    let a = run(&engine, two("fail"), json!("x")).await;
    let diff = engine.run_diff(a, a).await.unwrap();
    assert!(changes(&diff).iter().all(|(_, change)| change == "same"));
    let diff = json_of(&diff);
    assert_eq!(diff["b"]["error"]["code"], "refused");
    assert_eq!(diff.get("output"), None);
}

#[tokio::test(start_paused = true)]
async fn a_failure_and_its_retry_differ() {
    let engine = engine();
    let spec = json!({"nodes": [{"id": "say", "type": "Say", "data": {"text": "{{ input }}"}}]});
    let a = run(&engine, spec, json!("fail")).await;
    let mut retry = Retry::whole(a);
    retry.input = Some(json!("work"));
    let b = ended(&engine, engine.retry(retry).await.unwrap()).await;
    let diff = json_of(&engine.run_diff(a, b).await.unwrap());
    assert_eq!(
        diff["input"],
        json!({"change": "changed", "patch": [{"op": "replace", "path": "", "value": "work"}]})
    );
    let step = &diff["steps"][0];
    assert_eq!(
        (&step["a"]["status"], &step["a"]["error"]),
        (&json!("failed"), &json!("refused"))
    );
    assert_eq!(
        (&step["b"]["status"], step["b"].get("error")),
        (&json!("completed"), None)
    );
    assert_eq!(step["output"], json!({"change": "only_b"}));
    assert_eq!(diff["output"], json!({"change": "only_b"}));
}

#[tokio::test(start_paused = true)]
async fn steps_of_one_run_only_are_listed_after_those_of_the_second() {
    let engine = engine();
    let map = |items: &str| {
        json!({"nodes": [
            {"id": "each", "type": "MapNode", "data": {"over": items, "nodes": [
                {"id": "say", "type": "Say", "data": {"text": "{{ item }}"}},
            ]}},
        ]})
    };
    let a = run(&engine, map("['x', 'y', 'z']"), json!(1)).await;
    let b = run(&engine, map("['x', 'w']"), json!(1)).await;
    let diff = engine.run_diff(a, b).await.unwrap();
    assert_eq!(
        changes(&diff),
        [
            ("each".into(), json!("changed")),
            ("each/0/say".into(), json!("same")),
            ("each/1/say".into(), json!("changed")),
            ("each/2/say".into(), json!("only_a")),
        ]
    );
    let diff = engine.run_diff(b, a).await.unwrap();
    assert_eq!(changes(&diff)[3], ("each/2/say".into(), json!("only_b")));
}

#[tokio::test(start_paused = true)]
async fn of_many_steps_those_that_differ_are_listed() {
    let engine = engine();
    let map = json!({"nodes": [
        {"id": "each", "type": "MapNode", "data": {"over": "input", "nodes": [
            {"id": "say", "type": "Say", "data": {"text": "{{ item }}"}},
        ]}},
    ]});
    let mut items: Vec<Value> = (0..1_500).map(|it| json!(it.to_string())).collect();
    let a = run(&engine, map.clone(), items.clone().into()).await;
    items[1_400] = json!("other");
    let b = run(&engine, map, items.into()).await;
    let diff = engine.run_diff(a, b).await.unwrap();
    assert_eq!(diff.steps.len(), RunDiff::MAX_STEPS);
    assert_eq!(diff.steps_omitted, 501);
    assert_eq!((diff.counts.same, diff.counts.changed), (1_499, 2));
    let last = changes(&diff).pop().unwrap();
    assert_eq!(last, ("each/1400/say".into(), json!("changed")));
}

/// A log with these events after `run.created` and `run.started`, put into a store.
async fn stored(store: &Arc<MemoryStore>, events: &[Value]) -> RunId {
    let run = RunId::new();
    let created = json!({"type": "run.created", "spec_hash": "", "input": null, "log_format": 2, "nodes": [
        {"id": "each", "type": "MapNode", "needs": [], "nodes": [{"id": "say", "type": "Say", "needs": []}]},
    ]});
    let begin = [created, json!({"type": "run.started"})];
    let mut log = Vec::new();
    for (seq, event) in (1..).zip(begin.iter().chain(events)) {
        let mut event = event.clone();
        event["seq"] = json!(seq);
        event["run_id"] = json!(run);
        event["time"] = json!("2026-01-31T12:00:00Z");
        log.push(serde_json::from_value::<StepEvent>(event).unwrap());
    }
    let workflow: WorkflowRef =
        serde_json::from_value(json!({"id": RunId::new(), "version": 1})).unwrap();
    let mut record = RunRecord::new(workflow, &log[0]);
    store
        .create_run(record.clone(), &log[..1], None)
        .await
        .unwrap();
    for event in &log[1..] {
        record.head.apply(event);
    }
    store
        .append(run, Append::new(1, &log[1..], &record.head))
        .await
        .unwrap();
    run
}

fn said(path: &str, key: char, text: &str) -> [Value; 2] {
    let key = key.to_string().repeat(64);
    [
        json!({"type": "node.started", "node": "say", "path": path, "attempt": 1, "max_attempts": 1,
               "plan": {"key": key}}),
        json!({"type": "node.completed", "node": "say", "path": path, "attempt": 1, "duration_ms": 1,
               "output": text}),
    ]
}

#[tokio::test(start_paused = true)]
async fn a_step_with_the_same_key_at_another_path_has_moved() {
    let store = Arc::new(MemoryStore::default());
    let a = [
        said("each/0/say", 'a', "x"),
        said("each/1/say", 'b', "y"),
        said("each/2/say", 'b', "y"),
    ];
    let b = [
        said("each/1/say", 'a', "x"),
        said("each/4/say", 'b', "z"),
        said("each/5/say", 'c', "w"),
    ];
    let a = stored(&store, &a.concat()).await;
    let b = stored(&store, &b.concat()).await;
    let engine = LocalEngine::builder(Registry::default())
        .with_store(store)
        .build();
    let diff = engine.run_diff(a, b).await.unwrap();
    // The path that both have is compared with itself, and each step of the first run is used once.
    assert_eq!(
        changes(&diff),
        [
            ("each".into(), json!("same")),
            ("each/1/say".into(), json!("changed")),
            ("each/4/say".into(), json!("moved")),
            ("each/5/say".into(), json!("only_b")),
            ("each/0/say".into(), json!("only_a")),
        ]
    );
    let diff = json_of(&diff);
    assert_eq!(diff["steps"][2]["moved_from"], "each/2/say");
    assert_eq!(
        diff["steps"][2]["output"]["patch"],
        json!([{"op": "replace", "path": "", "value": "z"}])
    );
}

#[tokio::test(start_paused = true)]
async fn values_beyond_the_limit_are_compared_without_a_patch() {
    let store = Arc::new(MemoryStore::default());
    let log = |text: &str| {
        let outputs = (0..20).map(|item| {
            let text = format!("{}{text}", "x".repeat(1_000_000));
            said(&format!("each/{item}/say"), 'a', &text)
        });
        outputs.collect::<Vec<_>>().concat()
    };
    let a = stored(&store, &log("")).await;
    let b = stored(&store, &log("y")).await;
    let engine = LocalEngine::builder(Registry::default())
        .with_store(store)
        .build();
    let diff = engine.run_diff(a, b).await.unwrap();
    assert_eq!(diff.counts.changed, 20);
    let patched = |step: &&workflow_core::view::StepDiff| {
        step.output
            .as_ref()
            .is_some_and(|output| !output.patch_omitted)
    };
    assert_eq!(diff.steps.iter().filter(patched).count(), 16);
    let same = engine.run_diff(a, a).await.unwrap();
    assert_eq!(same.counts.same, 21, "also what is not held is compared");
}

#[tokio::test(start_paused = true)]
async fn an_unknown_run_is_refused() {
    let engine = engine();
    let a = run(&engine, two("two"), json!("x")).await;
    let unknown = RunId::new();
    for (a, b) in [(a, unknown), (unknown, a)] {
        let refused = engine.run_diff(a, b).await.unwrap_err();
        assert!(
            matches!(refused, EngineError::NoSuchRun(run) if run == unknown),
            "{refused}"
        );
    }
}
