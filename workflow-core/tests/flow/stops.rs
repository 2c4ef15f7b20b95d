//! `stop_when`: a node ends the workflow that it is in.

use std::sync::Arc;

use serde_json::{Value, json};
use workflow_core::{Executor, Registry, Workflow, event::EventKind, workflow::Library};

use crate::{
    faults,
    prefixes::{end, end_the_same, end_the_same_with, resumed},
    support::{Probe, brief, collect, failure, output_of, parsed, registry, run},
};

/// A fast answer that may be good enough, beside a slow one, a loop and a person.
fn race() -> Value {
    json!({"nodes": [
        {"id": "fast", "type": "Script", "needs": [], "stop_when": "fast.output >= input", "data": {"millis": 5, "output": 7}},
        {"id": "slow", "type": "Script", "needs": [], "data": {"millis": 50, "output": "slow"}},
        {"id": "rounds", "type": "LoopNode", "needs": [], "data": {"max": 3, "until": "false", "nodes": [
            {"id": "work", "type": "Script", "data": {"millis": 20}}]}},
        {"id": "ask", "type": "HumanNode", "needs": [], "data": {"message": "well?"}},
        {"id": "after", "type": "Script", "needs": ["fast"], "data": {"millis": 1}},
        {"id": "last", "type": "Script", "needs": ["after", "slow"]},
    ], "output": {"never": "{{ last.output }}"}})
}

#[tokio::test(start_paused = true)]
async fn the_workflow_completes_with_the_output_of_the_node() {
    let events = end_the_same(&race(), json!(7)).await;
    assert_eq!(output_of(&events), json!(7));
    let names = brief(&events);
    assert_eq!(
        names[names.len() - 6..],
        [
            "node.completed fast",
            "node.cancelled slow",
            "node.cancelled rounds/0/work",
            "node.cancelled rounds",
            "node.cancelled ask",
            "run.completed"
        ]
    );
    let reasons = events.iter().filter_map(|event| match &event.kind {
        EventKind::NodeCancelled(it) => Some(&*it.reason),
        _ => None,
    });
    assert!(reasons.clone().count() == 4 && reasons.clone().all(|why| why == "stopped"));
    assert!(
        !names
            .iter()
            .any(|name| name.contains("after") || name.contains("last"))
    );
}

#[tokio::test(start_paused = true)]
async fn a_running_attempt_is_dropped() {
    let probe = Probe::default();
    let workflow = parsed(&probe, &race());
    collect(Executor::new().run(workflow, json!(1))).await;
    let noted = probe.taken();
    assert!(
        noted.contains(&"drop slow".to_owned()) && noted.contains(&"drop work".to_owned()),
        "{noted:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_workflow_continues_if_the_condition_is_false() {
    let mut spec = race();
    spec["nodes"].as_array_mut().unwrap().remove(3);
    let events = end_the_same(&spec, json!(8)).await;
    assert_eq!(output_of(&events), json!({"never": "last"}));
}

#[tokio::test(start_paused = true)]
async fn the_last_node_may_stop_too() {
    let spec = json!({"nodes": [{"id": "a", "type": "Script", "stop_when": "true", "data": {"output": 1}}], "output": 2});
    let events = end_the_same(&spec, json!(null)).await;
    assert_eq!(output_of(&events), json!(1));
}

/// A skipped or failed node has not completed.
#[tokio::test(start_paused = true)]
async fn only_a_node_that_completes_stops() {
    for more in [
        json!({"when": "false"}),
        json!({"data": {"failures": 9}, "on_error": {"output": 1}}),
    ] {
        let mut spec = json!({"nodes": [{"id": "a", "type": "Script", "stop_when": "true"},
            {"id": "b", "type": "Script", "needs": []}], "output": "b"});
        for (field, value) in more.as_object().unwrap() {
            spec["nodes"][0][field] = value.clone();
        }
        let events = end_the_same(&spec, json!(null)).await;
        assert_eq!(output_of(&events), json!("b"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_condition_that_cannot_be_evaluated_fails_the_workflow() {
    let spec = json!({"nodes": [
        {"id": "a", "type": "Script", "needs": [], "stop_when": "a.output.score > 1", "data": {"millis": 2}},
        {"id": "b", "type": "Script", "needs": [], "data": {"millis": 9}}]});
    let events = end_the_same(&spec, json!(null)).await;
    assert!(
        failure(&events).starts_with("template_error: `a.output.score`"),
        "{}",
        failure(&events)
    );
    let EventKind::RunFailed(failed) = &events.last().unwrap().kind else {
        unreachable!()
    };
    assert_eq!(failed.step.as_ref().unwrap().path().as_str(), "a");
}

/// Both events are of one turn. A log that is cut between them must not end otherwise.
#[tokio::test(start_paused = true)]
async fn of_a_failure_and_a_stop_the_first_one_counts() {
    let node = |id: &str, data: Value, stop: bool| {
        let mut node = json!({"id": id, "type": "Script", "needs": [], "data": data});
        if stop {
            node["stop_when"] = json!("true");
        }
        node
    };
    let fails = node("fails", json!({"millis": 5, "failures": 1}), false);
    let stops = node("stops", json!({"millis": 5}), true);
    let other = node("other", json!({"millis": 5, "output": 2}), true);
    for nodes in [
        [&fails, &stops, &other],
        [&stops, &fails, &other],
        [&other, &stops, &fails],
    ] {
        let spec = json!({"nodes": nodes});
        let (_, events) = run(&spec, json!(null)).await;
        let names = brief(&events);
        let is_end =
            |name: &String| name.starts_with("node.completed") || name.starts_with("node.failed");
        let first = names.iter().position(is_end).unwrap();
        assert!(is_end(&names[first + 1]), "{names:?}");
        for cut in first + 1..events.len() {
            let all = resumed(parsed(&Probe::default(), &spec), &events[..cut]).await;
            assert_eq!(end(&all), end(&events), "cut at {cut} of {names:?}");
        }
        match names[first].as_str() {
            "node.failed fails" => assert_eq!(names.last().unwrap(), "run.failed"),
            "node.completed stops" => assert_eq!(output_of(&events), json!("stops")),
            "node.completed other" => assert_eq!(output_of(&events), json!(2)),
            name => panic!("{name}"),
        }
    }
}

fn library(inner: Arc<Workflow>) -> Library {
    let mut library = Library::new();
    library.insert("inner", inner);
    library
}

#[tokio::test(start_paused = true)]
async fn a_called_workflow_ends_and_its_caller_continues() {
    let inner = json!({"name": "inner", "nodes": [
        {"id": "x", "type": "Script", "needs": [], "data": {"millis": 3, "output": {"ok": "{{ input }}"}}, "stop_when": "x.output.ok"},
        {"id": "y", "type": "Script", "needs": [], "data": {"millis": 30}}]});
    let outer = json!({"nodes": [
        {"id": "each", "type": "MapNode", "data": {"over": "[true, false]", "nodes": [
            {"id": "call", "type": "WorkflowNode", "data": {"workflow": "inner", "input": "{{ item }}"}},
            {"id": "z", "type": "Script", "data": {"output": "{{ call.output }}"}}]}}]});
    let make = |probe: &Probe| {
        let registry = registry(probe);
        let inner = Workflow::from_spec(&inner, &registry).unwrap();
        let library = library(Arc::new(inner));
        Arc::new(
            Workflow::with_library(&outer, &registry, &library).unwrap_or_else(|it| panic!("{it}")),
        )
    };
    let events = end_the_same_with(make, json!(null)).await;
    assert_eq!(
        output_of(&events),
        json!([{"ok": true}, {"x": {"ok": false}, "y": "y"}])
    );
    assert!(brief(&events).contains(&"node.cancelled each/0/call/y".to_owned()));
}

/// What is read of a called workflow may come from the node that stops it.
#[test]
fn the_result_of_a_called_workflow_is_checked_with_its_stops() {
    let registry = Registry::default();
    let inner = json!({"nodes": [
        {"id": "x", "type": "TransformNode", "data": {"value": {"early": 1}}, "stop_when": "input"},
        {"id": "y", "type": "TransformNode", "data": {"value": {"late": "{{ x.output }}"}}}]});
    let inner = Arc::new(Workflow::from_spec(&inner, &registry).unwrap());
    let outer = |field: &str| {
        let spec = json!({"nodes": [{"id": "call", "type": "WorkflowNode", "data": {"workflow": "inner"}}],
            "output": format!("{{{{ call.output.{field} }}}}")});
        let library = library(Arc::clone(&inner));
        Workflow::with_library(&spec, &registry, &library).is_ok()
    };
    assert!(outer("early") && outer("late") && !outer("other"));
}

#[test]
fn the_condition_is_checked() {
    let with = |stop_when: &str| {
        json!({"nodes": [
            {"id": "a", "type": "TransformNode", "data": {"value": {"ok": true}}, "stop_when": stop_when},
            {"id": "b", "type": "TransformNode", "data": {"value": "{{ a.output }}"}}]})
    };
    for (stop_when, fault) in [
        (
            "a.output.okay",
            "unknown_field_reference #/nodes/0/stop_when: `a.output.okay` is not there: `a.output` has `ok`",
        ),
        (
            "b.output",
            "not_an_ancestor #/nodes/0/stop_when: `b` is not an ancestor of `a`",
        ),
        (
            "a",
            "unknown_reference #/nodes/0/stop_when: `a` is a node and not a value",
        ),
    ] {
        assert_eq!(faults(&with(stop_when)), [fault]);
    }
    assert!(
        faults(&with("a.output =="))
            .iter()
            .all(|fault| fault.starts_with("template_syntax #/nodes/0/stop_when"))
    );
    assert_eq!(
        faults(&with("a.output.ok and a.status == 'completed'")),
        [""; 0]
    );
    let constant = Workflow::from_spec(&with("1 == 1"), &Registry::default()).unwrap();
    assert_eq!(constant.warnings()[0].pointer, "#/nodes/0/stop_when");
    let mut own = with("a.output.ok");
    own["nodes"][0]["when"] = json!("a.output.ok");
    assert_eq!(
        faults(&own),
        ["not_an_ancestor #/nodes/0/when: `a` reads its own output"]
    );
}

#[test]
fn a_body_has_no_stops() {
    for data in [json!({"over": "[1]"}), json!({"max": 1, "until": "true"})] {
        let mut spec = json!({"nodes": [{"id": "c", "type": "MapNode", "data": data}]});
        spec["nodes"][0]["data"]["nodes"] =
            json!([{"id": "a", "type": "Script", "stop_when": "true"}]);
        if spec["nodes"][0]["data"]["max"] == 1 {
            spec["nodes"][0]["type"] = json!("LoopNode");
        }
        assert_eq!(
            faults(&spec),
            [
                "not_applicable #/nodes/0/data/nodes/0/stop_when: `stop_when` is only for nodes of the workflow's own list"
            ]
        );
    }
}

/// An older version could not read how such a run ends.
#[tokio::test(start_paused = true)]
async fn only_runs_that_need_it_have_the_newer_format() {
    let format = |events: &[workflow_core::StepEvent]| match &events[0].kind {
        EventKind::RunCreated(created) => created.log_format,
        other => panic!("{other:?}"),
    };
    let (_, events) = run(&race(), json!(1)).await;
    assert_eq!(format(&events), 3);
    let plain = json!({"nodes": [{"id": "a", "type": "Script"}, {"id": "s", "type": "SwitchNode", "data": {
        "cases": [{"name": "x", "when": "a.output == 'a'"}]}}]});
    let (_, events) = run(&plain, json!(1)).await;
    assert_eq!(format(&events), 2);
    let mut branch = plain;
    branch["nodes"][1] = json!({"id": "each", "type": "MapNode", "data": {"over": "[1]", "nodes": [
        {"id": "s2", "type": "SwitchNode", "data": {"cases": [{"name": "x", "when": "item"}]}},
        {"id": "b", "type": "Script", "case": "s2.x"}]}});
    let (_, events) = run(&branch, json!(1)).await;
    assert_eq!(format(&events), 3);
}
