//! Loops: the body is repeated until a condition holds or the limit of rounds is reached.

#![allow(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    reason = "a test may fail by panicking, and is easier to read"
)]

mod support;

use serde_json::{Value, json};
use support::{brief, failure, output_of, run};
use workflow_core::{EventKind, StepEvent, event::Report};

fn repeat(data: &Value) -> Value {
    json!({"nodes": [{"id": "refine", "type": "LoopNode", "data": data}]})
}

fn report(events: &[StepEvent]) -> Report {
    let report = events.iter().find_map(|event| match &event.kind {
        EventKind::NodeCompleted(it) if it.step.path().as_str() == "refine" => it.report.clone(),
        _ => None,
    });
    *report.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_round_sees_the_result_of_the_one_before() {
    let spec = repeat(
        &json!({"max": 10, "until": "grow.output | length >= 3", "nodes": [
            {"id": "grow", "type": "TransformNode", "data": {"value": "{{ (previous or []) + [index] }}"}},
        ]}),
    );
    let (_, events) = run(&spec, json!(null)).await;
    assert_eq!(output_of(&events), json!([0, 1, 2]));
    assert_eq!(
        (report(&events).rounds, report(&events).exhausted),
        (Some(3), false)
    );
    assert_eq!(
        brief(&events)[2..6],
        [
            "node.started refine",
            "node.progress refine",
            "node.started refine/0/grow",
            "node.completed refine/0/grow",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_loop_that_is_never_good_enough_completes_and_says_so() {
    let spec = repeat(
        &json!({"max": 3, "until": "false", "output": {"n": "{{ a.output }}", "last": "{{ previous.n | default('none') if previous else 'none' }}"},
        "nodes": [{"id": "a", "type": "TransformNode", "data": {"value": "{{ index }}"}}]}),
    );
    let (_, events) = run(&spec, json!(null)).await;
    assert_eq!(output_of(&events), json!({"n": 2, "last": 1}));
    assert_eq!(
        (report(&events).rounds, report(&events).exhausted),
        (Some(3), true)
    );
    let json = events
        .iter()
        .map(|event| serde_json::to_value(event).unwrap());
    let completed: Vec<Value> = json
        .filter(|event| event["type"] == "node.completed" && event["path"] == "refine")
        .collect();
    assert_eq!(completed[0]["exhausted"], true);
    assert_eq!(completed[0]["rounds"], 3);
}

#[tokio::test(start_paused = true)]
async fn the_first_nodes_of_each_round_read_the_input_of_the_loop() {
    let spec = json!({"nodes": [
        {"id": "before", "type": "TransformNode", "data": {"value": "{{ input + 1 }}"}},
        {"id": "refine", "type": "LoopNode", "data": {"max": 2, "until": "false", "nodes": [
            {"id": "echo", "type": "Echo"}]}},
    ]});
    let (_, events) = run(&spec, json!(1)).await;
    assert_eq!(output_of(&events), json!(2));
}

#[tokio::test(start_paused = true)]
async fn a_failing_round_fails_the_loop() {
    let spec = repeat(&json!({"max": 3, "until": "false", "nodes": [
        {"id": "a", "type": "Script"},
        {"id": "b", "type": "Script", "when": "index == 1", "data": {"failures": 1}},
    ]}));
    let (_, events) = run(&spec, json!(null)).await;
    assert_eq!(failure(&events), "scripted: attempt 1 of b fails");
    assert!(brief(&events).contains(&"node.failed refine/1/b".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn an_expression_that_cannot_be_evaluated_fails_the_loop() {
    let spec = repeat(&json!({"max": 3, "until": "a.output.score > 1", "nodes": [
        {"id": "a", "type": "TransformNode", "data": {"value": "{{ {'sore': 1} }}"}}]}));
    let (_, events) = run(&spec, json!(null)).await;
    assert_eq!(
        failure(&events),
        "template_error: `a.output.score` is missing: `a.output` has `sore`"
    );
    let spec = repeat(
        &json!({"max": 3, "until": "true", "output": "{{ a.output.score }}", "nodes": [
        {"id": "a", "type": "TransformNode", "data": {"value": "{{ {'sore': 1} }}"}}]}),
    );
    let (_, events) = run(&spec, json!(null)).await;
    assert!(failure(&events).starts_with("output_error: `a.output.score` is missing"));
}

#[tokio::test(start_paused = true)]
async fn a_loop_can_be_nested_in_a_map() {
    let spec = json!({"nodes": [{"id": "each", "type": "MapNode", "data": {"over": "input", "nodes": [
        {"id": "count", "type": "LoopNode", "data": {"max": 9, "until": "n.output >= item", "nodes": [
            {"id": "n", "type": "TransformNode", "data": {"value": "{{ (previous or 0) + 1 }}"}}]}}]}}]});
    let (_, events) = run(&spec, json!([3, 1])).await;
    assert_eq!(output_of(&events), json!([3, 1]));
    assert!(brief(&events).contains(&"node.completed each/0/count/2/n".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn null_is_an_output_like_any_other() {
    let spec = repeat(
        &json!({"max": 1, "until": "true", "output": null, "nodes": [
        {"id": "a", "type": "TransformNode", "data": {"value": 1}}]}),
    );
    let (_, events) = run(&spec, json!(null)).await;
    assert_eq!(output_of(&events), json!(null));
}
