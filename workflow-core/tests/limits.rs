//! Every limit can be set, is answered by the engine as it was built, and is named when it is reached.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use std::sync::Arc;

use serde_json::{Value, json};
use support::{Probe, collect, failure, parsed, registry};
use workflow_core::{
    Engine, Executor, LocalEngine, Workflow, engine::EngineLimits, workflow::Library,
};

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
            set: |executor| executor.with_max_map_items(3),
            answered: |limits| limits.map_items as u64,
            limit: 3,
            spec: map("input"),
            input: json!([1, 2, 3, 4]),
            failure: "too_many_items: the map has 4 items, at most 3 are allowed",
        },
        Case {
            set: |executor| executor.with_max_output_bytes(10),
            answered: |limits| limits.output_bytes as u64,
            limit: 10,
            spec: json!({"nodes": [{"id": "a", "type": "Echo"}]}),
            input: json!("x".repeat(9)),
            failure: "output_too_large: the output has more than 10 bytes",
        },
        Case {
            set: |executor| executor.with_max_open_frames(5),
            answered: |limits| limits.open_frames as u64,
            limit: 5,
            spec: json!({"nodes": [{"id": "outer", "type": "MapNode", "data": {"over": "range(6)", "concurrency": 6, "nodes": [
                {"id": "inner", "type": "LoopNode", "data": {"until": "index == 1", "max": 3, "nodes": [{"id": "a", "type": "Echo"}]}}]}}]}),
            input: json!(null),
            failure: "too_many_frames: maps, loops, agents and called workflows have 5 lists of nodes open at the same \
                      time, as many as a run may",
        },
        Case {
            set: |executor| executor.with_max_run_memory(1_000_000),
            answered: |limits| limits.run_memory_bytes as u64,
            limit: 1_000_000,
            spec: json!({"nodes": [{"id": "a", "type": "Echo"}]}),
            input: json!(vec![json!({"": {}}); 1_500]),
            failure: "too_much_memory: ",
        },
        Case {
            set: |executor| executor.with_max_events(100),
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
        let failure = failure(&events);
        assert!(failure.starts_with(case.failure), "{failure}");
        let engine = LocalEngine::builder(registry(&Probe::default())).with_executor(executor);
        assert_eq!((case.answered)(engine.build().limits()), case.limit);
    }
}

#[tokio::test(start_paused = true)]
async fn an_engine_answers_how_many_runs_it_takes() {
    let engine = LocalEngine::builder(registry(&Probe::default()))
        .with_executor(Executor::new().with_concurrent_steps(7))
        .with_max_running(5)
        .with_max_queued(6)
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

/// Containers in each other, people, delays, failures: the events that end a run are counted, too.
#[tokio::test(start_paused = true)]
async fn no_run_has_more_events_than_it_may() {
    let within = |node: Value| {
        json!({"id": "each", "type": "MapNode", "needs": [], "data": {"over": "range(8)", "concurrency": 8, "on_item_error": "null",
               "nodes": [node]}})
    };
    let leaves = [
        json!({"id": "a", "type": "Echo"}),
        json!({"id": "a", "type": "Script", "data": {"failures": 9}}),
        json!({"id": "a", "type": "Script", "retry": 5, "data": {"failures": 9, "retryable": true, "millis": 5}}),
        json!({"id": "a", "type": "HumanNode", "data": {"message": "?", "expires": "5ms"}}),
        json!({"id": "a", "type": "DelayNode", "data": {"for": "5s"}}),
        json!({"id": "a", "type": "LoopNode", "data": {"until": "index == 9", "max": 10, "nodes": [
            {"id": "b", "type": "Echo"}]}}),
    ];
    for leaf in leaves {
        for spec in [within(leaf.clone()), within(within(leaf.clone()))] {
            let spec = json!({ "nodes": [spec] });
            let workflow = parsed(&Probe::default(), &spec);
            for most in [20, 31, 32, 33, 34, 63, 177] {
                let executor = Executor::new()
                    .with_max_events(most)
                    .with_concurrent_steps(50);
                let mut log = collect(executor.run(workflow.clone(), json!(null))).await;
                // Those that wait for a person end when their time is over.
                while !log.last().unwrap().is_terminal() {
                    log.extend(collect(executor.resume(workflow.clone(), &log).unwrap()).await);
                }
                let events = log.len() as u64;
                assert!(events <= most, "{events} events of {most}: {spec}");
            }
        }
    }
}

/// Calls in calls multiply: ten of each, 15 deep, are 10^15.
#[tokio::test(start_paused = true)]
async fn calls_that_multiply_end_with_a_named_error() {
    let registry = registry(&Probe::default());
    let mut library = Library::new();
    let leaf = json!({"nodes": [{"id": "a", "type": "Echo"}]});
    library.insert(
        "w0",
        Arc::new(Workflow::from_spec(&leaf, &registry).unwrap()),
    );
    for level in 1..15 {
        let calls: Vec<_> = (0..10)
            .map(|n| {
                json!({"id": format!("c{n}"), "type": "WorkflowNode", "needs": [],
                       "data": {"workflow": format!("w{}", level - 1)}})
            })
            .collect();
        let spec = json!({ "nodes": calls });
        let workflow = Workflow::with_library(&spec, &registry, &library).unwrap();
        library.insert(format!("w{level}"), Arc::new(workflow));
    }
    let spec =
        json!({"nodes": [{"id": "top", "type": "WorkflowNode", "data": {"workflow": "w14"}}]});
    let workflow = Arc::new(Workflow::with_library(&spec, &registry, &library).unwrap());
    let events = collect(Executor::new().run(workflow, json!("in"))).await;
    assert!(
        failure(&events).starts_with("too_many_frames: "),
        "{}",
        failure(&events)
    );
    assert!(events.len() < 30_000, "{} events", events.len());
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
    let lowered = Executor::new()
        .with_max_map_items(2)
        .with_max_output_bytes(1)
        .with_max_open_frames(2);
    let rest = lowered.signal(workflow, &log, waits[0], json!("yes"));
    let rest = collect(rest.unwrap()).await;
    assert!(support::brief(&rest).contains(&"node.completed each/0/ask".to_owned()));
}
