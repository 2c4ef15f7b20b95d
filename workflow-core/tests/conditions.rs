//! Conditions, skips and handled failures: what is taken, what is not, and what comes out.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use support::{Probe, brief, collect, failure, output_of, parsed, run};
use workflow_core::{EngineError, Executor, LocalEngine, NewRun, Runs, Workflows};

fn triage() -> Value {
    json!({"nodes": [
        {"id": "classify", "type": "TransformNode", "data": {"value": {"kind": "{{ input }}"}}},
        {"id": "refund", "type": "Script", "when": "classify.output.kind == 'refund'"},
        {"id": "general", "type": "Script", "needs": ["classify"], "when": "classify.output.kind != 'refund'"},
        {"id": "answer", "type": "PromptNode", "needs": ["refund", "general"],
         "data": {"template": "{{ refund.output | default(general.output) }}"}},
    ], "output": {"kind": "{{ classify.output.kind }}", "reply": "{{ answer.output }}", "refund": "{{ refund.status }}"}})
}

#[tokio::test(start_paused = true)]
async fn an_if_else_diamond_joins_without_tricks() {
    for (input, taken, skipped) in [
        ("refund", "refund", "general"),
        ("bug", "general", "refund"),
    ] {
        let (probe, events) = run(&triage(), input.into()).await;
        let status = if taken == "refund" {
            "completed"
        } else {
            "skipped"
        };
        assert_eq!(
            output_of(&events),
            json!({"kind": input, "reply": taken, "refund": status})
        );
        assert!(brief(&events).contains(&format!("node.skipped {skipped}")));
        assert_eq!(
            probe.taken(),
            [format!("start {taken}"), format!("end {taken}")]
        );
    }
}

#[tokio::test(start_paused = true)]
async fn skips_spread_only_where_everything_needed_is_skipped() {
    let spec = json!({"nodes": [
        {"id": "a", "type": "Script", "when": "input == 'never'"},
        {"id": "b", "type": "Script"},
        {"id": "c", "type": "Script", "needs": ["b"]},
        {"id": "live", "type": "Script", "needs": []},
        {"id": "join", "type": "Script", "needs": ["c", "live"]},
    ]});
    let (_, events) = run(&spec, "x".into()).await;
    let skipped: Vec<Value> = events
        .iter()
        .filter(|event| event.kind.name() == "node.skipped")
        .map(|event| serde_json::to_value(event).unwrap_or_default())
        .collect();
    let names: Vec<_> = skipped
        .iter()
        .map(|event| (&event["path"], &event["reason"]))
        .collect();
    assert_eq!(
        names,
        [
            (&json!("a"), &json!("when_false")),
            (&json!("b"), &json!("needs_skipped")),
            (&json!("c"), &json!("needs_skipped")),
        ]
    );
    assert_eq!(output_of(&events), "join");
}

#[tokio::test(start_paused = true)]
async fn a_run_in_which_all_is_skipped_completes_with_null() {
    let spec = json!({"nodes": [{"id": "a", "type": "Script", "when": "false"}]});
    let (_, events) = run(&spec, json!(null)).await;
    assert_eq!(output_of(&events), json!(null));
}

#[tokio::test(start_paused = true)]
async fn a_run_continues_after_a_handled_failure() {
    let with = |on_error: Value| {
        json!({"nodes": [
            {"id": "a", "type": "Script", "on_error": on_error, "data": {"failures": 1}},
            {"id": "b", "type": "TransformNode", "data": {"value":
                ["{{ a.status }}", "{{ a.error.code }}", "{{ a.output | default('none') }}"]}},
        ]})
    };
    let (_, events) = run(&with(json!("continue")), json!(null)).await;
    assert_eq!(output_of(&events), json!(["failed", "scripted", "none"]));
    let (_, events) = run(&with(json!({"output": {"k": 1}})), json!(null)).await;
    assert_eq!(output_of(&events), json!(["failed", "scripted", {"k": 1}]));
    let (_, events) = run(&with(json!("fail")), json!(null)).await;
    assert_eq!(failure(&events), "scripted: attempt 1 of a fails");
}

#[tokio::test(start_paused = true)]
async fn a_condition_that_cannot_be_evaluated_fails_its_node() {
    let spec = json!({"nodes": [
        {"id": "a", "type": "TransformNode", "data": {"value": "{{ {'k': 1} }}"}},
        {"id": "b", "type": "Script", "when": "a.output.gone == 1"},
    ]});
    let (probe, events) = run(&spec, json!(null)).await;
    assert_eq!(
        failure(&events),
        "template_error: `a.output.gone` is missing: `a.output` has `k`"
    );
    assert_eq!(probe.taken(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn an_output_that_cannot_be_rendered_fails_the_run() {
    let spec = json!({"output": "{{ a.output.gone }}", "nodes": [
        {"id": "a", "type": "TransformNode", "data": {"value": "{{ {'k': 1} }}"}},
    ]});
    let (_, events) = run(&spec, json!(null)).await;
    assert_eq!(
        failure(&events),
        "output_error: `a.output.gone` is missing: `a.output` has `k`"
    );
}

#[tokio::test(start_paused = true)]
async fn defaults_reach_the_nodes_that_say_nothing() {
    let spec = json!({"defaults": {"retry": {"max_attempts": 2, "delay": "1ms"}, "timeout": "50ms"}, "nodes": [
        {"id": "a", "type": "Script", "data": {"failures": 1, "retryable": true}},
        {"id": "b", "type": "Script", "retry": 1, "data": {"millis": 80}},
    ]});
    let (probe, events) = run(&spec, json!(null)).await;
    assert_eq!(
        failure(&events),
        "timeout: the attempt took longer than 50ms"
    );
    assert_eq!((probe.count("start a"), probe.count("start b")), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn the_timeout_of_a_workflow_is_wall_time() {
    let spec = json!({"timeout": "1s", "nodes": [
        {"id": "a", "type": "Script", "data": {"millis": 600}},
        {"id": "b", "type": "Script", "data": {"millis": 600}},
    ]});
    let begun = tokio::time::Instant::now();
    let (_, events) = run(&spec, json!(null)).await;
    assert_eq!(
        failure(&events),
        "timeout: the run took longer than its workflow allows"
    );
    assert_eq!(begun.elapsed().as_millis() / 10, 100);
    assert!(brief(&events).contains(&"node.cancelled b".to_owned()));

    let probe = Probe::default();
    let resumed = Executor::new()
        .resume(parsed(&probe, &spec), &events[..4])
        .unwrap();
    tokio::time::sleep(Duration::from_secs(5)).await;
    let rest = collect(resumed).await;
    assert_eq!(
        failure(&rest),
        "timeout: the run took longer than its workflow allows"
    );
}

#[tokio::test(start_paused = true)]
async fn an_input_that_does_not_fit_starts_nothing() {
    let spec = json!({"input": {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}},
        "nodes": [{"id": "a", "type": "Script"}]});
    let (probe, events) = run(&spec, json!({"text": 1})).await;
    assert_eq!(brief(&events), ["run.created", "run.failed"]);
    assert_eq!(
        failure(&events),
        "invalid_input: the input is not what the workflow takes"
    );
    assert_eq!(probe.taken(), [""; 0]);

    let engine = LocalEngine::builder(support::registry(&probe)).build();
    let stored = engine.create_workflow(spec).await.unwrap();
    let refused = engine
        .start(NewRun::new(stored.record.id, json!({"text": 1})))
        .await;
    let Err(EngineError::InvalidInput(faults)) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(faults[0].pointer, "#/input/text");
    let long = json!({"text": vec!["x"; 10_000]});
    let refused = engine.start(NewRun::new(stored.record.id, long)).await;
    let Err(EngineError::InvalidInput(faults)) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(faults[0].detail, "value is not of type \"string\"");
    assert!(
        engine
            .runs(workflow_core::record::RunQuery::default())
            .await
            .unwrap()
            .items
            .is_empty()
    );
}

#[tokio::test(start_paused = true)]
async fn every_prefix_of_a_run_with_skips_and_handled_failures_ends_the_same() {
    let spec = json!({"nodes": [
        {"id": "a", "type": "Script", "on_error": {"output": "instead"}, "data": {"failures": 1}},
        {"id": "b", "type": "Script", "when": "a.output != 'instead'"},
        {"id": "c", "type": "TransformNode", "needs": ["a", "b"], "data": {"value": "{{ b.output | default(a.output) }}"}},
    ]});
    let probe = Probe::default();
    let workflow = parsed(&probe, &spec);
    let whole = collect(Executor::new().run(Arc::clone(&workflow), json!(null))).await;
    assert_eq!(output_of(&whole), "instead");
    for cut in 1..whole.len() {
        let rest = collect(
            Executor::new()
                .resume(Arc::clone(&workflow), &whole[..cut])
                .unwrap(),
        )
        .await;
        assert_eq!(rest.first().map(|event| event.seq), Some(cut as u64 + 1));
        // Only the attempt that was lost in flight gives another answer the second time.
        let expected = if cut == 3 { "b" } else { "instead" };
        assert_eq!(output_of(&rest), expected, "cut at {cut}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_step_that_must_not_happen_twice_fails_instead() {
    let spec = json!({"nodes": [{"id": "a", "type": "Script", "on_ambiguous": "fail"}]});
    let probe = Probe::default();
    let workflow = parsed(&probe, &spec);
    let whole = collect(Executor::new().run(Arc::clone(&workflow), json!(null))).await;
    probe.taken();
    let rest = collect(Executor::new().resume(workflow, &whole[..3]).unwrap()).await;
    assert!(failure(&rest).starts_with("ambiguous: "));
    assert_eq!(probe.taken(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_step_that_is_lost_repeatedly_fails() {
    let spec = json!({"nodes": [{"id": "a", "type": "Script", "data": {"millis": 10}}]});
    let workflow = parsed(&Probe::default(), &spec);
    let mut log = collect(Executor::new().run(Arc::clone(&workflow), json!(null))).await;
    log.truncate(3);
    for _ in 0..5 {
        let rest = collect(Executor::new().resume(Arc::clone(&workflow), &log).unwrap()).await;
        log.push(rest[0].clone());
        assert_eq!(rest[0].kind.name(), "node.started");
    }
    let rest = collect(Executor::new().resume(workflow, &log).unwrap()).await;
    assert!(failure(&rest).starts_with("recovery_exhausted: "));
}

#[tokio::test(start_paused = true)]
async fn a_log_cut_in_the_middle_of_a_cancel_ends_as_cancelled() {
    let spec = json!({"nodes": [
        {"id": "a", "type": "Script", "needs": [], "data": {"millis": 1_000}},
        {"id": "b", "type": "Script", "needs": [], "data": {"millis": 1_000}},
    ]});
    let probe = Probe::default();
    let engine = LocalEngine::builder(support::registry(&probe)).build();
    let stored = engine.create_workflow(spec.clone()).await.unwrap();
    let run = engine
        .start(NewRun::new(stored.record.id, json!(null)))
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(1)).await;
    engine.cancel(run.id).await.unwrap();
    let log = engine.read_events(run.id, 0, 100).await.unwrap();
    let cut = log
        .iter()
        .position(|event| event.kind.name() == "node.cancelled")
        .unwrap()
        + 1;
    let rest = collect(
        Executor::new()
            .resume(parsed(&probe, &spec), &log[..cut])
            .unwrap(),
    )
    .await;
    assert_eq!(brief(&rest), ["node.cancelled b", "run.cancelled"]);
}
