//! Every limit can be set, is answered by the engine as it was built, and is named when it is reached.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use serde_json::{Value, json};
use support::{Probe, collect, failure, parsed, registry};
use workflow_core::{Engine, EngineLimits, Executor, LocalEngine};

/// What is set, the number that the engine answers, and a run beyond the limit.
struct Case {
    set: fn(Executor) -> Executor,
    answered: fn(EngineLimits) -> u64,
    limit: u64,
    spec: Value,
    input: Value,
    failure: &'static str,
}

fn cases() -> Vec<Case> {
    let map = |over: &str| {
        json!({"nodes": [{"id": "each", "type": "MapNode", "data": {"over": over, "nodes": [
        {"id": "a", "type": "Echo"}]}}]})
    };
    vec![
        Case {
            set: |executor| executor.max_map_items(3),
            answered: |limits| limits.map_items as u64,
            limit: 3,
            spec: map("input"),
            input: json!([1, 2, 3, 4]),
            failure: "too_many_items: the map has 4 items, at most 3 are allowed",
        },
        Case {
            set: |executor| executor.max_output_bytes(10),
            answered: |limits| limits.output_bytes as u64,
            limit: 10,
            spec: json!({"nodes": [{"id": "a", "type": "Echo"}]}),
            input: json!("x".repeat(9)),
            failure: "output_too_large: the output has more than 10 bytes",
        },
        Case {
            set: |executor| executor.max_events(100),
            answered: |limits| limits.events,
            limit: 100,
            spec: map("range(99)"),
            input: json!(null),
            failure: "too_many_events: 99 items of 1 nodes make more events than a run may have, 100",
        },
    ]
}

#[tokio::test(start_paused = true)]
async fn a_limit_that_is_set_holds_and_is_answered() {
    for case in cases() {
        let executor = (case.set)(Executor::new());
        let workflow = parsed(&Probe::default(), &case.spec);
        let events = collect(executor.run(workflow, case.input)).await;
        assert_eq!(failure(&events), case.failure);
        let engine = LocalEngine::builder(registry(&Probe::default())).executor(executor);
        assert_eq!((case.answered)(engine.build().limits()), case.limit);
    }
}

#[tokio::test(start_paused = true)]
async fn an_engine_answers_how_many_runs_it_takes() {
    let engine = LocalEngine::builder(registry(&Probe::default()))
        .executor(Executor::new().concurrent_steps(7))
        .max_running(5)
        .max_queued(6)
        .build();
    let limits = engine.limits();
    assert_eq!(
        (
            limits.concurrent_runs,
            limits.queued_runs,
            limits.concurrent_steps
        ),
        (5, 6, 7)
    );
}

/// An operator may lower a limit while a run waits: what its log says has happened stays possible.
#[tokio::test(start_paused = true)]
async fn a_limit_that_was_lowered_leaves_a_log_usable() {
    let workflow = parsed(
        &Probe::default(),
        &json!({"nodes": [{"id": "each", "type": "MapNode", "data": {"over": "input", "nodes": [
            {"id": "ask", "type": "HumanNode", "data": {"message": "{{ item }}?"}}]}}]}),
    );
    let log = collect(Executor::new().run(workflow.clone(), json!([1, 2, 3, 4]))).await;
    let waits: Vec<_> = (log.iter())
        .filter_map(|event| match &event.kind {
            workflow_core::EventKind::NodeWaiting(it) => Some(it.wait_id),
            _ => None,
        })
        .collect();
    assert_eq!(waits.len(), 4);
    let lowered = Executor::new().max_map_items(2).max_output_bytes(1);
    let rest = lowered.signal(workflow, &log, waits[0], json!("yes"));
    let rest = collect(rest.unwrap()).await;
    assert!(support::brief(&rest).contains(&"node.completed each/0/ask".to_owned()));
}
