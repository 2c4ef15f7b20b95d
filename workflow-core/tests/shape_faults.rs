//! The faults of a specification's own fields: the place, sentence and hint of each, held by a golden file.

use std::{env, fs, path::Path};

use serde_json::{Value, json};
use workflow_core::{Registry, Workflow};

/// A node that fits, with these fields changed or added. `null` removes nothing: it is a value.
fn node(more: Value) -> Value {
    with(
        json!({"id": "a", "type": "TransformNode", "data": {"value": 1}}),
        more,
    )
}

/// A workflow that fits, with these fields changed or added.
fn workflow(more: Value) -> Value {
    with(json!({"nodes": [node(json!({}))]}), more)
}

fn with(mut whole: Value, more: Value) -> Value {
    if let (Some(whole), Value::Object(more)) = (whole.as_object_mut(), more) {
        whole.extend(more);
    }
    whole
}

/// One value of each wrong kind.
fn wrong() -> [Value; 7] {
    let long = "x".repeat(50);
    [
        json!(null),
        json!(true),
        json!(7.5),
        json!("x"),
        json!(long),
        json!([1]),
        json!({"x": 1}),
    ]
}

#[expect(clippy::too_many_lines, reason = "a table, a line or two a case")]
fn cases() -> Vec<Value> {
    let mut cases = wrong().to_vec();
    for field in [
        "$schema",
        "version",
        "name",
        "description",
        "input",
        "timeout",
        "defaults",
        "nodes",
    ] {
        cases.extend(wrong().map(|value| workflow(json!({ field: value }))));
    }
    for field in [
        "id",
        "type",
        "data",
        "name",
        "needs",
        "when",
        "retry",
        "timeout",
        "on_error",
        "on_ambiguous",
    ] {
        cases.extend(
            wrong().map(|value| workflow(json!({"nodes": [node(json!({ field: value }))]}))),
        );
    }
    for field in ["max_attempts", "delay", "factor", "max_delay", "jitter"] {
        let policies =
            wrong().map(|value| with(json!({"max_attempts": 3}), json!({ field: value })));
        cases.extend(
            policies.map(|policy| workflow(json!({"nodes": [node(json!({"retry": policy}))]}))),
        );
    }
    let nodes = [
        json!({}),
        json!(1),
        json!({"id": "a"}),
        json!({"type": "TransformNode"}),
        node(json!({"id": "1st"})),
        node(json!({"id": "a b"})),
        node(json!({"id": "x".repeat(65)})),
        node(json!({"id": "input"})),
        node(json!({"id": "range"})),
        node(json!({"id": ""})),
        node(json!({"needs": ["nowhere", "1st"]})),
        node(json!({"needs": ["nowhere", 1, "elsewhere"]})),
        node(json!({"neds": [], "whne": "true", "a/b~c": 1, "y".repeat(300): 1})),
        node(json!({"retry": 0})),
        node(json!({"retry": 21})),
        node(json!({"retry": -1})),
        node(json!({"retry": 3.0})),
        node(json!({"retry": 4_294_967_297_u64})),
        node(json!({"retry": {}})),
        node(json!({"retry": {"delay": "1s"}})),
        node(json!({"retry": {"max_attempts": 3.0}})),
        node(json!({"retry": {"max_attempts": 21, "delay": "1 s", "factor": 0.5, "jiter": false}})),
        node(
            json!({"retry": {"max_attempts": 2, "factor": 101, "delay": "9999999d", "max_delay": "soon"}}),
        ),
        node(json!({"retry": {"max_attempts": 2, "delay": "0s", "factor": 1}})),
        node(json!({"timeout": "30"})),
        node(json!({"timeout": "30 s"})),
        node(json!({"timeout": "0s"})),
        node(json!({"timeout": "9999999d"})),
        node(json!({"timeout": ""})),
        node(json!({"on_error": "ignore"})),
        node(json!({"on_error": {}})),
        node(json!({"on_error": {"output": null}})),
        node(json!({"on_error": {"outptu": 1}})),
        node(json!({"on_error": {"output": 1, "more": 2}})),
        node(json!({"on_error": "Fail"})),
        node(json!({"on_ambiguous": "continue"})),
        node(json!({"name": ""})),
        node(json!({"name": "  "})),
        node(json!({"name": "a\u{7}b"})),
        node(json!({"name": "\u{7}"})),
        node(json!({"name": "é".repeat(201)})),
        node(json!({"name": format!("{}\n", "n".repeat(300))})),
        // Several at once, in a node whose id and type are wrong as well.
        node(
            json!({"id": 1, "type": 2, "needs": 3, "retry": 0, "timeout": "x", "on_error": 4, "x": 5}),
        ),
        // What does not apply is a fault beside what cannot be read.
        json!({"id": "a", "type": "DelayNode", "data": {"for": "1s"}, "timeout": "5s",
            "retry": {"max_attempts": 2, "delay": "x"}}),
    ];
    cases.extend(nodes.map(|node| workflow(json!({"nodes": [node]}))));
    cases.extend([
        json!({}),
        json!({"nodes": []}),
        json!({"nodes": vec![json!(1); 1_001]}),
        json!({"nodes": [1, node(json!({})), null]}),
        workflow(json!({"version": 2})),
        workflow(json!({"version": 1.0})),
        workflow(json!({"version": -1})),
        workflow(json!({"version": 256})),
        workflow(json!({"$schema": ""})),
        workflow(json!({"edges": [], "node": [], "nmae": "x"})),
        workflow(json!({"name": "", "description": "d".repeat(2_001)})),
        workflow(json!({"name": "\n", "description": "a\u{0}b"})),
        workflow(json!({"description": format!("{}\u{1b}", "d".repeat(2_001))})),
        workflow(json!({"output": null})),
        workflow(json!({"input": {"type": "strin"}})),
        workflow(json!({"timeout": "0ms", "defaults": {"timeout": "0s", "retry": 0}})),
        workflow(json!({"defaults": {"retires": 3, "timeout": "5 minutes", "retry": {"max_attempts": 2, "factor": 0}}})),
        workflow(json!({"defaults": {"retry": {"max_atempts": 2}}})),
        workflow(json!({"nodes": [{"id": "m", "type": "MapNode", "data": {"over": "[1]", "nodes": [
            {"id": "b", "type": "TransformNode", "data": {"value": 1}, "retry": "x", "tmeout": "1s"}]}}]})),
    ]);
    cases
}

/// The case, and a line for each of its faults, sorted.
fn shown(spec: &Value, registry: &Registry) -> String {
    let mut lines: Vec<String> = match Workflow::from_spec(spec, registry) {
        Ok(_) => vec!["fine".to_owned()],
        Err(refused) => refused.faults().iter().map(ToString::to_string).collect(),
    };
    lines.sort();
    let spec: String = spec.to_string().chars().take(300).collect();
    format!("{spec}\n    {}\n", lines.join("\n    "))
}

#[test]
fn every_fault_of_a_field_keeps_its_place_and_its_words() {
    let registry = Registry::default();
    let found: String = cases().iter().map(|spec| shown(spec, &registry)).collect();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/shape-faults.txt");
    if env::var("UPDATE_GOLDEN").is_ok_and(|update| update == "1") {
        fs::write(&golden, &found).expect("the golden file can be written");
    }
    let held = fs::read_to_string(&golden).unwrap_or_default();
    let differs = found.lines().zip(held.lines()).find(|(a, b)| a != b);
    assert!(
        found == held,
        "a fault has changed: {differs:?}; `UPDATE_GOLDEN=1 cargo test -p llm-workflow-core --test shape_faults` writes the file anew"
    );
}
