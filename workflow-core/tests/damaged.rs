//! Logs that were cut in awkward places or are damaged, and stores that fail: what is left is refused,
//! or resumes as it should.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures::{FutureExt, StreamExt};
use serde_json::{Value, json};
use support::{
    Probe, brief, collect, failure,
    faulty::{Faulty, Trouble},
    parsed, registry, run,
};
use workflow_core::{
    EngineError, EventKind, Executor, LocalEngine, MemoryStore, NewRun, RunId, RunStatus, Runs,
    StepEvent, Update, Workflow, Workflows, workflow::Library,
};

fn place(events: &[StepEvent], wanted: &str) -> usize {
    brief(events)
        .iter()
        .position(|line| line == wanted)
        .unwrap()
}

/// A log with another event at its end, made from this one.
fn with(log: &[StepEvent], from: &StepEvent, change: impl Fn(&mut Value)) -> Vec<StepEvent> {
    let mut event = serde_json::to_value(from).unwrap();
    event["seq"] = json!(log.len() + 1);
    change(&mut event);
    let mut log = log.to_vec();
    log.push(serde_json::from_value(event).unwrap());
    log
}

#[tokio::test(start_paused = true)]
async fn results_that_are_too_large_are_too_large_from_any_prefix() {
    let spec = json!({"nodes": [{"id": "each", "type": "MapNode", "data": {"over": "range(20)", "concurrency": 2, "nodes": [
        {"id": "s", "type": "Script", "when": "index % 2 == 1", "data": {"millis": 7}},
        {"id": "o", "type": "Script", "needs": []},
        {"id": "g", "type": "Script", "needs": ["s", "o"], "data": {"millis": 10, "output": "{{ input }}"}},
    ]}}]});
    let workflow = parsed(&Probe::default(), &spec);
    let input = Value::from("x".repeat(1_000_000));
    let whole = collect(Executor::new().run(Arc::clone(&workflow), input)).await;
    assert!(
        failure(&whole).starts_with("output_too_large"),
        "{}",
        failure(&whole)
    );
    let cancelled = whole
        .iter()
        .position(|event| event.kind.name() == "node.cancelled")
        .unwrap();
    for cut in [
        place(&whole, "node.completed each/9/g"),
        cancelled,
        cancelled + 1,
        whole.len() - 2,
    ] {
        let resumed = Executor::new()
            .resume(Arc::clone(&workflow), &whole[..cut])
            .unwrap();
        let rest = collect(resumed).await;
        assert!(
            failure(&rest).starts_with("output_too_large"),
            "cut at {cut}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn no_turn_is_without_end() {
    let spec = json!({"nodes": [{"id": "l", "type": "LoopNode", "data": {"max": 100, "until": "false", "nodes": [
        {"id": "each", "type": "MapNode", "data": {"over": "range(1000)", "concurrency": 1000, "nodes": [
            {"id": "g", "type": "Script", "when": "false"}]}}]}}]});
    let engine = LocalEngine::builder(registry(&Probe::default())).build();
    let stored = engine.create_workflow(spec).await.unwrap();
    let run = engine
        .start(NewRun::new(stored.record.id, json!(null)))
        .await
        .unwrap();
    let mut updates = engine.events(run.id, 0).await.unwrap();
    for _ in 0..100 {
        updates.next().await;
    }
    let ended = engine.cancel(run.id).await.unwrap();
    assert_eq!(ended.head.status, RunStatus::Cancelled);
    assert!(
        ended.head.last_seq < 50_000,
        "{} events before it heard",
        ended.head.last_seq
    );
}

#[tokio::test(start_paused = true)]
async fn of_two_failures_the_first_is_reported() {
    let spec = json!({"nodes": [{"id": "each", "type": "MapNode", "data": {"over": "[0, 1]", "nodes": [
        {"id": "a", "type": "Script", "when": "index == 0", "data": {"millis": 5}},
        {"id": "f", "type": "Script", "when": "index == 0", "data": {"millis": 5, "failures": 1}},
        {"id": "g", "type": "Script", "needs": [], "when": "index == 1", "data": {"millis": 10, "failures": 1}},
    ]}}]});
    let (_, events) = run(&spec, json!(null)).await;
    let first = events.iter().find_map(|event| match &event.kind {
        EventKind::NodeFailed(failed) => Some(failed.step.path().to_string()),
        _ => None,
    });
    let EventKind::RunFailed(failed) = &events.last().unwrap().kind else {
        panic!("{:?}", brief(&events))
    };
    assert_eq!(
        failed.step.as_ref().map(|step| step.path().to_string()),
        first
    );
    assert!(failure(&events).contains("of g fails") == first.unwrap().ends_with('g'));
}

#[tokio::test(start_paused = true)]
async fn what_is_done_in_the_moment_its_time_is_over_counts() {
    let spec = json!({"nodes": [{"id": "each", "type": "MapNode", "timeout": "10ms", "data": {"over": "[0]", "nodes": [
        {"id": "g", "type": "Script", "data": {"millis": 10}}]}}]});
    let (_, events) = run(&spec, json!(null)).await;
    assert!(failure(&events).starts_with("timeout: "));
    assert!(brief(&events).contains(&"node.completed each/0/g".to_owned()));
    let EventKind::RunFailed(failed) = &events.last().unwrap().kind else {
        panic!("{:?}", brief(&events))
    };
    assert_eq!(failed.usage.input_tokens, 10);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_run_only_ends_however_its_log_was_cut() {
    let spec = json!({"nodes": [
        {"id": "a", "type": "Script", "needs": [], "data": {"millis": 1_000}},
        {"id": "b", "type": "Script", "needs": [], "on_ambiguous": "fail", "data": {"millis": 1_000}},
        {"id": "d", "type": "DelayNode", "needs": [], "data": {"for": "1s"}},
    ]});
    let workflow = parsed(&Probe::default(), &spec);
    let whole = collect(Executor::new().run(Arc::clone(&workflow), json!(null))).await;
    let upto = place(&whole, "node.started b") + 1;
    let started = place(&whole, "node.started a");
    let log = with(&whole[..upto], &whole[started], |event| {
        let event = event.as_object_mut().unwrap();
        event.remove("attempt");
        event.insert("type".into(), json!("node.cancelled"));
        event.insert("reason".into(), json!("run_cancelled"));
    });
    let rest = collect(Executor::new().resume(workflow, &log).unwrap()).await;
    assert_eq!(
        brief(&rest),
        ["node.cancelled b", "node.cancelled d", "run.cancelled"]
    );
}

#[tokio::test(start_paused = true)]
async fn an_item_is_not_done_while_something_in_it_works() {
    let spec = json!({"nodes": [{"id": "each", "type": "MapNode", "data": {"over": "range(2)", "nodes": [
        {"id": "deep", "type": "MapNode", "data": {"over": "range(2)", "nodes": [
            {"id": "g", "type": "Script", "data": {"millis": 10}}]}}]}}]});
    let workflow = parsed(&Probe::default(), &spec);
    let whole = collect(Executor::new().run(Arc::clone(&workflow), json!(null))).await;
    let upto = whole
        .iter()
        .rposition(|event| event.kind.name() == "node.started")
        .unwrap()
        + 1;
    let progress = place(&whole, "node.progress each");
    let log = with(&whole[..upto], &whole[progress], |event| {
        event["item"] = json!(0);
        event["items_done"] = json!(1);
    });
    assert!(Executor::new().resume(workflow, &log).is_err());
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_over_does_not_begin_again() {
    let registry = registry(&Probe::default());
    let inner = json!({"nodes": [{"id": "x", "type": "Script"}]});
    let mut library = Library::new();
    library.insert(
        "inner",
        Arc::new(Workflow::from_spec(&inner, &registry).unwrap()),
    );
    let spec = json!({"nodes": [
        {"id": "call", "type": "WorkflowNode", "data": {"workflow": "inner"}},
        {"id": "z", "type": "Script", "data": {"millis": 5}}]});
    let workflow = Arc::new(Workflow::with_library(&spec, &registry, &library).unwrap());
    let whole = collect(Executor::new().run(Arc::clone(&workflow), json!(null))).await;
    let upto = place(&whole, "node.started z") + 1;
    let again = &whole[place(&whole, "node.started call/x")];
    let log = with(&whole[..upto], again, |_| {});
    assert!(Executor::new().resume(workflow, &log).is_err());
}

#[tokio::test(start_paused = true)]
async fn attempts_follow_each_other() {
    let spec = json!({"nodes": [{"id": "a", "type": "Script", "data": {"millis": 10}}]});
    let workflow = parsed(&Probe::default(), &spec);
    let whole = collect(Executor::new().run(Arc::clone(&workflow), json!(null))).await;
    for attempt in [0, 2, u32::MAX] {
        let log = with(&whole[..2], &whole[2], |event| {
            event["attempt"] = json!(attempt);
        });
        assert!(
            Executor::new().resume(Arc::clone(&workflow), &log).is_err(),
            "{attempt}"
        );
    }
}

/// An engine whose store can be made to fail to append, how often that was tried, and a run of this node.
async fn failing(node: Value) -> (LocalEngine, RunId, Arc<AtomicBool>, Arc<AtomicUsize>) {
    let (fails, tried) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicUsize::new(0)),
    );
    let (failing, appends) = (Arc::clone(&fails), Arc::clone(&tried));
    let store = Faulty::new(Arc::new(MemoryStore::new()), move |_, name| {
        if name != "append" {
            return Trouble::None;
        }
        appends.fetch_add(1, Ordering::SeqCst);
        if failing.load(Ordering::SeqCst) {
            Trouble::Before
        } else {
            Trouble::None
        }
    });
    let engine = LocalEngine::builder(registry(&Probe::default()))
        .with_store(store)
        .build();
    let stored = engine
        .create_workflow(json!({ "nodes": [node] }))
        .await
        .unwrap();
    let run = engine
        .start(NewRun::new(stored.record.id, json!(1)))
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    fails.store(true, Ordering::SeqCst);
    (engine, run.id, fails, tried)
}

async fn ending(engine: &LocalEngine, run: RunId) -> Option<String> {
    let updates = engine.events(run, 0).await.unwrap();
    let last = updates.collect::<Vec<_>>().await.pop()?;
    match last {
        Update::Event(event) => Some(event.kind.name().to_owned()),
        _ => None,
    }
}

#[tokio::test(start_paused = true)]
async fn a_suspended_run_survives_a_store_that_fails_for_a_while() {
    let delay = json!({"id": "d", "type": "DelayNode", "data": {"for": "90s"}});
    let (engine, run, fails, tried) = failing(delay).await;
    let before = tried.load(Ordering::SeqCst);
    tokio::time::sleep(Duration::from_secs(90 + 60)).await;
    let more = tried.load(Ordering::SeqCst) - before;
    assert!((5..30).contains(&more), "{more} tries in a minute");
    fails.store(false, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(ending(&engine, run).await.as_deref(), Some("run.completed"));
}

#[tokio::test(start_paused = true)]
async fn a_run_that_works_survives_a_store_that_fails_for_long() {
    let work = json!({"id": "a", "type": "Script", "data": {"millis": 2_000}});
    let (engine, run, fails, _) = failing(work).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    fails.store(false, Ordering::SeqCst);
    assert_eq!(
        engine.run_report(run).await.unwrap().record.head.status,
        RunStatus::Running
    );
    assert_eq!(ending(&engine, run).await.as_deref(), Some("run.completed"));
}

#[tokio::test(start_paused = true)]
async fn a_cancel_that_cannot_be_written_says_so() {
    let ask = json!({"id": "d", "type": "HumanNode", "data": {"message": "Well?"}});
    let (engine, run, fails, tried) = failing(ask).await;
    let before = tried.load(Ordering::SeqCst);
    let refused = engine.cancel(run).await.unwrap_err();
    assert!(
        matches!(refused, EngineError::Interrupted(_)),
        "{refused:?}"
    );
    assert!(tried.load(Ordering::SeqCst) > before);
    fails.store(false, Ordering::SeqCst);
    assert_eq!(
        engine.cancel(run).await.unwrap().head.status,
        RunStatus::Cancelled
    );
}

#[tokio::test(start_paused = true)]
async fn looking_for_many_workflows_that_are_not_there_is_not_done() {
    let engine = LocalEngine::builder(registry(&Probe::default())).build();
    let nodes: Vec<Value> = (0..20_000)
        .map(|n| json!({"id": "a", "type": "WorkflowNode", "data": {"workflow": format!("n{n}")}}))
        .collect();
    let found = engine
        .validate(&json!({ "nodes": nodes }))
        .now_or_never()
        .unwrap()
        .unwrap();
    assert_eq!(found.faults[0].code.as_str(), "too_many_workflows");
}
