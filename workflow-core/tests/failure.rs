//! Failures: whether they are retried, after which wait, and what they end.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use std::time::Duration;

use serde_json::{Value, json};
use support::{Probe, brief, output_of, parsed, run_all, workflow};
use workflow_core::{EventKind, StepEvent};

fn error_of(events: &[StepEvent]) -> Value {
    match &events.last().unwrap().kind {
        EventKind::RunFailed(failed) => serde_json::to_value(&failed.error).unwrap(),
        other => panic!("the run did not fail: {other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_failing_node_fails_its_run_and_stops_its_siblings() {
    let probe = Probe::default();
    let two = workflow(
        &probe,
        &[
            ("bad", &[], json!({"millis": 10, "failures": 1})),
            ("sibling", &[], json!({"millis": 1_000})),
            ("after", &["sibling"], json!({})),
        ],
    );
    let events = run_all(&two).await;
    assert_eq!(
        brief(&events)[4..],
        ["node.failed bad", "node.cancelled sibling", "run.failed"]
    );
    assert_eq!(
        probe.taken(),
        ["start bad", "start sibling", "drop sibling"]
    );
    assert_eq!(
        error_of(&events),
        json!({"type": "/problems/scripted", "title": "Scripted", "code": "scripted", "detail": "attempt 1 of bad fails"})
    );
}

#[tokio::test(start_paused = true)]
async fn a_panic_fails_its_run_only() {
    let probe = Probe::default();
    let spec =
        json!({"nodes": [{"id": "a", "type": "Script", "data": {"panics": true}, "retry": 3}]});
    let events = run_all(&parsed(&probe, &spec)).await;
    assert_eq!(error_of(&events)["code"], "panicked");
    assert_eq!(probe.count("start a"), 1, "a panic is not tried again");
}

#[tokio::test(start_paused = true)]
async fn retryable_errors_are_retried_as_the_policy_says() {
    let probe = Probe::default();
    let spec = json!({"nodes": [{"id": "a", "type": "Script", "data": {"failures": 2, "retryable": true},
        "retry": {"max_attempts": 3, "delay": "100ms", "factor": 3, "jitter": false}}]});
    let begun = tokio::time::Instant::now();
    let events = run_all(&parsed(&probe, &spec)).await;
    assert_eq!(output_of(&events), "a");
    assert_eq!(
        begun.elapsed().as_millis() / 10 * 10,
        400,
        "waits of 100 and 300 ms"
    );
    let waits: Vec<u64> = events
        .iter()
        .filter_map(|event| {
            if let EventKind::NodeRetrying(retrying) = &event.kind {
                Some(retrying.next_in_ms)
            } else {
                None
            }
        })
        .collect();
    assert_eq!(waits, [100, 300]);
    let EventKind::RunCompleted(completed) = &events.last().unwrap().kind else {
        panic!()
    };
    assert_eq!(completed.usage.input_tokens, 30, "failed attempts count");
}

#[tokio::test(start_paused = true)]
async fn the_last_attempt_and_lasting_errors_are_final() {
    let probe = Probe::default();
    let exhausted = json!({"nodes": [{"id": "a", "type": "Script", "data": {"failures": 9, "retryable": true}, "retry": 2}]});
    assert_eq!(
        error_of(&run_all(&parsed(&probe, &exhausted)).await)["detail"],
        "attempt 2 of a fails"
    );
    let lasting =
        json!({"nodes": [{"id": "b", "type": "Script", "data": {"failures": 9}, "retry": 5}]});
    assert_eq!(
        error_of(&run_all(&parsed(&probe, &lasting)).await)["detail"],
        "attempt 1 of b fails"
    );
    assert_eq!((probe.count("start a"), probe.count("start b")), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn no_attempt_is_sooner_than_requested() {
    let probe = Probe::default();
    let spec = json!({"nodes": [{"id": "a", "type": "Script", "retry": {"max_attempts": 2, "delay": "1ms"},
        "data": {"failures": 1, "retryable": true, "retry_after_ms": 36_000}}]});
    let begun = tokio::time::Instant::now();
    run_all(&parsed(&probe, &spec)).await;
    assert!(begun.elapsed() >= Duration::from_secs(36));
}

#[tokio::test(start_paused = true)]
async fn a_requested_wait_that_is_too_long_fails_at_once_and_is_named() {
    let probe = Probe::default();
    let spec = json!({"nodes": [{"id": "a", "type": "Script", "retry": 5,
        "data": {"failures": 1, "retryable": true, "retry_after_ms": 61_000}}]});
    let begun = tokio::time::Instant::now();
    let error = error_of(&run_all(&parsed(&probe, &spec)).await);
    assert_eq!(begun.elapsed(), Duration::ZERO);
    assert_eq!(error["retry_after_ms"], 61_000);
    assert_eq!(
        error["hint"],
        "not retried: asked to wait 61 s, at most 60 s are waited"
    );
}

#[tokio::test(start_paused = true)]
async fn a_timeout_is_per_attempt_and_retryable() {
    let probe = Probe::default();
    let spec = json!({"nodes": [{"id": "a", "type": "Script", "timeout": "50ms", "data": {"millis": 80},
        "retry": {"max_attempts": 2, "delay": "10ms", "jitter": false}}]});
    let begun = tokio::time::Instant::now();
    let events = run_all(&parsed(&probe, &spec)).await;
    assert_eq!(error_of(&events)["code"], "timeout");
    assert_eq!(probe.taken(), ["start a", "drop a", "start a", "drop a"]);
    assert_eq!(begun.elapsed().as_millis() / 5 * 5, 110);
}

#[tokio::test(start_paused = true)]
async fn a_missing_value_names_the_path_and_the_keys_there_are() {
    let probe = Probe::default();
    let spec = json!({"nodes": [
        {"id": "a", "type": "TransformNode", "data": {"value": "{{ {'kind': 'bug', 'text': input} }}"}},
        {"id": "b", "type": "PromptNode", "data": {"template": "{{ a.output.knid }}"}, "retry": 5},
    ]});
    let events = run_all(&parsed(&probe, &spec)).await;
    assert_eq!(brief(&events)[5..], ["node.failed b", "run.failed"]);
    let error = error_of(&events);
    assert_eq!(error["code"], "template_error");
    assert_eq!(
        error["detail"],
        "`a.output.knid` is missing: `a.output` has `kind`, `text`"
    );
    assert_eq!(error["hint"], "did you mean `a.output.kind`?");
}

#[tokio::test(start_paused = true)]
async fn a_missing_value_in_the_output_of_the_run_keeps_its_hint() {
    let probe = Probe::default();
    let spec = json!({"output": "{{ a.output.knid.name }}", "nodes": [
        {"id": "a", "type": "TransformNode", "data": {"value": "{{ {'kind': {'name': input}} }}"}},
    ]});
    let events = run_all(&parsed(&probe, &spec)).await;
    let error = error_of(&events);
    assert_eq!(error["code"], "output_error");
    assert_eq!(error["hint"], "did you mean `a.output.kind.name`?");
}

#[tokio::test(start_paused = true)]
async fn an_output_over_its_bound_is_an_error() {
    let probe = Probe::default();
    let spec = json!({"nodes": [{"id": "a", "type": "TransformNode", "data": {"value": ["{{ input }}", "{{ input }}"]}}]});
    let long = "x".repeat(600 * 1024);
    let run = workflow_core::Executor::new().run(parsed(&probe, &spec), long.into());
    assert_eq!(
        error_of(&support::collect(run).await)["code"],
        "output_too_large"
    );
}

#[tokio::test(start_paused = true)]
async fn siblings_are_dropped_before_the_failure_is_reported() {
    use futures::StreamExt;
    use workflow_core::Update;
    let probe = Probe::default();
    let two = workflow(
        &probe,
        &[
            ("bad", &[], json!({"millis": 10, "failures": 1})),
            ("sibling", &[], json!({"millis": 1_000})),
        ],
    );
    let mut run = workflow_core::Executor::new().run(two, json!(null));
    while let Some(update) = run.next().await {
        if let Update::Event(event) = update
            && event.kind.name() == "node.failed"
        {
            assert_eq!(probe.count("drop sibling"), 1);
            return;
        }
    }
    panic!("nothing failed");
}

/// Panics before it returns its future.
#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Hasty {}

impl workflow_core::Node for Hasty {
    fn run<'a, 'c, 'b>(
        &'a self,
        _: &'c workflow_core::NodeContext,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<Value, workflow_core::NodeError>> + Send + 'b>>
    where
        'a: 'b,
        'c: 'b,
        Self: 'b,
    {
        panic!("before any future")
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_before_the_first_await_is_caught_too() {
    let mut registry = workflow_core::Registry::new();
    registry.register::<Hasty>("Hasty");
    let spec = json!({"nodes": [{"id": "a", "type": "Hasty"}]});
    let workflow = workflow_core::Workflow::from_spec(&spec, &registry).unwrap();
    let run = workflow_core::Executor::new().run(std::sync::Arc::new(workflow), json!(null));
    assert_eq!(
        error_of(&support::collect(run).await)["detail"],
        "the node panicked: before any future"
    );
}
