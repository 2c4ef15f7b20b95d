//! `get` and `coalesce`: values that may be missing, at any part of their path.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use serde_json::{Value, json};
use support::{Probe, output_of, registry, rendered, run};
use workflow_core::{Fault, Workflow, error::FaultCode};

#[tokio::test(start_paused = true)]
async fn the_first_value_that_is_there_counts() {
    let input =
        json!({"a": {"b": [{"c": 1}], "n": null, "f": false, "e": ""}, "k": "b", "x.y": {"z": 1}});
    for (template, expected) in [
        ("{{ input | get('a.b.0.c') }}", json!(1)),
        ("{{ input | get('a.b.1.c') }}", json!(null)),
        ("{{ input | get('a.b.1.c', 'none') }}", json!("none")),
        ("{{ input | get('a.b.c.d', default=7) }}", json!(7)),
        ("{{ input.x.y | get('z', 7) }}", json!(7)),
        ("{{ input.a.b[3].c | get('z', 7) }}", json!(7)),
        ("{{ input.a[input.k][0] | get('c', 7) }}", json!(1)),
        ("{{ input | get(['x.y', 'z']) }}", json!(1)),
        ("{{ input.a.b | get(0) }}", json!({"c": 1})),
        // A value that is there counts, `null` included, as in most languages.
        ("{{ input | get('a.n', 7) }}", json!(null)),
        ("{{ input | get('a.n.x', 7) }}", json!(7)),
        ("{{ input | get('a.f', 7) }}", json!(false)),
        ("{{ input.k | get('length', 7) }}", json!(7)),
        (
            "{{ [{'a': 1}, {}] | map('get', 'a', 0) | list }}",
            json!([1, 0]),
        ),
        (
            "{{ coalesce(input.x, input.a.n, input.a.f, 1) }}",
            json!(false),
        ),
        ("{{ coalesce(input.a.b[0].c, 1) }}", json!(1)),
        ("{{ coalesce(input.q.r.s[0], input.a.e) }}", json!("")),
        ("{{ coalesce(input.q.r, input.a.n) }}", json!(null)),
        (
            "{{ coalesce(input.q, coalesce(input.r.s, 3)) + 1 }}",
            json!(4),
        ),
        ("{{ -coalesce(input.q, 3) }}", json!(-3)),
        ("{{ coalesce(input.q, 'a') ~ 'b' | upper }}", json!("aB")),
        (
            "{{ 'yes' if coalesce(input.q, true) else 'no' }}",
            json!("yes"),
        ),
        (
            "{{ [coalesce(input.q, 'a'), {'b': coalesce(input.r.x, 1)}] }}",
            json!(["a", {"b": 1}]),
        ),
        (
            "{% for x in coalesce(input.q.r, [1, 2]) %}{{ x }}{% endfor %}",
            json!("12"),
        ),
        (
            "{% for x in input.a.b %}{{ coalesce(x.d.e, loop.index) }}{% endfor %}",
            json!("1"),
        ),
    ] {
        assert_eq!(rendered(template, &input).await, Ok(expected), "{template}");
    }
    for (template, part) in [
        ("{{ coalesce(input.q | upper, 1) }}", "`input.q` is missing"),
        ("{{ input | get('q', input.r) }}", "`input.r` is missing"),
        ("{{ input | get(input.q, 1) }}", "`input.q` is missing"),
        ("{{ input | get('q', 1, default=2) }}", "given twice"),
        ("{{ input | get(none) }}", "needs a path as text"),
    ] {
        let error = rendered(template, &input).await.expect_err(template);
        assert!(error.contains(part), "{template}: {error}");
    }
}

/// A node that is skipped, one that fails, and one that gives an object of a known shape.
fn branches(value: &Value) -> Value {
    json!({
        "input": {"type": "object", "properties": {"text": {"type": "string"}}},
        "nodes": [
            {"id": "skipped", "type": "TransformNode", "when": "false", "needs": [], "data": {"value": {"a": {"b": 1}}}},
            {"id": "failed", "type": "TransformNode", "needs": [], "on_error": "continue", "data": {"value": "{{ input.text | int }}"}},
            {"id": "made-1", "type": "TransformNode", "needs": [], "data": {"value": {"a": {"b": 2}}}},
            {"id": "late", "type": "TransformNode", "needs": [], "data": {"value": 1}},
            {"id": "end", "type": "TransformNode", "needs": ["skipped", "failed", "made-1"], "data": {"value": value}},
        ],
        "output": "{{ end.output }}",
    })
}

#[tokio::test(start_paused = true)]
async fn a_node_without_output_counts_as_missing() {
    for (template, expected) in [
        ("{{ skipped | get('output.a.b', 7) }}", json!(7)),
        ("{{ skipped.output | get('a.b', 7) }}", json!(7)),
        ("{{ skipped.output.a | get('b', 7) }}", json!(7)),
        ("{{ skipped | get('status') }}", json!("skipped")),
        ("{{ failed | get('output', 'none') }}", json!("none")),
        ("{{ failed | get('error.code') }}", json!("template_error")),
        ("{{ skipped | get('error.code') }}", json!(null)),
        (
            "{{ coalesce(skipped.output.a.b, failed.output, made_1.output.a.b) }}",
            json!(2),
        ),
        ("{{ made_1 | get('output.a.b') }}", json!(2)),
        ("{{ made_1 | get('output.' ~ 'x', 9) }}", json!(9)),
    ] {
        let (_, events) = run(&branches(&json!(template)), json!({"text": "x"})).await;
        assert_eq!(output_of(&events), expected, "{template}");
    }
}

fn faults(template: &str) -> Vec<Fault> {
    let refused =
        Workflow::from_spec(&branches(&json!(template)), &registry(&Probe::default())).err();
    refused.map_or_else(Vec::new, workflow_core::InvalidWorkflow::into_faults)
}

#[test]
fn a_name_that_cannot_exist_is_still_a_fault() {
    use FaultCode::{NotAnAncestor, TemplateSyntax, UnknownFieldReference, UnknownReference};
    for (template, code, part) in [
        (
            "{{ nobody | get('output', 1) }}",
            UnknownReference,
            "`nobody`",
        ),
        (
            "{{ coalesce(nobody.output, 1) }}",
            UnknownReference,
            "`nobody`",
        ),
        (
            "{{ skipped | get('result', 1) }}",
            UnknownReference,
            "`skipped.result`",
        ),
        (
            "{{ coalesce(skipped.result, 1) }}",
            UnknownReference,
            "`skipped.result`",
        ),
        (
            "{{ coalesce(skipped, 1) }}",
            UnknownReference,
            "not a value",
        ),
        ("{{ late | get('output', 1) }}", NotAnAncestor, "`late`"),
        ("{{ coalesce(late.output, 1) }}", NotAnAncestor, "`late`"),
        (
            "{{ coalesce(made-1.output.a, 1) }}",
            UnknownReference,
            "`made-1` subtracts",
        ),
        (
            "{{ skipped | get('output.a.x', 1) }}",
            UnknownFieldReference,
            "`skipped.output.a.x`",
        ),
        (
            "{{ skipped.output | get('x.y', 1) }}",
            UnknownFieldReference,
            "`skipped.output.x`",
        ),
        (
            "{{ coalesce(skipped.output.x, 1) }}",
            UnknownFieldReference,
            "`skipped.output.x`",
        ),
        (
            "{{ input | get('txt', 1) }}",
            UnknownFieldReference,
            "`input.txt`",
        ),
        ("{{ coalesce() }}", TemplateSyntax, "one or more values"),
        (
            "{{ coalesce(*input) }}",
            TemplateSyntax,
            "one or more values",
        ),
        (
            "{{ coalesce(a=input) }}",
            TemplateSyntax,
            "one or more values",
        ),
        ("{{ input.coalesce() }}", TemplateSyntax, "no methods"),
    ] {
        let found = faults(template);
        assert_eq!(found.len(), 1, "{template}: {found:?}");
        assert_eq!(found[0].code, code, "{template}: {}", found[0].detail);
        assert!(
            found[0].detail.contains(part),
            "{template}: {}",
            found[0].detail
        );
    }
    for template in [
        "{{ input | get('text', 1) }}",
        "{{ input | get('text') }}{{ coalesce(input.text, skipped.output.a.b) }}",
        // Also handled by `default`, so it may be missing.
        "{{ input.txt | default('') }}{{ input | get('txt') }}",
    ] {
        assert_eq!(faults(template), [], "{template}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_node_may_have_the_name_of_the_function() {
    let spec = json!({"nodes": [
        {"id": "coalesce", "type": "TransformNode", "data": {"value": {"get": 1}}},
        {"id": "end", "type": "TransformNode", "data": {"value": "{{ [coalesce.output.get, coalesce(input.x, coalesce.output.get)] }}"}},
    ]});
    let (_, events) = run(&spec, json!({})).await;
    assert_eq!(output_of(&events), json!([1, 1]));
}

#[test]
fn other_languages_have_hints() {
    for (template, hint) in [
        ("{{ input.a ?? 1 }}", "coalesce(a, b)"),
        ("{{ input?.a }}", "| get('b')"),
        ("{{ input.a | coalesce(1) }}", "coalesce(a, b)"),
        ("{{ ifnull(input.a, 1) }}", "coalesce(a, b)"),
        ("{{ input.get('a') }}", "| get('name')"),
        ("{{ input.a | from_json }}", "| fromjson"),
    ] {
        let found = faults(template);
        let hints: Vec<_> = found
            .iter()
            .filter_map(|fault| fault.hint.as_deref())
            .collect();
        assert!(
            hints.iter().any(|found| found.contains(hint)),
            "{template}: {found:?}"
        );
    }
}
