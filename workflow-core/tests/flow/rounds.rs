//! Loops: the results of earlier rounds, and what happens at the last round.

use serde_json::{Value, json};
use workflow_core::{Registry, Workflow};

use crate::{
    faults,
    prefixes::end_the_same,
    support::{brief, failure, output_of, run},
};

fn repeat(data: &Value) -> Value {
    json!({"nodes": [{"id": "refine", "type": "LoopNode", "data": data}]})
}

fn counted() -> Value {
    repeat(
        &json!({"max": 5, "until": "history | length == 3", "output": {"n": "{{ index }}", "before": "{{ history | map(attribute='n') | list }}"},
        "nodes": [{"id": "a", "type": "Script", "data": {"millis": 1, "output": "{{ history | length }}"}}]}),
    )
}

#[tokio::test(start_paused = true)]
async fn a_round_sees_the_results_of_all_rounds_before() {
    let events = end_the_same(&counted(), json!(null)).await;
    assert_eq!(output_of(&events), json!({"n": 3, "before": [0, 1, 2]}));
}

#[tokio::test(start_paused = true)]
async fn the_newest_results_stay_when_not_all_fit() {
    // Each result has 300 kB and its number: three of them fit into 1 MiB.
    let spec = repeat(&json!({"max": 6, "until": "false",
        "output": {"n": "{{ index }}", "text": "{{ big.output }}", "before": "{{ history | map(attribute='n') | list }}"},
        "nodes": [{"id": "big", "type": "TransformNode", "data": {"value": "{{ '%300000d' | format(1) }}"}}]}));
    let (_, events) = run(&spec, json!(null)).await;
    assert_eq!(output_of(&events)["before"], json!([2, 3, 4]));
}

#[tokio::test(start_paused = true)]
async fn a_result_that_is_too_large_by_itself_leaves_no_history() {
    let spec = repeat(&json!({"max": 3, "until": "false",
        "output": {"before": "{{ history | length }}", "texts": ["{{ big.output }}", "{{ big.output }}"]},
        "nodes": [{"id": "big", "type": "TransformNode", "data": {"value": "{{ '%600000d' | format(1) }}"}}]}));
    let (_, events) = run(&spec, json!(null)).await;
    assert_eq!(output_of(&events)["before"], 0);
}

#[tokio::test(start_paused = true)]
async fn an_inner_loop_has_a_history_of_its_own() {
    let spec = repeat(&json!({"max": 2, "until": "false", "nodes": [
        {"id": "inner", "type": "LoopNode", "data": {"max": 3, "until": "false", "output": "{{ history | length }}",
            "nodes": [{"id": "a", "type": "TransformNode", "data": {"value": "{{ history }}"}}]}},
        {"id": "b", "type": "TransformNode", "data": {"value": ["{{ inner.output }}", "{{ history }}"]}}]}));
    let (_, events) = run(&spec, json!(null)).await;
    assert_eq!(output_of(&events), json!([2, [[2, []]]]));
}

#[test]
fn fields_of_earlier_results_are_checked() {
    let spec = repeat(
        &json!({"max": 2, "until": "(history | last).scor > 1", "output": {"score": 1},
        "nodes": [{"id": "a", "type": "TransformNode", "data": {"value": "{{ history[0].sore }}{% for it in history %}{{ it.core }}{% endfor %}"}}]}),
    );
    let found = faults(&spec);
    assert_eq!(found.len(), 3, "{found:#?}");
    assert!(
        found
            .iter()
            .all(|fault| fault.starts_with("unknown_field_reference"))
    );
}

/// Workflows from before `history` may use the name for something of their own.
#[tokio::test(start_paused = true)]
async fn the_name_history_gives_way() {
    let body =
        json!([{"id": "a", "type": "TransformNode", "data": {"value": "{{ history.output }}"}}]);
    let outside = json!({"nodes": [
        {"id": "history", "type": "TransformNode", "data": {"value": "mine {{ input }}"}},
        {"id": "refine", "type": "LoopNode", "data": {"max": 2, "until": "history.output == ''", "nodes": body}}]});
    let (_, events) = run(&outside, json!(1)).await;
    assert_eq!(output_of(&events), json!("mine 1"));
    let inside = repeat(&json!({"max": 2, "until": "history.output == 1", "nodes": [
        {"id": "history", "type": "TransformNode", "data": {"value": "{{ index }}"}}]}));
    let (_, events) = run(&inside, json!(null)).await;
    assert_eq!(output_of(&events), json!(1));
    let item = json!({"nodes": [{"id": "each", "type": "MapNode", "data": {"over": "[1]", "as": "history", "nodes": [
        {"id": "refine", "type": "LoopNode", "data": {"max": 2, "until": "history == 2", "nodes": [
            {"id": "a", "type": "TransformNode", "data": {"value": "{{ history }}"}}]}}]}}]});
    let (_, events) = run(&item, json!(null)).await;
    assert_eq!(output_of(&events), json!([1]));
    let within = repeat(&json!({"max": 2, "until": "index == 1", "nodes": [
        {"id": "each", "type": "MapNode", "data": {"over": "[7]", "as": "history", "nodes": [
            {"id": "a", "type": "TransformNode", "data": {"value": "{{ history }}"}}]}}]}));
    let (_, events) = run(&within, json!(null)).await;
    assert_eq!(output_of(&events), json!([7]));
    let assigned = repeat(&json!({"max": 2, "until": "index == 1", "nodes": [
        {"id": "a", "type": "PromptNode", "data": {"template": "{% set history = index %}{{ history }}"}}]}));
    let (_, events) = run(&assigned, json!(null)).await;
    assert_eq!(output_of(&events), json!("1"));
}

fn never(more: &Value) -> Value {
    let mut spec = json!({"nodes": [
        {"id": "refine", "type": "LoopNode", "data": {"max": 2, "until": "a.output > 5", "nodes": [
            {"id": "a", "type": "Script", "data": {"output": "{{ index }}"}}]}},
        {"id": "after", "type": "TransformNode", "data": {"value": "{{ refine.exhausted }}"}}]});
    for (field, value) in more.as_object().unwrap() {
        match field.as_str() {
            "on_max" => spec["nodes"][0]["data"]["on_max"] = value.clone(),
            field => spec["nodes"][0][field] = value.clone(),
        }
    }
    spec
}

#[tokio::test(start_paused = true)]
async fn later_nodes_see_whether_a_loop_was_exhausted() {
    for more in [json!({}), json!({"on_max": "continue"})] {
        let events = end_the_same(&never(&more), json!(null)).await;
        assert_eq!(output_of(&events), json!(true));
    }
    let mut good = never(&json!({}));
    good["nodes"][0]["data"]["until"] = json!("a.output == 1");
    let (_, events) = run(&good, json!(null)).await;
    assert_eq!(output_of(&events), json!(false));
    let (_, events) = run(&never(&json!({"when": "false", "needs": []})), json!(null)).await;
    assert!(brief(&events).contains(&"node.skipped after".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_loop_that_is_never_good_enough_can_fail() {
    let events = end_the_same(&never(&json!({"on_max": "fail"})), json!(null)).await;
    assert_eq!(
        failure(&events),
        "max_rounds: `until` is still false after 2 rounds, the `max` of the loop"
    );
    let handled = never(&json!({"on_max": "fail", "on_error": {"output": 0}}));
    let events = end_the_same(&handled, json!(null)).await;
    assert_eq!(output_of(&events), json!(false), "it did not complete");
}

#[test]
fn only_loops_have_exhausted() {
    let spec = json!({"nodes": [
        {"id": "a", "type": "TransformNode", "data": {"value": 1}},
        {"id": "b", "type": "TransformNode", "data": {"value": "{{ a.exhausted }}{{ a.exhaustet }}"}}]});
    assert_eq!(
        faults(&spec),
        [
            "unknown_reference #/nodes/1/data/value: `a.exhausted` is not there: only a loop or an agent has it",
            "unknown_reference #/nodes/1/data/value: `a.exhaustet` is not there: a node has `status`, `output`, `error`, \
             `finish_reason`, `truncated`, `metadata`",
        ]
    );
    let found = faults(&never(&json!({"on_max": "stop"})));
    assert!(
        found[0].starts_with(r#"invalid_value #/nodes/0/data/on_max: "stop""#),
        "{found:?}"
    );
    assert!(
        Workflow::from_spec(
            &repeat(&json!({"max": 1, "until": "history == []", "nodes": [
        {"id": "a", "type": "TransformNode", "data": {"value": 1}}]})),
            &Registry::default()
        )
        .is_ok()
    );
}

#[test]
fn a_name_that_hides_the_history_is_a_warning() {
    let warnings = |spec: &Value| {
        let workflow = Workflow::from_spec(spec, &Registry::default()).unwrap();
        let warnings = workflow.warnings().iter();
        let hidden = warnings.filter(|it| it.code.as_str() == "hidden_name");
        hidden.map(|it| it.pointer.clone()).collect::<Vec<_>>()
    };
    let body = |id: &str| {
        json!({"max": 2, "until": "index == 1", "nodes": [
            {"id": id, "type": "TransformNode", "data": {"value": 1}}]})
    };
    assert_eq!(warnings(&repeat(&body("a"))), [""; 0]);
    assert_eq!(
        warnings(&repeat(&body("history"))),
        ["#/nodes/0/data/nodes/0/id"]
    );
    let around = json!({"nodes": [{"id": "history", "type": "TransformNode", "data": {"value": 1}},
        {"id": "refine", "type": "LoopNode", "data": body("a")}]});
    assert_eq!(warnings(&around), ["#/nodes/1"]);
    // Beside a loop that does not see it, it hides nothing.
    let beside = json!({"nodes": [{"id": "history", "type": "TransformNode", "data": {"value": 1}},
        {"id": "refine", "type": "LoopNode", "needs": [], "data": body("a")}]});
    assert_eq!(warnings(&beside), [""; 0]);
}
