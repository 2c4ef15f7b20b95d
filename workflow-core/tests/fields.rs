//! Fields that a template reads and the value cannot have are faults before anything runs; fields that
//! it may have are not.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use async_trait::async_trait;
use serde_json::{Value, json};
use workflow_core::{
    Node, NodeContext, NodeError, Registry, Workflow, error::FaultCode, node::OutputShape,
    workflow::Library,
};

/// A node that declares what its output is like, as `LLMNode` does.
#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Declared {
    #[serde(default)]
    schema: Option<Value>,
}

#[async_trait]
impl Node for Declared {
    async fn run(&self, _: &NodeContext) -> Result<Value, NodeError> {
        Ok(Value::Null)
    }

    fn output_shape(&self) -> OutputShape<'_> {
        match &self.schema {
            Some(schema) => OutputShape::Schema(schema),
            None => OutputShape::Text,
        }
    }
}

fn registry() -> Registry {
    let mut registry = Registry::default();
    registry.register::<Declared>("Declared");
    registry
}

/// `place: detail, hint` of each field that cannot be there; other faults are defects of the test.
fn found(spec: &Value, library: &Library) -> Vec<String> {
    let Err(invalid) = Workflow::with_library(spec, &registry(), library) else {
        return Vec::new();
    };
    let faults = invalid.faults().iter();
    faults
        .map(|fault| {
            assert_eq!(fault.code, FaultCode::UnknownFieldReference, "{fault}");
            let hint = fault.hint.as_deref().unwrap_or_default();
            format!("{}: {}, {hint}", fault.pointer, fault.detail)
        })
        .collect()
}

/// How many fields of a template are excluded, after these nodes, with this schema of the input.
fn excluded(input: &Value, nodes: &[Value], template: &str) -> usize {
    let mut nodes = nodes.to_vec();
    let data = json!({"value": [template]});
    nodes.push(json!({"id": "last", "type": "TransformNode", "data": data}));
    found(&json!({"input": input, "nodes": nodes}), &Library::new()).len()
}

fn declared(id: &str, schema: &Value) -> Value {
    json!({"id": id, "type": "Declared", "data": {"schema": schema}})
}

#[test]
fn an_excluded_field_has_a_place_a_reason_and_a_hint() {
    let ticket = json!({"type": "object", "properties": {"text": {"type": "string"}, "tags": {"type": "array"}}});
    let data =
        json!({"template": "{{ input.txt }} {{ input.text.length }} {{ input.tags.first }}"});
    let spec = json!({"input": ticket, "nodes": [{"id": "a", "type": "PromptNode", "data": data}]});
    assert_eq!(
        found(&spec, &Library::new()),
        [
            "#/nodes/0/data/template: `input.txt` is not there: `input` has `tags`, `text`, did you mean `input.text`?",
            "#/nodes/0/data/template: `input.text.length` is not there: `input.text` is a text, write `input.text`",
            "#/nodes/0/data/template: `input.tags.first` is not there: `input.tags` is a list, write `input.tags`",
        ]
    );
    let spec = json!({"nodes": [declared("a", &ticket), {
        "id": "b", "type": "DelayNode", "when": "a.output.urgency == 'high'", "data": {"for": "1s"}}]});
    assert_eq!(
        found(&spec, &Library::new()),
        [
            "#/nodes/1/when: `a.output.urgency` is not there: `a.output` has `tags`, `text`, name one of these, \
             or declare the field in the schema; where it may be missing, write `a.output.urgency | default(…)`"
        ]
    );
}

#[test]
fn fields_of_items_are_checked_where_a_template_walks_a_list() {
    let items = json!({"type": "array", "items": {"type": "object", "properties": {"title": {"type": "string"}}}});
    let input =
        json!({"type": "object", "properties": {"items": items, "name": {"type": "object"}}});
    for (template, expected) in [
        ("{% for x in input.items %}{{ x.title }}{% endfor %}", 0),
        ("{% for x in input.items %}{{ x.titel }}{% endfor %}", 1),
        (
            "{% for x in input.items | sort(attribute='title') | reverse %}{{ x.titel }}{% endfor %}",
            1,
        ),
        ("{% set x = input.items | first %}{{ x.titel }}", 1),
        ("{% with x = input.items[0] %}{{ x.titel }}{% endwith %}", 1),
        ("{{ (input.items | last).titel }}", 1),
        ("{{ input.items | map(attribute='title') | join(', ') }}", 0),
        ("{{ input.items | map(attribute='titel') | join(', ') }}", 1),
        (
            "{{ input.items | map(attribute='titel', default='') | join(', ') }}",
            0,
        ),
        // Nothing is known of these.
        ("{% for x in input.name %}{{ x }}{% endfor %}", 0),
        (
            "{% for x in input.items | map('upper') %}{{ x.titel }}{% endfor %}",
            0,
        ),
        (
            "{% for x in input.items | batch(2) %}{{ x.titel }}{% endfor %}",
            0,
        ),
        (
            "{% set x = input.items[0] %}{% set x = {'titel': 1} %}{{ x.titel }}",
            0,
        ),
        (
            "{% for x in input.items if x.titel is defined %}{{ x.titel }}{% endfor %}",
            0,
        ),
    ] {
        assert_eq!(excluded(&input, &[], template), expected, "{template}");
    }
    let data = json!({"template": "{% for x in input.items %}{{ x.titel }}{% endfor %}"});
    let spec = json!({"input": input, "nodes": [{"id": "a", "type": "PromptNode", "data": data}]});
    assert_eq!(
        found(&spec, &Library::new()),
        [
            "#/nodes/0/data/template: `x.titel` is not there: `x` has `title`, did you mean `x.title`?"
        ]
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn only_what_every_branch_of_a_schema_excludes_is_refused() {
    let text = json!({"type": "string"});
    let listing = |name: &str| json!({"properties": {name: {"type": "string"}}});
    let closed = |name: &str| json!({"properties": {name: {"type": "string"}}, "additionalProperties": false});
    for (schema, path, expected) in [
        (json!({}), "x", 0),
        (json!(true), "x", 0),
        (json!({"type": "object"}), "x", 0),
        (json!({"type": "object", "properties": {}}), "x", 0),
        (text.clone(), "x", 1),
        (json!({"type": ["string", "null"]}), "x", 1),
        (json!({"type": ["string", "object"]}), "x", 0),
        (listing("a"), "x", 1),
        (listing("a"), "a", 0),
        (listing("a"), "a.b", 1),
        (closed("a"), "x", 1),
        (json!({"additionalProperties": false}), "x", 1),
        (
            json!({"properties": {"a": text}, "additionalProperties": true}),
            "x",
            0,
        ),
        (
            json!({"properties": {"a": text}, "additionalProperties": {"type": "number"}}),
            "x",
            0,
        ),
        (
            json!({"properties": {"a": text}, "patternProperties": {"^x": true}}),
            "x",
            0,
        ),
        (
            json!({"properties": {"a": text}, "unevaluatedProperties": {}}),
            "x",
            0,
        ),
        (
            json!({"properties": {"a": text}, "required": ["x"]}),
            "x",
            0,
        ),
        (json!({"anyOf": [listing("a"), listing("b")]}), "x", 1),
        (json!({"anyOf": [listing("a"), listing("b")]}), "b", 0),
        (json!({"oneOf": [text, listing("b")]}), "b", 0),
        (json!({"oneOf": [text, {"type": "null"}]}), "b", 1),
        (json!({"oneOf": [text, {"type": "object"}]}), "b", 0),
        (
            json!({"properties": {"a": {}}, "anyOf": [{"required": ["a"]}, {}]}),
            "a",
            0,
        ),
        (
            json!({"properties": {"a": {}}, "anyOf": [{"required": ["a"]}, {}]}),
            "x",
            1,
        ),
        (json!({"allOf": [listing("a"), listing("b")]}), "a", 0),
        (json!({"allOf": [listing("a"), listing("b")]}), "x", 1),
        (json!({"allOf": [closed("a"), listing("b")]}), "b", 1),
        (
            json!({"properties": {"a": {}}, "if": listing("a"), "then": listing("b"), "else": listing("c")}),
            "c",
            0,
        ),
        (
            json!({"properties": {"a": {}}, "dependentSchemas": {"a": listing("b")}}),
            "b",
            0,
        ),
        (
            json!({"$ref": "#/$defs/t", "$defs": {"t": listing("a")}}),
            "a",
            0,
        ),
        (
            json!({"$ref": "#/$defs/t", "$defs": {"t": listing("a")}}),
            "x",
            1,
        ),
        (
            json!({"properties": {"next": {"$ref": "#"}, "a": {}}}),
            "next.next.next.a",
            0,
        ),
        (
            json!({"properties": {"next": {"$ref": "#"}, "a": {}}}),
            "next.next.x",
            1,
        ),
        (json!({"enum": ["a", "b"]}), "x", 1),
        (json!({"enum": ["a", {"x": 1}]}), "x", 0),
        (json!({"const": {"x": 1}}), "y", 1),
        (json!({"type": "array", "items": listing("a")}), "x", 1),
        (json!({"type": "array", "items": listing("a")}), "[0].a", 0),
        (json!({"type": "array", "items": listing("a")}), "[-1].x", 1),
        (
            json!({"type": "array", "prefixItems": [listing("a")], "items": listing("b")}),
            "[0].a",
            0,
        ),
        (json!({"type": "object"}), "[0]", 1),
        (json!({"properties": {"a b": {}}}), "['a b']", 0),
        (json!({"properties": {"a/b": listing("c")}}), "['a/b'].d", 1),
    ] {
        let dot = if path.starts_with('[') { "" } else { "." };
        let of_input = format!("{{{{ input{dot}{path} }}}}");
        let input = excluded(&schema, &[], &of_input);
        assert_eq!(input, expected, "{schema} {of_input}");
        if schema.is_object() {
            let of_output = format!("{{{{ a.output{dot}{path} }}}}");
            let nodes = [declared("a", &schema)];
            assert_eq!(
                excluded(&json!({}), &nodes, &of_output),
                expected,
                "{schema} {of_output}"
            );
        }
    }
}

#[test]
fn what_may_be_missing_is_not_refused() {
    let input = json!({"properties": {"text": {"type": "string"}}});
    for (template, expected) in [
        ("{{ input.x | default('') }}", 0),
        ("{{ input.x | d }}", 0),
        ("{{ (input.x | default({})).y | default(1) }}", 0),
        ("{{ input.x.y | default('') }}", 1),
        ("{{ input.x | upper | default('') }}", 1),
        ("{% if input.x is defined %}{{ input.x }}{% endif %}", 0),
        ("{{ input.x if 'x' in input }}", 0),
        ("{% for x in [1] %}{{ x.y }}{% endfor %}", 0),
        (
            "{{ 'input.x' }}{# input.x #}{% raw %}{{ input.x }}{% endraw %}",
            0,
        ),
        ("{{ input.x }}{{ input.x }}", 1),
        ("{{ input['x'] }}", 1),
        ("{{ input[input.text] }}", 0),
        ("{{ input.text | length }}{{ input.text == 'x' }}", 0),
        ("{{ input | items | list }}", 0),
    ] {
        assert_eq!(excluded(&input, &[], template), expected, "{template}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn outputs_of_every_kind_of_node_are_known() {
    let score = json!({"type": "object", "properties": {"score": {"type": "number"}}});
    let judge = declared("judge", &score);
    let text = json!({"id": "write", "type": "PromptNode", "data": {"template": "{{ input }}"}});
    let body = json!([text]);
    let nodes = |kind: &str, data: Value| {
        vec![
            judge.clone(),
            json!({"id": "n", "type": kind, "data": data}),
        ]
    };
    let mut with_output = nodes(
        "TransformNode",
        json!({"value": {"a": "{{ judge.output }}"}}),
    );
    with_output[1]["on_error"] = json!({"output": {"b": 1}});
    for (nodes, path, expected) in [
        (
            nodes("PromptNode", json!({"template": "{{ input }}"})),
            "n.output.x",
            1,
        ),
        (nodes("Declared", json!({})), "n.output.x", 1),
        (nodes("DelayNode", json!({"for": "1s"})), "n.output.x", 1),
        (
            nodes("DelayNode", json!({"for": "1s"})),
            "n.output.score",
            0,
        ),
        (nodes("HumanNode", json!({"message": "?"})), "n.output.x", 0),
        (
            nodes("HumanNode", json!({"message": "?", "schema": score})),
            "n.output.scroe",
            1,
        ),
        (
            nodes(
                "TransformNode",
                json!({"value": {"a": "{{ judge.output }}", "b": ["{{ input }}", {"c": 1}]}}),
            ),
            "n.output.a.score",
            0,
        ),
        (
            nodes(
                "TransformNode",
                json!({"value": {"a": "{{ judge.output }}"}}),
            ),
            "n.output.a.x",
            1,
        ),
        (
            nodes(
                "TransformNode",
                json!({"value": {"a": "{{ judge.output | tojson }}"}}),
            ),
            "n.output.a.x",
            0,
        ),
        (
            nodes(
                "TransformNode",
                json!({"value": {"a": "{{ judge.output }}!"}}),
            ),
            "n.output.a.x",
            1,
        ),
        (
            nodes(
                "TransformNode",
                json!({"value": {"a": [{"b": 1}, {"c": 1}]}}),
            ),
            "n.output.a[0].c",
            0,
        ),
        (
            nodes(
                "TransformNode",
                json!({"value": {"a": [{"b": 1}, {"c": 1}]}}),
            ),
            "n.output.a[0].d",
            1,
        ),
        (
            nodes("TransformNode", json!({"value": {}})),
            "n.output.d",
            1,
        ),
        (with_output.clone(), "n.output.a.score", 0),
        (with_output.clone(), "n.output.b", 0),
        (with_output, "n.output.c", 1),
        (
            nodes("MapNode", json!({"over": "[1]", "nodes": body})),
            "n.output.write",
            1,
        ),
        (
            nodes(
                "MapNode",
                json!({"over": "[1]", "nodes": [judge_of("j", &score)], "on_item_error": "null"}),
            ),
            "n.output[0].score",
            0,
        ),
        (
            nodes(
                "MapNode",
                json!({"over": "[1]", "nodes": [judge_of("j", &score)]}),
            ),
            "n.output[0].x",
            1,
        ),
        (
            nodes(
                "LoopNode",
                json!({"until": "true", "max": 2, "nodes": [judge_of("j", &score)]}),
            ),
            "n.output.x",
            1,
        ),
        (
            nodes(
                "LoopNode",
                json!({"until": "true", "max": 2, "nodes": [judge_of("j", &score)], "output": {"best": "{{ j.output }}"}}),
            ),
            "n.output.best.score",
            0,
        ),
        (
            nodes(
                "LoopNode",
                json!({"until": "true", "max": 2, "nodes": [judge_of("j", &score)], "output": {"best": "{{ j.output }}"}}),
            ),
            "n.output.score",
            1,
        ),
    ] {
        let template = format!("{{{{ {path} }}}}");
        assert_eq!(
            excluded(&json!({}), &nodes, &template),
            expected,
            "{path} of {}",
            nodes[1]
        );
    }
}

fn judge_of(id: &str, schema: &Value) -> Value {
    let mut node = declared(id, schema);
    node["needs"] = json!([]);
    node
}

#[test]
fn bodies_know_their_items_and_their_last_result() {
    let docs = json!({"properties": {"docs": {"type": "array", "items": {"$ref": "#/$defs/doc"}}},
        "$defs": {"doc": {"properties": {"title": {"type": "string"}}}}});
    let map = |data: Value, template: &str| {
        let mut data = data;
        data["nodes"] = json!([{"id": "x", "type": "PromptNode", "data": {"template": template}}]);
        json!({"input": docs, "nodes": [{"id": "each", "type": "MapNode", "data": data}]})
    };
    for (data, template, expected) in [
        (json!({"over": "input.docs"}), "{{ item.title }}", 0),
        (json!({"over": "input.docs"}), "{{ item.titel }}", 1),
        (
            json!({"over": "input.docs", "as": "doc"}),
            "{{ doc.titel }}",
            1,
        ),
        (json!({"over": "input.docs"}), "{{ index.x }}", 1),
        (json!({"over": "input.docs | list"}), "{{ item.titel }}", 1),
        (
            json!({"over": "input.docs | batch(2)"}),
            "{{ item.titel }}",
            0,
        ),
        (json!({"over": "input.docs"}), "{{ input.titel }}", 1),
    ] {
        let spec = map(data, template);
        let faults = found(&spec, &Library::new());
        assert_eq!(faults.len(), expected, "{template} {faults:?}");
        let place = "#/nodes/0/data/nodes/0/data/template: ";
        assert!(faults.iter().all(|it| it.starts_with(place)), "{faults:?}");
    }

    let one = json!([{"id": "write", "type": "PromptNode", "data": {"template": "{{ PATH }}"}}]);
    let two = json!([one[0], {"id": "judge", "type": "Declared", "needs": [],
        "data": {"schema": {"properties": {"score": {}}}}}]);
    let inner = json!([{"id": "m", "type": "MapNode", "data": {"over": "[1]", "nodes": one}}]);
    for (nodes, output, path, expected) in [
        (&one, None, "previous", 0),
        (&one, None, "previous.write.output", 1),
        (&two, None, "previous.write", 0),
        (&two, None, "previous.judge.score", 0),
        (&two, None, "previous.judge.scroe", 1),
        (&two, None, "previous.write.output", 1),
        (&two, None, "previous.writ | default('')", 0),
        (
            &two,
            Some(json!({"text": "{{ write.output }}"})),
            "previous.text",
            0,
        ),
        (
            &two,
            Some(json!({"text": "{{ write.output }}"})),
            "previous.write",
            1,
        ),
        (&inner, None, "previous[0]", 0),
        (&inner, None, "previous.m", 1),
    ] {
        let nodes = nodes.to_string().replace("PATH", path);
        let nodes: Value = serde_json::from_str(&nodes).unwrap();
        let mut data = json!({"until": "true", "max": 2, "nodes": nodes});
        if let Some(output) = &output {
            data["output"] = output.clone();
        }
        let spec = json!({"nodes": [{"id": "loop_node", "type": "LoopNode", "data": data}]});
        let faults = found(&spec, &Library::new());
        assert_eq!(faults.len(), expected, "{path} {output:?} {faults:?}");
    }
}

#[test]
fn nodes_written_in_another_order_are_matched() {
    let schema = json!({"properties": {"score": {}}});
    let read = json!({"id": "read", "type": "TransformNode", "needs": ["late"], "data": {"value": "{{ late.output.scroe }}"}});
    let spec =
        json!({"nodes": [read, judge_of("late", &schema)], "output": "{{ late.output.scroe }}"});
    let faults = found(&spec, &Library::new());
    let places: Vec<&str> = faults
        .iter()
        .filter_map(|it| it.split(": ").next())
        .collect();
    assert_eq!(places, ["#/nodes/0/data/value", "#/output"]);
}

#[test]
fn the_result_of_a_called_workflow_is_known() {
    let called = json!({"nodes": [judge_of("a", &json!({"properties": {"score": {}}}))],
        "output": {"best": "{{ a.output }}"}});
    let mut library = Library::new();
    let called = Workflow::from_spec(&called, &registry()).unwrap();
    library.insert("judge", called.into());
    for (path, expected) in [("best.score", 0), ("best.scroe", 1), ("score", 1)] {
        let spec = json!({"nodes": [
            {"id": "call", "type": "WorkflowNode", "data": {"workflow": "judge", "input": 1}},
            {"id": "read", "type": "TransformNode", "data": {"value": format!("{{{{ call.output.{path} }}}}")}}]});
        assert_eq!(found(&spec, &library).len(), expected, "{path}");
    }
}

#[test]
fn a_schema_that_refers_without_end_is_looked_at_for_a_bounded_time() {
    // Each definition has twenty branches that lead to the next.
    let mut definitions = json!({"d40": {"type": "object"}});
    for n in 0..40 {
        let branch = json!({"$ref": format!("#/$defs/d{}", n + 1)});
        definitions[format!("d{n}")] = json!({"properties": {"x": {"anyOf": vec![branch; 20]}}});
    }
    let schema = json!({"$ref": "#/$defs/d0", "$defs": definitions});
    let path = ".x".repeat(40);
    let template = format!("{{{{ input{path} }}}}");
    assert_eq!(excluded(&schema, &[], &template), 0);
}
