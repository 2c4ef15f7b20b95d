//! What a map or loop lets its body see, and what is refused in one.

#![allow(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    reason = "a test may fail by panicking, and is easier to read"
)]

mod support;

use serde_json::{Value, json};
use support::{Probe, registry};
use workflow_core::{InvalidWorkflow, Workflow};

/// `code pointer` of each fault.
fn faults(spec: &Value) -> Vec<String> {
    let refused = Workflow::from_spec(spec, &registry(&Probe::default())).err();
    let faults = refused
        .map(InvalidWorkflow::into_faults)
        .unwrap_or_default();
    (faults.iter())
        .map(|fault| format!("{} {}", fault.code, fault.pointer))
        .collect()
}

/// A workflow with nodes before and after a map whose body is this.
fn around(body: Value) -> Value {
    json!({"nodes": [
        {"id": "before", "type": "Script"},
        {"id": "aside", "type": "Script", "needs": []},
        {"id": "each", "type": "MapNode", "needs": ["before"], "data": {"over": "input", "as": "doc", "nodes": body}},
        {"id": "after", "type": "PromptNode", "data": {"template": "{{ each.output }}"}},
    ]})
}

fn reading(template: &str) -> Value {
    json!([{"id": "first", "type": "Script"}, {"id": "x", "type": "PromptNode", "data": {"template": template}}])
}

#[test]
fn a_body_sees_its_own_nodes_what_the_container_gives_and_what_the_container_sees() {
    for seen in ["input", "doc", "index", "first.output", "before.output"] {
        let spec = around(reading(&format!("{{{{ {seen} }}}}")));
        assert_eq!(faults(&spec), [""; 0], "{seen}");
    }
    let at = "#/nodes/2/data/nodes/1/data/template";
    for (unseen, code) in [
        ("aside.output", "not_an_ancestor"),
        ("after.output", "not_an_ancestor"),
        ("each.output", "not_an_ancestor"),
        ("item", "unknown_reference"),
        ("previous", "unknown_reference"),
        ("x.output", "not_an_ancestor"),
    ] {
        let spec = around(reading(&format!("{{{{ {unseen} }}}}")));
        assert_eq!(faults(&spec), [format!("{code} {at}")], "{unseen}");
    }
}

#[test]
fn nothing_outside_sees_into_a_body() {
    let mut spec = around(reading("{{ doc }}"));
    spec["nodes"][3]["data"]["template"] = json!("{{ x.output }} {{ doc }} {{ index }}");
    let at = "#/nodes/3/data/template";
    assert_eq!(faults(&spec), vec![format!("unknown_reference {at}"); 3]);
    spec["nodes"][3]["data"]["template"] = json!("{{ each.output }}");
    spec["nodes"][2]["data"]["over"] = json!("doc");
    assert_eq!(faults(&spec), ["unknown_reference #/nodes/2/data/over"]);
}

#[test]
fn the_end_of_a_loop_is_read_after_its_nodes() {
    let spec = |until: &str, output: &str| {
        json!({"nodes": [{"id": "refine", "type": "LoopNode", "data": {"max": 3, "until": until, "output": output,
            "nodes": [{"id": "a", "type": "Script"}, {"id": "b", "type": "Script", "needs": []}]}}]})
    };
    let fine = spec(
        "a.output and b.output and index > 1",
        "{{ a.output }}{{ previous }}",
    );
    assert_eq!(faults(&fine), [""; 0]);
    assert_eq!(
        faults(&spec("c.output", "{{ refine.output }}")),
        [
            "unknown_reference #/nodes/0/data/until",
            "not_an_ancestor #/nodes/0/data/output",
        ]
    );
}

#[test]
fn hints_come_from_everything_that_is_visible() {
    let hint = |template: &str| {
        let spec = around(reading(template));
        let refused = Workflow::from_spec(&spec, &registry(&Probe::default())).unwrap_err();
        refused.faults()[0].hint.clone().unwrap_or_default()
    };
    assert_eq!(hint("{{ frist.output }}"), "did you mean `first`?");
    assert_eq!(hint("{{ befor.output }}"), "did you mean `before`?");
    assert_eq!(hint("{{ docs }}"), "did you mean `doc`?");
    assert_eq!(hint("{{ aside.output }}"), "add `aside` to `needs`");
}

#[test]
fn names_in_a_body_hide_no_visible_ones() {
    let named = |id: &str| around(json!([{"id": id, "type": "Script"}]));
    let at = "#/nodes/2/data/nodes/0/id";
    for id in ["before", "doc"] {
        assert_eq!(faults(&named(id)), [format!("shadowed_name {at}")], "{id}");
    }
    for id in ["index", "input", "item"] {
        assert_eq!(faults(&named(id)), [format!("reserved_name {at}")], "{id}");
    }
    assert_eq!(
        faults(&named("aside")),
        [""; 0],
        "it is not visible in the body"
    );
    let mut spec = around(reading("{{ input }}"));
    spec["nodes"][2]["data"]["as"] = json!("before");
    assert_eq!(faults(&spec), ["shadowed_name #/nodes/2/data/as"]);
    spec["nodes"][2]["data"]["as"] = json!("loop");
    assert_eq!(faults(&spec), ["reserved_name #/nodes/2/data/as"]);
    spec["nodes"][2]["data"]["as"] = json!("a b");
    assert_eq!(faults(&spec), ["invalid_value #/nodes/2/data/as"]);
    assert_eq!(
        faults(&around(
            json!([{"id": "x", "type": "PromptNode", "data": {"template": "{% set doc = 1 %}{{ input }}"}}])
        )),
        ["shadowed_name #/nodes/2/data/nodes/0/data/template"]
    );
}

#[test]
fn every_fault_in_a_body_has_its_place() {
    let spec = around(json!([
        {"id": "a", "type": "PromptNode", "data": {"template": "{{ nope }}"}},
        {"id": "a", "type": "Nope"},
        {"id": "c", "type": "LoopNode", "needs": ["d"], "data": {"max": 101, "until": "x ==", "nodes": []}},
    ]));
    let mut found = faults(&spec);
    found.sort();
    assert_eq!(
        found,
        [
            "duplicate_id #/nodes/2/data/nodes/1/id",
            "invalid_value #/nodes/2/data/nodes/2/data/max",
            "invalid_value #/nodes/2/data/nodes/2/data/nodes",
            "template_syntax #/nodes/2/data/nodes/2/data/until",
            "unknown_reference #/nodes/2/data/nodes/0/data/template",
            "unknown_reference #/nodes/2/data/nodes/2/needs/0",
            "unknown_type #/nodes/2/data/nodes/1/type",
        ]
    );
}

#[test]
fn bodies_are_nested_sixteen_deep_and_no_deeper() {
    let nested = |depth: usize| {
        let leaf = json!([{"id": "leaf", "type": "Script"}]);
        (0..depth).fold(leaf, |body, n| {
            json!([{"id": format!("m{n}"), "type": "MapNode", "data": {"over": "[1]", "nodes": body}}])
        })
    };
    assert_eq!(faults(&json!({"nodes": nested(16)})), [""; 0]);
    let place = "/0/data/nodes".repeat(17);
    assert_eq!(
        faults(&json!({"nodes": nested(17)})),
        [format!("nested_too_deep #/nodes{place}")]
    );
}

#[test]
fn the_nodes_of_all_bodies_count() {
    let body = |nodes: usize| {
        let nodes: Vec<Value> = (0..nodes)
            .map(|n| json!({"id": format!("n{n}"), "type": "Script", "needs": []}))
            .collect();
        json!(nodes)
    };
    let maps = |sizes: &[usize]| {
        let nodes: Vec<Value> = (sizes.iter().enumerate())
            .map(|(n, size)| json!({"id": format!("m{n}"), "type": "MapNode", "needs": [], "data": {"over": "[]", "nodes": body(*size)}}))
            .collect();
        json!({ "nodes": nodes })
    };
    assert_eq!(faults(&maps(&[499, 499])), [""; 0]);
    assert_eq!(
        faults(&maps(&[499, 500])),
        ["too_many_nodes #/nodes/1/data/nodes"]
    );
}

#[test]
fn fields_without_meaning_for_a_control_node_are_refused() {
    let with = |kind: &str, field: &str, value: Value, data: Value| {
        let mut node = json!({"id": "a", "type": kind, "data": data});
        node[field] = value;
        faults(&json!({"nodes": [node]}))
    };
    let map = json!({"over": "[]", "nodes": [{"id": "x", "type": "Script"}]});
    assert_eq!(
        with("MapNode", "retry", json!(3), map.clone()),
        ["not_applicable #/nodes/0/retry"]
    );
    assert_eq!(
        with("MapNode", "timeout", json!("1h"), map.clone()),
        [""; 0]
    );
    assert_eq!(
        with("MapNode", "on_ambiguous", json!("fail"), map),
        ["not_applicable #/nodes/0/on_ambiguous"]
    );
    let human = json!({"message": "Well?"});
    for (field, value) in [("retry", json!(3)), ("timeout", json!("1h"))] {
        let found = with("HumanNode", field, value, human.clone());
        assert_eq!(found, [format!("not_applicable #/nodes/0/{field}")]);
    }
}

#[test]
fn a_first_node_of_a_loop_reads_what_the_loop_reads() {
    let spec = |needs: Value| {
        json!({"nodes": [
            {"id": "a", "type": "Script"}, {"id": "b", "type": "Script", "needs": []},
            {"id": "refine", "type": "LoopNode", "needs": needs, "data": {"max": 1, "until": "true",
                "nodes": [{"id": "echo", "type": "Echo"}]}}]})
    };
    assert_eq!(faults(&spec(json!(["a"]))), [""; 0]);
    assert_eq!(
        faults(&spec(json!(["a", "b"]))),
        ["no_implicit_input #/nodes/2/data/nodes/0"]
    );
}

/// `code pointer` of each warning.
fn warnings(spec: &Value) -> Vec<String> {
    let workflow = Workflow::from_spec(spec, &registry(&Probe::default())).unwrap();
    (workflow.warnings().iter())
        .map(|fault| format!("{} {}", fault.code, fault.pointer))
        .collect()
}

#[test]
fn a_node_that_nothing_reads_is_a_warning() {
    let transform = |id: &str, value: &str| json!({"id": id, "type": "TransformNode", "data": {"value": value}});
    let spec = json!({"output": "{{ c.output }}", "nodes": [
        transform("a", "1"), transform("b", "{{ a.output }}"), transform("c", "{{ a.output }}"),
        {"id": "effect", "type": "Script"}]});
    assert_eq!(warnings(&spec), ["unused_node #/nodes/1"]);
    let spec = json!({"nodes": [transform("a", "1"), {"id": "b", "type": "Echo"}, transform("c", "2"), transform("d", "3")]});
    assert_eq!(
        warnings(&spec),
        ["unused_node #/nodes/2"],
        "`a` is what `b` reads, `d` is the result"
    );
    let spec = around(json!([transform("x", "1"), transform("y", "{{ doc }}")]));
    assert_eq!(warnings(&spec), ["unused_node #/nodes/2/data/nodes/0"]);
}

#[test]
fn a_wait_beyond_the_timeout_around_it_is_a_warning() {
    let spec = json!({"timeout": "1h", "nodes": [
        {"id": "ask", "type": "HumanNode", "data": {"message": "Well?", "expires": "24h"}},
        {"id": "pause", "type": "DelayNode", "data": {"for": "30m"}},
        {"id": "each", "type": "MapNode", "timeout": "10m", "data": {"over": "[]", "nodes": [
            {"id": "wait", "type": "DelayNode", "data": {"for": "10m"}}]}}]});
    assert_eq!(
        warnings(&spec),
        [
            "outlasts_timeout #/nodes/0/data/expires",
            "outlasts_timeout #/nodes/2/data/nodes/0/data/for",
        ]
    );
}

#[test]
fn an_example_of_the_input_that_does_not_match_is_a_warning() {
    let spec = |examples: Value| {
        json!({
            "input": {"type": "object", "properties": {"n": {"type": "integer"}}, "examples": examples},
            "nodes": [{"id": "a", "type": "Echo"}],
        })
    };
    let examples = json!([{"n": 1}, {"n": "1"}, 7, {}]);
    assert_eq!(
        warnings(&spec(examples)),
        [
            "invalid_example #/input/examples/1/n",
            "invalid_example #/input/examples/2",
        ]
    );
    assert_eq!(warnings(&spec(json!([]))), [""; 0]);
    // JSON Schema has `examples` as a list; anything else is a fault of the schema, or means nothing.
    let input =
        json!({"input": {"examples": [1, "x", null]}, "nodes": [{"id": "a", "type": "Echo"}]});
    assert_eq!(warnings(&input), [""; 0]);
}
