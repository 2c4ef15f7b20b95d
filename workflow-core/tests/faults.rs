//! A bad workflow is refused whole, with every fault, each at its place.

use serde_json::{Value, json};
use workflow_core::{Fault, Registry, Workflow, error::FaultCode};

fn faults(spec: &Value) -> Vec<Fault> {
    Workflow::from_spec(spec, &Registry::default())
        .err()
        .map(workflow_core::InvalidWorkflow::into_faults)
        .unwrap_or_default()
}

/// `code at pointer`, for each fault.
fn brief(spec: &Value) -> Vec<String> {
    faults(spec)
        .iter()
        .map(|fault| format!("{} {}", fault.code, fault.pointer))
        .collect()
}

fn prompt(id: &str, template: &str) -> Value {
    json!({"id": id, "type": "PromptNode", "data": {"template": template}})
}

fn transform(id: &str, needs: &[&str]) -> Value {
    json!({"id": id, "type": "TransformNode", "needs": needs, "data": {"value": 1}})
}

/// One workflow for each code, with the place of the fault.
#[expect(clippy::too_many_lines, reason = "a table, a line or two a code")]
fn provocations() -> Vec<(FaultCode, &'static str, Value)> {
    use FaultCode as C;
    let nodes = |nodes: Value| json!({ "nodes": nodes });
    let template = |text: &str| nodes(json!([prompt("a", text)]));
    vec![
        (C::InvalidValue, "#", json!([1])),
        (C::InvalidValue, "#/nodes", nodes(json!([]))),
        (
            C::InvalidValue,
            "#/version",
            json!({"version": 2, "nodes": [prompt("a", "{{input}}")]}),
        ),
        (
            C::InvalidValue,
            "#/nodes/0/timeout",
            nodes(
                json!([{"id": "a", "type": "PromptNode", "data": {"template": "{{input}}"}, "timeout": "5"}]),
            ),
        ),
        (
            C::InvalidValue,
            "#/nodes/0/retry",
            nodes(
                json!([{"id": "a", "type": "PromptNode", "data": {"template": "{{input}}"}, "retry": 21}]),
            ),
        ),
        (
            C::InvalidValue,
            "#/nodes/0/data/template",
            nodes(json!([{"id": "a", "type": "PromptNode", "data": {"template": 1}}])),
        ),
        (
            C::InvalidValue,
            "#/nodes/1/needs/1",
            nodes(json!([transform("a", &[]), transform("b", &["a", "a"])])),
        ),
        (C::MissingField, "#", json!({})),
        (C::MissingField, "#/nodes/0", nodes(json!([{"id": "a"}]))),
        (
            C::MissingField,
            "#/nodes/0/data",
            nodes(json!([{"id": "a", "type": "PromptNode"}])),
        ),
        (
            C::UnknownField,
            "#/edges",
            json!({"edges": [], "nodes": [prompt("a", "{{input}}")]}),
        ),
        (
            C::UnknownField,
            "#/nodes/0/retry/dealy",
            nodes(
                json!([{"id": "a", "type": "PromptNode", "data": {"template": "{{input}}"}, "retry": {"max_attempts": 2, "dealy": "1s"}}]),
            ),
        ),
        (
            C::UnknownField,
            "#/nodes/0/data/tempalte",
            nodes(json!([{"id": "a", "type": "PromptNode", "data": {"tempalte": "{{input}}"}}])),
        ),
        (
            C::UnknownReference,
            "#/nodes/0/when",
            nodes(
                json!([{"id": "a", "type": "PromptNode", "when": "x", "data": {"template": "{{input}}"}}]),
            ),
        ),
        (
            C::TemplateSyntax,
            "#/nodes/0/when",
            nodes(
                json!([{"id": "a", "type": "PromptNode", "when": "input ==", "data": {"template": "{{input}}"}}]),
            ),
        ),
        (
            C::InvalidValue,
            "#/nodes/0/on_error",
            nodes(
                json!([{"id": "a", "type": "PromptNode", "on_error": "ignore", "data": {"template": "{{input}}"}}]),
            ),
        ),
        (
            C::InvalidValue,
            "#/nodes/0/on_ambiguous",
            nodes(
                json!([{"id": "a", "type": "PromptNode", "on_ambiguous": 1, "data": {"template": "{{input}}"}}]),
            ),
        ),
        (
            C::InvalidValue,
            "#/input/type",
            json!({"input": {"type": "strin"}, "nodes": [prompt("a", "{{input}}")]}),
        ),
        (
            C::UnknownReference,
            "#/output/x",
            json!({"output": {"x": "{{ b.output }}"}, "nodes": [prompt("a", "{{input}}")]}),
        ),
        (
            C::UnknownField,
            "#/defaults/retires",
            json!({"defaults": {"retires": 3}, "nodes": [prompt("a", "{{input}}")]}),
        ),
        (
            C::TooManyNodes,
            "#/nodes",
            nodes(json!(vec![transform("a", &[]); 1_001])),
        ),
        (
            C::InvalidId,
            "#/nodes/0/id",
            nodes(json!([transform("1st", &[])])),
        ),
        (
            C::DuplicateId,
            "#/nodes/1/id",
            nodes(json!([transform("a", &[]), transform("a", &[])])),
        ),
        (
            C::IdCollision,
            "#/nodes/1/id",
            nodes(json!([transform("a-b", &[]), transform("a_b", &[])])),
        ),
        (
            C::ReservedName,
            "#/nodes/0/id",
            nodes(json!([transform("input", &[])])),
        ),
        (
            C::ReservedName,
            "#/nodes/0/id",
            nodes(json!([transform("range", &[])])),
        ),
        (
            C::UnknownType,
            "#/nodes/0/type",
            nodes(json!([{"id": "a", "type": "PromtNode"}])),
        ),
        (
            C::UnknownReference,
            "#/nodes/0/needs/0",
            nodes(json!([transform("a", &["b"])])),
        ),
        (
            C::UnknownReference,
            "#/nodes/0/data/template",
            template("{{ inptu }}"),
        ),
        (
            C::UnknownReference,
            "#/nodes/1/data/template",
            nodes(json!([transform("a", &[]), prompt("b", "{{ a.kind }}")])),
        ),
        (
            C::UnknownReference,
            "#/nodes/0/data/value/x/1",
            nodes(
                json!([{"id": "a", "type": "TransformNode", "data": {"value": {"x": [1, "{{ y }}"]}}}]),
            ),
        ),
        (
            C::NotAnAncestor,
            "#/nodes/0/data/template",
            nodes(json!([prompt("a", "{{ b.output }}"), transform("b", &[])])),
        ),
        (
            C::NotAnAncestor,
            "#/nodes/0/data/template",
            template("{{ a.output }}"),
        ),
        (
            C::OtherBranch,
            "#/nodes/2/data/value",
            nodes(json!([
                {"id": "s", "type": "SwitchNode", "data": {"cases": [{"name": "a", "when": "input"}], "default": "b"}},
                {"id": "x", "type": "PromptNode", "case": "s.a", "data": {"template": "{{ input }}"}},
                {"id": "y", "type": "TransformNode", "case": "s.b", "needs": ["x"], "data": {"value": "{{ x.output }}"}},
            ])),
        ),
        (
            C::Cycle,
            "#/nodes/0/needs/0",
            nodes(json!([transform("a", &["a"])])),
        ),
        (
            C::Cycle,
            "#/nodes/0/needs/0",
            nodes(json!([transform("a", &["b"]), transform("b", &["a"])])),
        ),
        (
            C::TemplateSyntax,
            "#/nodes/0/data/template",
            template("{{ input"),
        ),
        (
            C::TemplateSyntax,
            "#/nodes/0/data/template",
            template("{% include 'x' %}{{ input }}"),
        ),
        (
            C::TemplateSyntax,
            "#/nodes/0/data/template",
            template("{% macro m() %}{% endmacro %}{{ input }}"),
        ),
        (
            C::TemplateTooLarge,
            "#/nodes/0/data/template",
            template(&format!("{{{{ {}input }}}}", "- ".repeat(1_000))),
        ),
        (
            C::TemplateWithoutInput,
            "#/nodes/0/data/template",
            template("always the same"),
        ),
        (
            C::ShadowedName,
            "#/nodes/0/data/template",
            template("{% set input = 1 %}{{ input }}"),
        ),
        (
            C::NotATemplate,
            "#/nodes/0/data/label",
            nodes(json!([{"id": "a", "type": "Literal", "data": {"label": "{{ input }}"}}])),
        ),
        (
            C::NotApplicable,
            "#/nodes/0/retry",
            nodes(json!([{"id": "a", "type": "DelayNode", "retry": 2, "data": {"for": "1s"}}])),
        ),
        (
            C::NestedTooDeep,
            "#",
            (0..200).fold(json!(1), |inner, _| json!([inner])),
        ),
        (
            C::UnknownWorkflow,
            "#/nodes/0/data/workflow",
            nodes(json!([{"id": "a", "type": "WorkflowNode", "data": {"workflow": "nope"}}])),
        ),
        (
            C::InvalidValue,
            "#/nodes/0/data/for",
            nodes(json!([{"id": "a", "type": "DelayNode", "data": {"for": "soon"}}])),
        ),
        (
            C::InvalidValue,
            "#/nodes/0/data/schema/type",
            nodes(
                json!([{"id": "a", "type": "HumanNode", "data": {"message": "?", "schema": {"type": "strin"}}}]),
            ),
        ),
        (
            C::MissingField,
            "#/nodes/0/data",
            nodes(
                json!([{"id": "a", "type": "LoopNode", "data": {"until": "true", "nodes": [transform("x", &[])]}}]),
            ),
        ),
        (
            C::TemplateTooLarge,
            "#/nodes/0/data/over",
            nodes(
                json!([{"id": "a", "type": "MapNode", "data": {"over": "1 + ".repeat(300), "nodes": [transform("x", &[])]}}]),
            ),
        ),
        (
            C::SecretNotAllowed,
            "#/nodes/0/data/value/token",
            nodes(
                json!([{"id": "a", "type": "TransformNode", "data": {"value": {"token": {"$secret": "T"}}}}]),
            ),
        ),
        (
            C::UnknownFieldReference,
            "#/nodes/0/data/template",
            json!({"input": {"properties": {"text": {}}}, "nodes": [prompt("a", "{{ input.txt }}")]}),
        ),
        (
            C::NoImplicitInput,
            "#/nodes/2",
            nodes(
                json!([transform("a", &[]), transform("b", &[]), {"id": "c", "type": "Literal", "needs": ["a", "b"], "data": {"label": ""}}]),
            ),
        ),
    ]
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Literal {
    #[expect(dead_code, reason = "only its schema matters")]
    label: String,
}

#[async_trait::async_trait]
impl workflow_core::Node for Literal {
    async fn run(
        &self,
        cx: &workflow_core::NodeContext,
    ) -> Result<Value, workflow_core::NodeError> {
        cx.input().cloned()
    }

    fn reads_input(&self) -> bool {
        true
    }
}

#[test]
fn every_code_has_a_workflow_that_provokes_it_at_its_place() {
    let mut registry = Registry::default();
    registry.register::<Literal>("Literal");
    let provocations = provocations();
    for (code, pointer, spec) in &provocations {
        let refused = Workflow::from_spec(spec, &registry)
            .map(|_| spec.to_string())
            .expect_err("a faulty workflow was accepted");
        let found = refused
            .faults()
            .iter()
            .any(|fault| fault.code == *code && fault.pointer == *pointer);
        assert!(found, "no {code} at {pointer} in {refused}");
    }
    // What only a text can have is in `text_is_read_strictly`. Warnings are provoked in `bodies.rs`, `run_values.rs` and `agent_language.rs`; names and too many workflows need a
    // store (`calls.rs`), and results of an earlier run a run (`continued.rs`).
    let elsewhere = [
        FaultCode::HiddenName,
        FaultCode::ConstantCondition,
        FaultCode::UnusedNode,
        FaultCode::OutlastsTimeout,
        FaultCode::AmbiguousTool,
        FaultCode::InvalidExample,
        FaultCode::DuplicateField,
        FaultCode::MissingResult,
        FaultCode::TooManyWorkflows,
        FaultCode::AmbiguousWorkflow,
        FaultCode::NameInUse,
    ];
    for code in FaultCode::ALL {
        assert!(
            provocations.iter().any(|(provoked, ..)| provoked == code) || elsewhere.contains(code),
            "nothing provokes {code}"
        );
    }
}

#[test]
fn all_faults_are_reported_at_once() {
    let spec = json!({"nmae": "x", "nodes": [
        {"id": "a", "type": "PromptNode", "data": {"template": "{{ inptu }}", "templat": 1}},
        {"id": "a", "type": "Nope", "data": {}},
        {"id": "c", "type": "PromptNode", "needs": ["b"], "data": {"template": "{{ input"}, "retry": 0},
    ]});
    let mut found = brief(&spec);
    found.sort_unstable();
    assert_eq!(
        found,
        [
            "duplicate_id #/nodes/1/id",
            "invalid_value #/nodes/2/retry",
            "template_syntax #/nodes/2/data/template",
            "unknown_field #/nmae",
            "unknown_field #/nodes/0/data/templat",
            "unknown_reference #/nodes/0/data/template",
            "unknown_reference #/nodes/2/needs/0",
            "unknown_type #/nodes/1/type",
        ]
    );
}

#[test]
fn faults_have_hints() {
    let hint = |spec: Value| faults(&spec)[0].hint.clone().unwrap_or_default();
    assert_eq!(
        hint(json!({"edges": [], "nodes": [prompt("a", "{{input}}")]})),
        "write edges as `needs` on the node they lead to"
    );
    assert_eq!(
        hint(
            json!({"nodes": [prompt("summary", "{{input}}"), prompt("b", "{{ sumary.output }}")]})
        ),
        "did you mean `summary`?"
    );
    assert_eq!(
        hint(
            json!({"nodes": [prompt("draft", "{{input}}"), {"id": "review", "type": "PromptNode", "needs": [], "data": {"template": "{{ draft.output }}"}}]})
        ),
        "add `draft` to `needs`"
    );
    assert_eq!(
        hint(json!({"nodes": [{"id": "a", "type": "PromtNode"}]})),
        "did you mean `PromptNode`?"
    );
}

#[test]
fn a_cycle_is_named_in_its_order() {
    let spec = json!({"nodes": [transform("start", &[]), transform("draft", &["start", "judge"]), transform("judge", &["draft"])]});
    let found = faults(&spec);
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].pointer.as_str(), found[0].detail.as_str()),
        ("#/nodes/1/needs/1", "judge -> draft -> judge")
    );
}

#[test]
fn a_cycle_is_placed_where_a_need_is_written() {
    let unsaid = |id: Value| json!({"id": id, "type": "TransformNode", "data": {"value": 1}});
    let cycle = |nodes: Value| {
        let found = faults(&json!({ "nodes": nodes }));
        let mut cycles = found.iter().filter(|fault| fault.code == FaultCode::Cycle);
        cycles
            .next()
            .map(|cycle| format!("{} {}", cycle.pointer, cycle.detail))
    };
    let behind_a_fault = json!([
        transform("start", &["nowhere", "judge"]),
        unsaid("draft".into()),
        unsaid("judge".into()),
    ]);
    assert_eq!(
        cycle(behind_a_fault).as_deref(),
        Some("#/nodes/0/needs/1 draft -> judge -> start -> draft")
    );
    let mut circle = json!([unsaid(7.into()), unsaid(8.into()), unsaid("judge".into())]);
    circle[1]["needs"] = json!(["judge"]);
    assert_eq!(
        cycle(circle).as_deref(),
        Some("#/nodes/1/needs/0 judge -> node 1 -> judge")
    );
}

#[test]
fn text_that_is_not_json_has_a_line_and_a_column() {
    let refused = Workflow::from_json("{\n  \"nodes\": [,]\n}", &Registry::default()).unwrap_err();
    assert!(
        refused.to_string().contains("line 2 column 13"),
        "{refused}"
    );
}

#[test]
fn text_is_read_strictly() {
    let read = |text: &str| match Workflow::from_json(text, &Registry::default()) {
        Ok(_) => Vec::new(),
        Err(invalid) => (invalid.faults().iter())
            .map(|fault| format!("{} {}", fault.code, fault.pointer))
            .collect(),
    };
    let node = |data: &str| {
        format!(r#"{{"nodes": [{{"id": "a", "type": "TransformNode", "data": {{{data}}}}}]}}"#)
    };
    for (data, found) in [
        (
            r#""value": 1, "value": 2"#,
            "duplicate_field #/nodes/0/data/value",
        ),
        (
            r#""value": {"x": [{"y": 1, "y": 1}]}"#,
            "duplicate_field #/nodes/0/data/value/x/0/y",
        ),
        (
            r#""value": 18446744073709551616"#,
            "invalid_value #/nodes/0/data/value",
        ),
        (
            r#""value": [1, 1e-400]"#,
            "invalid_value #/nodes/0/data/value/1",
        ),
    ] {
        assert_eq!(read(&node(data)), [found], "{data}");
    }
    let fine = node(r#""value": 18446744073709551615"#);
    assert_eq!(read(&format!("\u{feff}{fine}")), [""; 0]);
    let deep = node(&format!(
        r#""value": {}{}"#,
        "[".repeat(200),
        "]".repeat(200)
    ));
    assert_eq!(read(&deep), ["nested_too_deep #"]);
}

#[test]
fn names_and_descriptions_are_short_and_printable() {
    let node = |more: Value| {
        let mut node = transform("a", &[]);
        node["name"] = more;
        json!({"nodes": [node]})
    };
    let of_workflow = |field: &str, text: Value| {
        let mut spec = json!({"nodes": [transform("a", &[])]});
        spec[field] = text;
        spec
    };
    for (text, is_name, is_description) in [
        ("a".to_owned(), true, true),
        ("é".repeat(200), true, true),
        ("é".repeat(201), false, true),
        ("é".repeat(2_000), false, true),
        ("é".repeat(2_001), false, false),
        (String::new(), false, true),
        (" ".to_owned(), false, true),
        ("a\nb\r\n\tc".to_owned(), false, true),
        ("a\0b".to_owned(), false, false),
        ("a\u{1b}[31m".to_owned(), false, false),
        ("a\u{85}b".to_owned(), false, false),
    ] {
        let text = json!(text);
        for (spec, place, is_fine) in [
            (of_workflow("name", text.clone()), "#/name", is_name),
            (node(text.clone()), "#/nodes/0/name", is_name),
            (
                of_workflow("description", text.clone()),
                "#/description",
                is_description,
            ),
        ] {
            let found = brief(&spec);
            if is_fine {
                assert_eq!(found, [""; 0], "{place} {text:?}");
            } else {
                assert!(
                    found.contains(&format!("invalid_value {place}")),
                    "{text:?} {found:?}"
                );
            }
            let schema = Registry::default().language_schema();
            let fits = jsonschema::is_valid(&schema, &spec);
            assert_eq!(fits, is_fine, "the schema says otherwise: {place} {text:?}");
        }
    }
}

#[test]
fn durations_that_are_almost_right_get_a_hint() {
    let hint = |spec: Value| faults(&spec)[0].hint.clone().unwrap_or_default();
    let mut timeout = transform("a", &[]);
    timeout["timeout"] = json!("30 s");
    let written = "write `30s`: a number and a unit without a space";
    assert_eq!(hint(json!({"nodes": [timeout]})), written);
    assert_eq!(
        hint(json!({"timeout": "30 seconds", "nodes": [transform("a", &[])]})),
        written
    );
    for (kind, data) in [
        ("DelayNode", json!({"for": "30 s"})),
        ("HumanNode", json!({"message": "?", "expires": "30 s"})),
    ] {
        let spec = json!({"nodes": [{"id": "a", "type": kind, "data": data}]});
        assert_eq!(hint(spec), written, "{kind}");
    }
}

#[test]
fn patterns_that_cannot_be_compiled_are_refused_with_the_schema() {
    for (schema, place) in [
        (json!({"pattern": "("}), "/pattern"),
        (json!({"pattern": "a{1000000}"}), "/pattern"),
        (
            json!({"patternProperties": {"[": {}}}),
            "/patternProperties/[",
        ),
        (
            json!({"$defs": {"unused": {"pattern": "("}}}),
            "/$defs/unused/pattern",
        ),
        (
            json!({"properties": {"a": {"$ref": "#/$defs/b"}}, "$defs": {"b": {"items": {"pattern": "*"}}}}),
            "/$defs/b/items/pattern",
        ),
        (
            json!({"anyOf": [{}, {"not": {"pattern": "("}}]}),
            "/anyOf/1/not/pattern",
        ),
    ] {
        let human = |schema: &Value| json!({"nodes": [{"id": "a", "type": "HumanNode", "data": {"message": "?", "schema": schema}}]});
        let input = json!({"input": schema, "nodes": [transform("a", &[])]});
        assert_eq!(
            brief(&input),
            [format!("invalid_value #/input{place}")],
            "{schema}"
        );
        let found = brief(&human(&schema));
        assert_eq!(
            found,
            [format!("invalid_value #/nodes/0/data/schema{place}")],
            "{schema}"
        );
    }
    let fine = json!({"properties": {"pattern": {"const": {"pattern": "("}, "examples": [{"pattern": "("}]}},
        "pattern": "^(?=a)\\p{L}+$", "format": "date"});
    assert_eq!(
        brief(&json!({"input": fine, "nodes": [transform("a", &[])]})),
        [""; 0]
    );
}

#[test]
fn ids_with_a_minus_are_written_with_an_underscore() {
    let spec =
        json!({"nodes": [prompt("node-1", "{{input}}"), prompt("node-2", "{{ node_1.output }}")]});
    assert_eq!(brief(&spec), [""; 0]);
}

#[test]
fn hostile_templates_are_refused_or_bounded() {
    let nested = format!(
        "{}{{{{ input }}}}{}",
        "{% if input %}".repeat(20_000),
        "{% endif %}".repeat(20_000)
    );
    let brackets = format!("{{{{ {}input{} }}}}", "(".repeat(400), ")".repeat(400));
    let filters = format!("{{{{ input{} }}}}", "|upper".repeat(10_000));
    let elifs = format!(
        "{{% if input %}}{}{{% endif %}}",
        "{% elif input %}".repeat(5_000)
    );
    let large = format!("{{{{ input }}}}{}", "x".repeat(10 * 1024 * 1024));
    for hostile in [nested, brackets, filters, elifs, large] {
        let found = brief(&json!({"nodes": [prompt("a", &hostile)]}));
        assert!(
            found.iter().any(|fault| fault.starts_with("template_")),
            "{found:?}"
        );
    }
}
