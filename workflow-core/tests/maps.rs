//! Maps: the body once per item, in parallel, the results in order.

#![allow(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    reason = "a test may fail by panicking, and is easier to read"
)]

mod support;

use serde_json::{Value, json};
use support::{Probe, brief, collect, failure, output_of, parsed, run};
use workflow_core::{EventKind, Executor};

fn map(data: Value) -> Value {
    json!({"nodes": [{"id": "each", "type": "MapNode", "data": data}]})
}

#[tokio::test(start_paused = true)]
async fn results_are_in_the_order_of_the_items_not_of_completion() {
    let spec = map(json!({"over": "input", "concurrency": 3, "nodes": [
        {"id": "slow", "type": "Script", "data": {"output": "{{ item }}"}, "when": "index != 0"},
        {"id": "late", "type": "Script", "needs": [], "data": {"millis": 10, "output": "{{ item * 2 }}"}},
        {"id": "both", "type": "TransformNode", "needs": ["slow", "late"],
         "data": {"value": ["{{ index }}", "{{ late.output }}", "{{ slow.status }}"]}},
    ]}));
    let (_, events) = run(&spec, json!([5, 6, 7])).await;
    assert_eq!(
        output_of(&events),
        json!([
            [0, 10, "skipped"],
            [1, 12, "completed"],
            [2, 14, "completed"]
        ])
    );
}

#[tokio::test(start_paused = true)]
async fn the_events_of_an_item_carry_its_path() {
    let spec = map(
        json!({"over": "input", "as": "doc", "concurrency": 1, "nodes": [
            {"id": "sum", "type": "Script", "data": {"output": "{{ doc }}{{ index }}"}},
        ]}),
    );
    let (_, events) = run(&spec, json!(["a", "b"])).await;
    assert_eq!(
        brief(&events),
        [
            "run.created",
            "run.started",
            "node.started each",
            "node.progress each",
            "node.started each/0/sum",
            "node.completed each/0/sum",
            "node.progress each",
            "node.started each/1/sum",
            "node.completed each/1/sum",
            "node.progress each",
            "node.completed each",
            "run.completed",
        ]
    );
    let progress: Vec<Value> = (events.iter())
        .filter(|event| event.kind.name() == "node.progress")
        .map(|event| serde_json::to_value(event).unwrap())
        .map(|event| json!([event["items_done"], event["items"], event.get("item")]))
        .collect();
    assert_eq!(json!(progress), json!([[0, 2, null], [1, 2, 0], [2, 2, 1]]));
    assert_eq!(output_of(&events), json!(["a0", "b1"]));
}

#[tokio::test(start_paused = true)]
async fn no_more_items_are_under_way_than_the_map_says() {
    let spec = map(json!({"over": "range(10)", "concurrency": 3, "nodes": [
        {"id": "a", "type": "Script", "data": {"millis": 10}},
        {"id": "b", "type": "Script", "data": {"millis": 5}},
    ]}));
    let (_, events) = run(&spec, json!(null)).await;
    let (mut open, mut most) = (std::collections::BTreeSet::new(), 0);
    for event in &events {
        let path = event.step().map(|step| step.path().as_str().to_owned());
        match (&event.kind, path) {
            (EventKind::NodeStarted(_), Some(path)) if path.contains('/') => {
                open.insert(path.split('/').nth(1).unwrap().to_owned());
            }
            (EventKind::NodeCompleted(_), Some(path)) if path.ends_with("/b") => {
                open.remove(path.split('/').nth(1).unwrap());
            }
            _ => {}
        }
        most = most.max(open.len());
    }
    assert_eq!(most, 3);
}

#[tokio::test(start_paused = true)]
async fn a_list_without_items_gives_a_list_without_results() {
    let spec = map(json!({"over": "[]", "nodes": [{"id": "a", "type": "Script"}]}));
    let (probe, events) = run(&spec, json!(null)).await;
    assert_eq!(output_of(&events), json!([]));
    assert_eq!(probe.taken(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn the_first_item_to_fail_stops_the_others() {
    let spec = map(json!({"over": "range(3)", "nodes": [
        {"id": "a", "type": "Script", "data": {"millis": 10}},
        {"id": "b", "type": "Script", "when": "index == 1", "data": {"failures": 1}},
        {"id": "c", "type": "Script", "needs": ["a"], "data": {"millis": 100}},
    ]}));
    let (probe, events) = run(&spec, json!(null)).await;
    assert_eq!(failure(&events), "scripted: attempt 1 of b fails");
    assert_eq!(probe.count("drop c"), 3);
    let lines = brief(&events);
    for cancelled in ["each/0/c", "each/1/c", "each/2/c"] {
        assert!(
            lines.contains(&format!("node.cancelled {cancelled}")),
            "{lines:?}"
        );
    }
    assert!(lines.contains(&"node.failed each".to_owned()), "{lines:?}");
    let EventKind::RunFailed(failed) = &events.last().unwrap().kind else {
        panic!("{lines:?}")
    };
    let origin = failed.step.as_ref().map(|step| step.path().as_str());
    assert_eq!(origin, Some("each/1/b"));
}

#[tokio::test(start_paused = true)]
async fn an_item_that_may_fail_gives_null_and_stops_only_itself() {
    let spec = map(
        json!({"over": "range(3)", "on_item_error": "null", "nodes": [
            {"id": "a", "type": "Script", "data": {"output": "{{ item }}"}},
            {"id": "b", "type": "Script", "needs": [], "when": "index == 1", "data": {"millis": 10, "failures": 1}},
            {"id": "c", "type": "Script", "needs": ["a"], "data": {"millis": 100, "output": "{{ item }}"}},
        ]}),
    );
    let (probe, events) = run(&spec, json!(null)).await;
    assert_eq!(output_of(&events), json!([{"c": 0}, null, {"c": 2}]));
    assert_eq!(probe.count("drop c"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_failing_map_can_be_handled() {
    let spec = json!({"nodes": [
        {"id": "each", "type": "MapNode", "on_error": {"output": ["none"]}, "data": {"over": "range(2)", "nodes": [
            {"id": "a", "type": "Script", "data": {"failures": 1}}]}},
        {"id": "b", "type": "TransformNode", "data": {"value": ["{{ each.status }}", "{{ each.output }}"]}},
    ]});
    let (_, events) = run(&spec, json!(null)).await;
    assert_eq!(output_of(&events), json!(["failed", ["none"]]));
}

#[tokio::test(start_paused = true)]
async fn what_is_no_list_is_an_error() {
    let spec = map(json!({"over": "input", "nodes": [{"id": "a", "type": "Script"}]}));
    let (_, events) = run(&spec, json!("text")).await;
    assert_eq!(
        failure(&events),
        "type_error: `over` is not a list but \"text\""
    );
    let (_, events) = run(
        &map(json!({"over": "input.x", "nodes": [{"id": "a", "type": "Script"}]})),
        json!({"y": 1}),
    )
    .await;
    assert_eq!(
        failure(&events),
        "template_error: `input.x` is missing: `input` has `y`"
    );
}

#[tokio::test(start_paused = true)]
async fn a_map_that_is_too_long_fails_before_its_first_item() {
    let spec = map(json!({"over": "range(10001)", "nodes": [{"id": "a", "type": "Script"}]}));
    let (probe, events) = run(&spec, json!(null)).await;
    assert_eq!(
        failure(&events),
        "too_many_items: the map has 10001 items, at most 10000 are allowed"
    );
    assert_eq!(probe.taken(), [""; 0]);
    let spec = map(json!({"over": "range(100)", "nodes": [{"id": "a", "type": "Script"}]}));
    let workflow = parsed(&probe, &spec);
    let events = collect(
        Executor::new()
            .with_max_events(250)
            .run(workflow, json!(null)),
    )
    .await;
    assert!(
        failure(&events).starts_with("too_many_events: "),
        "{}",
        failure(&events)
    );
    assert_eq!(probe.taken(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn maps_can_be_nested() {
    let spec = map(json!({"over": "input", "as": "row", "nodes": [
        {"id": "inner", "type": "MapNode", "data": {"over": "row", "nodes": [
            {"id": "cell", "type": "TransformNode", "data": {"value": "{{ item * 10 + index }}"}},
        ]}},
        {"id": "sum", "type": "TransformNode", "data": {"value": "{{ inner.output | sum }}"}},
    ]}));
    let (_, events) = run(&spec, json!([[1, 2], [], [3]])).await;
    assert_eq!(output_of(&events), json!([31, 0, 30]));
    assert!(brief(&events).contains(&"node.completed each/0/inner/1/cell".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn the_items_share_the_slots_of_the_run() {
    let spec = map(json!({"over": "range(50)", "concurrency": 50, "nodes": [
        {"id": "a", "type": "Script", "data": {"millis": 10}}]}));
    let probe = Probe::default();
    let events = collect(
        Executor::new()
            .with_concurrent_steps(5)
            .run(parsed(&probe, &spec), json!(null)),
    )
    .await;
    let (mut working, mut most) = (0_i32, 0);
    for event in &events {
        match &event.kind {
            EventKind::NodeStarted(it) if it.step.path().as_str() != "each" => working += 1,
            EventKind::NodeCompleted(it) if it.step.path().as_str() != "each" => working -= 1,
            _ => {}
        }
        most = most.max(working);
    }
    assert_eq!(most, 5);
    assert_eq!(output_of(&events).as_array().unwrap().len(), 50);
}

#[tokio::test(start_paused = true)]
async fn results_that_are_too_large_together_fail_the_map() {
    let spec = map(json!({"over": "range(40)", "nodes": [
        {"id": "a", "type": "TransformNode", "data": {"value": "{{ input }}"}}]}));
    let (_, events) = run(&spec, json!("x".repeat(1_000_000))).await;
    assert_eq!(
        failure(&events),
        "output_too_large: the results have more than 16777216 bytes"
    );
}
