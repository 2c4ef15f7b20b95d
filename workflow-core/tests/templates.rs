//! What templates give, and what they cannot do.

mod support;

use serde_json::{Value, json};
use support::{Probe, collect, parsed};
use workflow_core::{EventKind, Executor};

/// Runs `value` as a `TransformNode` after a node `a` with this output.
async fn render(value: Value, output: Value) -> Result<Value, String> {
    let spec = json!({"nodes": [
        {"id": "a", "type": "Script", "data": {"output": "{{ input }}"}},
        {"id": "t", "type": "TransformNode", "data": {"value": value}},
    ]});
    let events = collect(Executor::new().run(parsed(&Probe::default(), &spec), output)).await;
    match events.last().map(|event| &event.kind) {
        Some(EventKind::RunCompleted(completed)) => Ok(completed.output.as_ref().clone()),
        Some(EventKind::RunFailed(failed)) => {
            Err(format!("{}: {}", failed.error.code, failed.error.detail))
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_whole_expression_keeps_its_type_and_mixed_text_does_not() {
    let output = json!({"n": 3, "f": 1.5, "b": true, "x": null, "l": [1, {"k": "v"}], "s": "<b>"});
    let cases = [
        ("{{ a.output }}", output.clone()),
        ("{{ a.output.n + 1 }}", json!(4)),
        (
            "n={{ a.output.n }} b={{ a.output.b }} x={{ a.output.x }}",
            json!("n=3 b=true x=null"),
        ),
        ("{{ a.output.l }}!", json!("[1,{\"k\":\"v\"}]!")),
        ("{{ a.output.s }}.", json!("<b>.")),
        ("{{ a.output | tojson }}.", json!(format!("{output}."))),
        ("{{ a.output.gone | default(null) }}", json!(null)),
        ("{{ a.status }}", json!("completed")),
        (
            "{% for i in a.output.l %}{{ loop.index }}{% endfor %}",
            json!("12"),
        ),
        ("line\n", json!("line\n")),
    ];
    for (template, expected) in cases {
        assert_eq!(
            render(json!(template), output.clone()).await,
            Ok(expected),
            "{template}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_missing_is_an_error_also_deep_inside() {
    let cases = [
        (
            "{{ a.output.gone }}",
            "`a.output.gone` is missing: `a.output` has `k`",
        ),
        (
            "{{ [a.output.gone] }}",
            "`a.output.gone` is missing: `a.output` has `k`",
        ),
        (
            "{{ {'x': a.output.k.deep} }}",
            "`a.output.k.deep` is missing: `a.output.k` is a string and has no fields",
        ),
        (
            "{% if a.output.gone %}x{% endif %}",
            "`a.output.gone` is missing: `a.output` has `k`",
        ),
        (
            "{{ a.error.code }}",
            "`a.error.code` is missing: `a` has `status`, `output`, `finish_reason`, `truncated`, `metadata`",
        ),
    ];
    for (template, expected) in cases {
        assert_eq!(
            render(json!(template), json!({"k": "v"})).await,
            Err(format!("template_error: {expected}")),
            "{template}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_model_wrote_is_never_rendered_again() {
    let evil = "{{ 7 * 7 }}{% for x in range(9) %}x{% endfor %}";
    assert_eq!(
        render(json!("{{ a.output }}|"), json!(evil)).await,
        Ok(json!(format!("{evil}|")))
    );
    assert_eq!(
        render(json!("{{ a.output }}"), json!(evil)).await,
        Ok(json!(evil))
    );
}

#[tokio::test(start_paused = true)]
async fn bombs_run_out_of_fuel() {
    let bombs = [
        "{{ [1]|batch(1000000000,1)|list }}",
        "{{ 'x' * 100000000 }}",
        "{% for a1 in range(100000) %}{% for b1 in range(100000) %}x{% endfor %}{% endfor %}{{ a.output }}",
        "{{ range(100000000) | list }}",
        "{% set s = 'xxxxxxxxxxxxxxxx' * 1000 %}{% for i in range(1000) %}{{ s }}{% endfor %}{{ a.output }}",
    ];
    for bomb in bombs {
        let refused = render(json!(bomb), json!("v")).await.expect_err(bomb);
        assert!(refused.starts_with("template_error"), "{bomb}: {refused}");
    }
}
