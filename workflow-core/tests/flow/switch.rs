//! Switches: the node that chooses, and the branches of which one runs.

use serde_json::{Value, json};
use workflow_core::{EventKind, Registry, StepEvent, Workflow};

use crate::{
    faults,
    prefixes::end_the_same,
    support::{Probe, failure, output_of, run},
};

fn route(more: &Value) -> Value {
    let mut data = json!({"cases": [
        {"name": "refund", "when": "input == 'refund'"},
        {"name": "question", "when": "input in ['question', 'both']"},
        {"name": "late", "when": "input == 'both'"},
    ], "default": "other"});
    for (field, value) in more.as_object().unwrap() {
        data[field] = value.clone();
        if value.is_null() {
            data.as_object_mut().unwrap().remove(field);
        }
    }
    json!({"id": "route", "type": "SwitchNode", "data": data})
}

/// A switch with a branch for each of three cases, and a node that joins them.
fn support() -> Value {
    json!({"nodes": [
        route(&json!({})),
        {"id": "pay", "type": "Script", "case": "route.refund", "data": {"millis": 1}},
        {"id": "thank", "type": "Script", "needs": ["pay"]},
        {"id": "answer", "type": "Echo", "case": "route.question"},
        {"id": "file", "type": "Script", "case": "route.other"},
        {"id": "join", "type": "TransformNode", "needs": ["thank", "answer", "file"], "data": {"value":
            "{{ thank.output | default(answer.output | default(file.output)) }}"}},
    ]})
}

fn skipped(events: &[StepEvent]) -> Vec<String> {
    let skipped = events.iter().filter_map(|event| match &event.kind {
        EventKind::NodeSkipped(it) => {
            let reason = serde_json::to_value(it.reason).unwrap();
            Some(format!("{} {}", it.step.path(), reason.as_str().unwrap()))
        }
        _ => None,
    });
    skipped.collect()
}

#[tokio::test(start_paused = true)]
async fn the_first_true_case_is_chosen_and_only_its_branch_runs() {
    for (input, output, others) in [
        (
            "refund",
            "thank",
            vec!["answer case_not_chosen", "file case_not_chosen"],
        ),
        (
            "both",
            "both",
            vec![
                "pay case_not_chosen",
                "file case_not_chosen",
                "thank needs_skipped",
            ],
        ),
        (
            "else",
            "file",
            vec![
                "pay case_not_chosen",
                "answer case_not_chosen",
                "thank needs_skipped",
            ],
        ),
    ] {
        let events = end_the_same(&support(), json!(input)).await;
        assert_eq!(output_of(&events), json!(output));
        assert_eq!(skipped(&events), others, "for {input}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_true_case_and_a_default_the_switch_fails() {
    let mut spec = support();
    spec["nodes"][0] = route(&json!({"default": null}));
    spec["nodes"].as_array_mut().unwrap().remove(4);
    spec["nodes"][4]["needs"] = json!(["thank", "answer"]);
    spec["nodes"][4]["data"]["value"] = json!(1);
    let events = end_the_same(&spec, json!("else")).await;
    assert_eq!(
        failure(&events),
        "no_case: none of the conditions is true: `refund`, `question`, `late`"
    );
    // A switch that failed has chosen nothing, unless its `on_error` says what.
    spec["nodes"][0]["on_error"] = json!("continue");
    let events = end_the_same(&spec, json!("else")).await;
    assert_eq!(
        skipped(&events),
        [
            "pay case_not_chosen",
            "answer case_not_chosen",
            "thank needs_skipped",
            "join needs_skipped"
        ]
    );
    spec["nodes"][0]["on_error"] = json!({"output": "refund"});
    let events = end_the_same(&spec, json!("else")).await;
    assert_eq!(skipped(&events), ["answer case_not_chosen"]);
}

#[tokio::test(start_paused = true)]
async fn a_condition_that_cannot_be_evaluated_fails_the_switch() {
    let mut spec = json!({"nodes": [route(&json!({}))]});
    spec["nodes"][0]["data"]["cases"][0]["when"] = json!("input");
    let (_, events) = run(&spec, json!("text")).await;
    assert!(
        failure(&events).starts_with("template_error: "),
        "{}",
        failure(&events)
    );
}

#[tokio::test(start_paused = true)]
async fn a_branch_reads_what_the_switch_reads() {
    let spec = json!({"nodes": [
        {"id": "first", "type": "TransformNode", "data": {"value": ["from", "{{ input }}"]}},
        {"id": "route", "type": "SwitchNode", "data": {"cases": [{"name": "a", "when": "first.output"}]}},
        {"id": "inner", "type": "SwitchNode", "case": "route.a", "data": {"cases": [{"name": "1", "when": "true"}]}},
        {"id": "echo", "type": "Echo", "case": "inner.1"},
        {"id": "other", "type": "Echo", "case": "route.a", "needs": ["inner"]},
    ], "output": ["{{ echo.output }}", "{{ other.output }}"]});
    let (_, events) = run(&spec, json!(1)).await;
    assert_eq!(output_of(&events), json!([["from", 1], "1"]));
}

#[tokio::test(start_paused = true)]
async fn a_case_and_a_condition_must_both_hold() {
    let mut spec = support();
    spec["nodes"][1]["when"] = json!("false");
    let (_, events) = run(&spec, json!("refund")).await;
    assert!(skipped(&events).contains(&"pay when_false".to_owned()));
    // The condition of a branch that is not chosen is not evaluated.
    spec["nodes"][1]["when"] = json!("input.x.y");
    let (_, events) = run(&spec, json!("question")).await;
    assert!(skipped(&events).contains(&"pay case_not_chosen".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn branches_work_in_bodies() {
    let mut nodes = support()["nodes"].clone();
    for (index, case) in ["refund", "question", "late"].iter().enumerate() {
        nodes[0]["data"]["cases"][index]["when"] = json!(format!("item == '{case}'"));
    }
    let spec = json!({"nodes": [{"id": "each", "type": "MapNode", "data": {"over": "input", "nodes": nodes}}]});
    let events = end_the_same(&spec, json!(["refund", "question", "x"])).await;
    assert_eq!(output_of(&events), json!(["thank", "question", "file"]));
}

#[test]
fn a_case_has_to_exist() {
    let with = |case: &str| {
        json!({"nodes": [
            {"id": "first", "type": "Script"}, route(&json!({})), {"id": "a", "type": "Script", "case": case}]})
    };
    for (case, fault) in [
        (
            "route.refnd",
            "unknown_reference #/nodes/2/case: `route` has no case `refnd`",
        ),
        (
            "rout.refund",
            "unknown_reference #/nodes/2/case: `rout` is not a node of this list",
        ),
        (
            "first.refund",
            "invalid_value #/nodes/2/case: `first` is not a SwitchNode",
        ),
        (
            "route",
            "invalid_value #/nodes/2/case: expected a switch and one of its cases, such as \"route.refund\", found \"route\"",
        ),
        (
            "route.a.b",
            "invalid_value #/nodes/2/case: expected a switch and one of its cases, such as \"route.refund\", found \
             \"route.a.b\"",
        ),
    ] {
        assert_eq!(faults(&with(case)), [fault]);
    }
    for case in ["route.refund", "route.other"] {
        assert_eq!(faults(&with(case)), [""; 0]);
    }
    let hint = |case: &str| {
        let checked =
            Workflow::from_spec(&with(case), &crate::support::registry(&Probe::default()));
        checked.unwrap_err().faults()[0].hint.clone().unwrap()
    };
    assert_eq!(hint("route.refnd"), "did you mean `route.refund`?");
    assert_eq!(hint("rout.refund"), "did you mean `route`?");
    assert_eq!(
        hint("route.zzzzzz"),
        "its cases are refund, question, late, other"
    );
}

/// A map has a list of its own: its nodes are no branches of a switch outside.
#[test]
fn a_case_names_a_switch_of_the_same_list() {
    let spec = json!({"nodes": [route(&json!({})), {"id": "each", "type": "MapNode", "data": {"over": "[1]", "nodes": [
        {"id": "a", "type": "Script", "case": "route.refund"}]}}]});
    assert_eq!(
        faults(&spec),
        ["unknown_reference #/nodes/1/data/nodes/0/case: `route` is not a node of this list"]
    );
}

#[test]
fn a_branch_cannot_read_another_one() {
    let read = |template: &str, needs: &Value| {
        let mut spec = support();
        spec["nodes"][3] = json!({"id": "answer", "type": "TransformNode", "case": "route.question", "needs": needs,
            "data": {"value": template}});
        faults(&spec)
    };
    let fault = |read: &str| {
        format!(
            "other_branch #/nodes/3/data/value: `{read}` is always skipped when `answer` runs: they are in different \
             branches of a switch"
        )
    };
    assert_eq!(read("{{ pay.output }}", &json!(["pay"])), [fault("pay")]);
    assert_eq!(
        read("{{ thank.output | default('') }}", &json!(["thank"])),
        [fault("thank")]
    );
    assert_eq!(read("{{ route.output }}", &json!(["pay"])), [""; 0]);
    // Below a branch, in a body, and without a name.
    let mut spec = support();
    spec["nodes"][3]["needs"] = json!(["pay"]);
    assert_eq!(
        faults(&spec),
        [
            "other_branch #/nodes/3: `pay` is always skipped when `answer` runs: they are in different branches of a switch"
        ]
    );
    spec["nodes"][3] = json!({"id": "answer", "type": "MapNode", "case": "route.question", "needs": ["thank"], "data": {
        "over": "[1]", "nodes": [{"id": "a", "type": "TransformNode", "data": {"value": "{{ thank.output }}"}}]}});
    assert_eq!(faults(&spec).len(), 1, "{:?}", faults(&spec));
    // Two cases of one switch are together what a node needs.
    let mut spec = support();
    spec["nodes"][5]["data"]["value"] = json!("{{ thank.output }}{{ answer.output }}");
    assert_eq!(faults(&spec), [""; 0]);
}

#[test]
fn a_switch_is_checked() {
    let checked = |data: &Value| faults(&json!({"nodes": [route(data)]}));
    let twice = json!({"cases": [{"name": "a", "when": "true"}, {"name": "a", "when": "true"}]});
    assert_eq!(
        checked(&twice),
        ["invalid_value #/nodes/0/data/cases: two cases have the name `a`"]
    );
    let faulty = json!({"cases": [{"name": "a b", "when": "inputt"}, {"nam": "b", "when": "x =="}], "default": ""});
    let codes: Vec<String> = checked(&faulty)
        .iter()
        .map(|fault| fault.split(": ").next().unwrap().to_owned())
        .collect();
    assert_eq!(
        codes,
        [
            "unknown_reference #/nodes/0/data/cases/0/when",
            "template_syntax #/nodes/0/data/cases/1/when",
            "invalid_value #/nodes/0/data/cases/0/name",
            "missing_field #/nodes/0/data/cases/1",
            "unknown_field #/nodes/0/data/cases/1/nam",
            "invalid_value #/nodes/0/data/default",
        ]
    );
    assert_eq!(checked(&json!({"cases": []})).len(), 1);
    let many: Vec<Value> = (0..51)
        .map(|n| json!({"name": n.to_string(), "when": "true"}))
        .collect();
    assert_eq!(checked(&json!({"cases": many})).len(), 1);
    assert_eq!(
        checked(&json!({"cases": many[..50], "default": "d"})),
        [""; 0]
    );
}

/// Switches that lead to each other are a cycle like any other.
#[test]
fn hostile_branches_are_checked_in_time() {
    let switch = |id: usize, more: &Value| {
        let mut node = route(&json!({}));
        node["id"] = json!(format!("s{id}"));
        for (field, value) in more.as_object().unwrap() {
            node[field] = value.clone();
        }
        node
    };
    let cycle = json!({"nodes": [switch(0, &json!({"case": "s1.refund"})), switch(1, &json!({"case": "s0.refund"})),
        switch(2, &json!({"case": "s2.other"}))]});
    let found = faults(&cycle);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found.iter().all(|fault| fault.starts_with("cycle ")),
        "{found:?}"
    );
    // 500 switches, each in a branch of the one before, and nodes that need all of them.
    let mut nodes = vec![switch(0, &json!({}))];
    nodes.extend((1..500).map(|id| switch(id, &json!({"case": format!("s{}.refund", id - 1)}))));
    let all: Vec<String> = (250..500).map(|id| format!("s{id}")).collect();
    nodes
        .extend((0..500).map(|id| json!({"id": format!("n{id}"), "type": "Script", "needs": all})));
    assert_eq!(faults(&json!({"nodes": nodes})), [""; 0]);
}

#[test]
fn the_outline_names_the_case() {
    let mut spec = support();
    spec["nodes"].as_array_mut().unwrap().truncate(3);
    let workflow =
        Workflow::from_spec(&spec, &crate::support::registry(&Probe::default())).unwrap();
    let outline = serde_json::to_value(&workflow.nodes()[1]).unwrap();
    assert_eq!(
        outline,
        json!({"id": "pay", "type": "Script", "needs": ["route"], "case": "route.refund"})
    );
    assert_eq!(workflow.nodes()[2].case, None);
    assert!(Registry::default().get("SwitchNode").is_some());
}
