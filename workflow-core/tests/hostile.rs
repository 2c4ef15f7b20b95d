//! Small requests that would cost much: each is refused, or ends with a named error.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use serde_json::{Value, json};
use support::{Probe, collect, parsed};
use workflow_core::{EventKind, Executor, InvalidWorkflow, Registry, Workflow};

fn transforming(value: &Value) -> Value {
    json!({"nodes": [{"id": "a", "type": "TransformNode", "data": {"value": value}}]})
}

fn refusal(template: &str) -> Vec<String> {
    let spec =
        json!({"nodes": [{"id": "a", "type": "PromptNode", "data": {"template": template}}]});
    let refused = Workflow::from_spec(&spec, &Registry::default()).err();
    let faults = refused
        .map(InvalidWorkflow::into_faults)
        .unwrap_or_default();
    faults
        .into_iter()
        .map(|fault| format!("{}: {}", fault.code, fault.detail))
        .collect()
}

/// The error that a run of this specification ends with.
async fn failure(spec: &Value) -> String {
    let run = Executor::new().run(parsed(&Probe::default(), spec), json!("in"));
    match &collect(run).await.last().unwrap().kind {
        EventKind::RunFailed(failed) => format!("{}: {}", failed.error.code, failed.error.detail),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_small_value_that_stands_for_a_huge_one_is_not_unfolded() {
    for template in [
        "{{ [[[[1]*100]*100]*100]*100 }}",
        "{{ ([[[[1]*100]*100]*100]*100) | tojson }}",
        "{{ [[[[1]*100]*100]*100]*100 }} and text",
    ] {
        let error = failure(&transforming(&json!(template))).await;
        assert!(error.starts_with("template_error: "), "{error}");
        assert!(error.contains("more than 1048576 bytes"), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn outputs_do_not_get_deeper_and_deeper() {
    let wrap = |inner: &str, depth: usize| {
        format!(
            "{{{{ {}{inner}{} }}}}",
            "[".repeat(depth),
            "]".repeat(depth)
        )
    };
    let mut nodes =
        vec![json!({"id": "n0", "type": "TransformNode", "data": {"value": wrap("input", 40)}})];
    for n in 1..50 {
        let value = wrap(&format!("n{}.output", n - 1), 40);
        nodes.push(
            json!({"id": format!("n{n}"), "type": "TransformNode", "data": {"value": value}}),
        );
    }
    let error = failure(&json!({ "nodes": nodes })).await;
    assert!(error.contains("nested too deeply"), "{error}");

    let deep = (0..90).fold(json!("{{ [[[[[[[[[[[[input]]]]]]]]]]]] }}"), |inner, _| {
        json!([inner])
    });
    assert_eq!(
        failure(&transforming(&deep)).await,
        "output_too_deep: the output is nested more than 100 deep"
    );
}

#[test]
fn raw_text_and_open_comments_do_not_blind_the_bounds() {
    let chain = "+1".repeat(20_000);
    for template in [
        format!("{{% raw %}}{{#{{% endraw %}}{{{{ input{chain} }}}}"),
        format!("{{% raw %}}{{{{ '{{% endraw %}}{{{{ input ~ ' }}}} '{chain} }}}}"),
        format!("{{# {{{{ input{chain} }}}}"),
    ] {
        let faults = refusal(&template);
        assert!(faults[0].starts_with("template_"), "{faults:?}");
    }
}

#[test]
fn values_cannot_be_nested_by_loops_or_by_many_sets() {
    let recursive = "{% for x in [1] recursive %}{{ loop([[x]]) }}{% endfor %}{{ input }}";
    assert_eq!(
        refusal(recursive),
        ["template_syntax: loops that call themselves are not part of the language"]
    );
    let sets: Vec<String> = (1..300)
        .map(|n| format!("{{% set a{n} = [a{}] %}}", n - 1))
        .collect();
    let sets = sets.concat();
    let faults = refusal(&format!("{{% set a0 = input %}}{sets}"));
    assert!(faults[0].starts_with("template_too_large"), "{faults:?}");
}

#[test]
fn filters_and_tests_that_do_not_exist_are_refused_when_a_workflow_is_created() {
    let cases = [
        (
            "{{ input|uppper }}",
            "template_syntax: there is no filter `uppper`",
        ),
        (
            "{% if input is foo %}a{% endif %}",
            "template_syntax: there is no test `foo`",
        ),
        (
            "{{ input is not foo }}",
            "template_syntax: there is no test `foo`",
        ),
    ];
    for (template, expected) in cases {
        assert_eq!(refusal(template), [expected]);
    }
    for fine in [
        "{{ input | upper | default('a | b is c') }}",
        "{% if input is not defined or input is divisibleby 3 %}a{% endif %}",
        "{% set this = input %}{{ this }}",
    ] {
        assert_eq!(refusal(fine), [""; 0], "{fine}");
    }
}

#[test]
fn what_costs_much_to_check_is_checked_in_reasonable_time() {
    let many_blocks = "{{input}}".repeat(29_000);
    assert_eq!(refusal(&many_blocks), [""; 0]);

    let long_key = "k".repeat(300_000);
    let zeros = vec![0; 100_000];
    let spec = transforming(&json!({ long_key: zeros }));
    assert!(Workflow::from_spec(&spec, &Registry::default()).is_ok());

    let nodes: Vec<Value> = (0..1_000)
        .map(|n| json!({"id": format!("node_with_a_long_name_{n}"), "type": "TransformNode", "data": {"value": 1},
            "needs": (0..12).map(|k| format!("mode_with_a_long_name_{n}_{k}")).collect::<Vec<_>>()}))
        .collect();
    let refused =
        Workflow::from_spec(&json!({ "nodes": nodes }), &Registry::default()).unwrap_err();
    assert_eq!(refused.faults().len(), InvalidWorkflow::MAX);
}

#[test]
fn deep_json_is_walked_without_overflow() {
    let deep = (0..120).fold(json!("{{ input }}"), |inner, _| json!([inner]));
    let spec = transforming(&deep);
    let checked = std::thread::Builder::new()
        .stack_size(2 * 1024 * 1024)
        .spawn(move || Workflow::from_spec(&spec, &Registry::default()).is_ok());
    assert!(checked.unwrap().join().unwrap());
}

#[test]
fn a_secret_is_refused_where_it_would_be_shown() {
    let spec = transforming(&json!({"key": {"$secret": "NAME"}}));
    let refused = Workflow::from_spec(&spec, &Registry::default()).unwrap_err();
    assert_eq!(refused.faults()[0].pointer, "#/nodes/0/data/value/key");
}

#[test]
fn a_schema_that_unfolds_without_end_is_refused() {
    let doubling = |word: &str| {
        let mut parts = serde_json::Map::new();
        for n in 0..30 {
            let next = json!({"$ref": format!("#/$defs/d{}", n + 1)});
            parts.insert(format!("d{n}"), json!({ word: [next, next] }));
        }
        parts.insert("d30".into(), json!({}));
        json!({"$ref": "#/$defs/d0", "$defs": parts})
    };
    let itself = json!({"allOf": [{"$ref": "#"}]});
    let anchored = json!({"$dynamicRef": "#node"});
    for schema in [
        doubling("allOf"),
        doubling("anyOf"),
        doubling("oneOf"),
        itself,
        anchored,
    ] {
        let spec = json!({"input": schema, "nodes": [{"id": "a", "type": "TransformNode", "data": {"value": 1}}]});
        let refused = Workflow::from_spec(&spec, &Registry::default()).unwrap_err();
        assert!(
            refused.to_string().contains("not a usable JSON Schema"),
            "{refused}"
        );
    }
    let tree = json!({"type": "object", "properties": {"children": {"type": "array", "items": {"$ref": "#"}}}});
    let spec = json!({"input": tree, "nodes": [{"id": "a", "type": "TransformNode", "data": {"value": 1}}]});
    let workflow = Workflow::from_spec(&spec, &Registry::default()).unwrap();
    assert!(
        workflow
            .check_input(&json!({"children": [{"children": []}]}))
            .is_ok()
    );
    assert!(
        workflow
            .check_input(&json!({"children": [{"children": 1}]}))
            .is_err()
    );
}

#[test]
fn a_value_that_takes_too_many_steps_to_check_is_refused() {
    let twice = json!({"properties": {"a": {"$ref": "#"}}});
    let branching = json!({"anyOf": [twice, twice, {"type": "string"}]});
    let spec = |input: &Value| json!({"input": input, "nodes": [{"id": "a", "type": "TransformNode", "data": {"value": 1}}]});
    let nested = |depth: usize| (0..depth).fold(json!(1), |inner, _| json!({ "a": inner }));
    let workflow = Workflow::from_spec(&spec(&branching), &Registry::default()).unwrap();
    assert!(workflow.check_input(&nested(5)).is_ok());
    let refused = workflow.check_input(&nested(60)).unwrap_err();
    assert!(
        refused[0].detail.contains("too many steps"),
        "{}",
        refused[0].detail
    );

    let many: Vec<Value> = (0..2_000)
        .map(|n| json!({"not": {"const": n + 10}}))
        .collect();
    let wide = json!({"items": {"allOf": many}});
    let workflow = Workflow::from_spec(&spec(&wide), &Registry::default());
    let workflow = workflow.unwrap();
    let refused = workflow.check_input(&json!(vec![1; 10_000])).unwrap_err();
    assert!(
        refused[0].detail.contains("too many steps"),
        "{}",
        refused[0].detail
    );
    assert!(workflow.check_input(&json!([1, 2])).is_ok());

    let heavy = json!({"pattern": "(a{1000}){1000}"});
    let refused = Workflow::from_spec(&spec(&heavy), &Registry::default()).unwrap_err();
    assert_eq!(refused.faults()[0].pointer, "#/input/pattern");
}
