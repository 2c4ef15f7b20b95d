//! Dropping a run, and cancelling one.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use std::{sync::Arc, time::Duration};

use futures::{StreamExt, poll};
use serde_json::json;
use support::{Probe, brief, registry, workflow};
use workflow_core::{EventKind, Executor, LocalEngine, NewRun, RunStatus, Runs, Update, Workflows};

#[tokio::test(start_paused = true)]
async fn dropping_a_run_drops_its_nodes() {
    let probe = Probe::default();
    let slow = workflow(
        &probe,
        &[
            ("a", &[], json!({"millis": 1_000})),
            ("b", &[], json!({"millis": 1_000})),
        ],
    );
    let mut run = Executor::new().run(slow, json!(null));
    while poll!(run.next()).is_ready() {}
    drop(run);
    let mut noted = probe.taken();
    noted.sort_unstable();
    assert_eq!(noted, ["drop a", "drop b", "start a", "start b"]);
}

#[tokio::test(start_paused = true)]
async fn nothing_happens_before_a_run_is_polled() {
    let probe = Probe::default();
    let run = Executor::new().run(workflow(&probe, &[("a", &[], json!({}))]), json!(null));
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(probe.taken(), [""; 0]);
    drop(run);
}

async fn engine_with(probe: &Probe, nodes: serde_json::Value) -> (Arc<LocalEngine>, NewRun) {
    let engine = Arc::new(LocalEngine::builder(registry(probe)).build());
    let stored = engine
        .create_workflow(json!({ "nodes": nodes }))
        .await
        .unwrap();
    (engine, NewRun::new(stored.record.id, "in".into()))
}

#[tokio::test(start_paused = true)]
async fn cancel_stops_what_works_and_starts_nothing() {
    let probe = Probe::default();
    let nodes = json!([
        {"id": "a", "type": "Script", "data": {"millis": 1_000}},
        {"id": "b", "type": "Script"},
    ]);
    let (engine, new) = engine_with(&probe, nodes).await;
    let run = engine.start(new).await.unwrap();
    tokio::time::sleep(Duration::from_millis(10)).await;
    let cancelled = engine.cancel(run.id).await.unwrap();
    assert_eq!(cancelled.head.status, RunStatus::Cancelled);
    assert_eq!(probe.taken(), ["start a", "drop a"]);
    let events = engine.read_events(run.id, 0, 100).await.unwrap();
    assert_eq!(
        brief(&events)[2..],
        ["node.started a", "node.cancelled a", "run.cancelled"]
    );
    let again = engine.cancel(run.id).await.unwrap();
    assert_eq!(again, cancelled, "a second cancel changes nothing");
}

#[tokio::test(start_paused = true)]
async fn cancel_during_a_back_off_ends_the_wait() {
    let probe = Probe::default();
    let nodes = json!([{"id": "a", "type": "Script", "retry": {"max_attempts": 2, "delay": "1h", "max_delay": "1h", "jitter": false},
        "data": {"failures": 1, "retryable": true}}]);
    let (engine, new) = engine_with(&probe, nodes).await;
    let run = engine.start(new).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let begun = tokio::time::Instant::now();
    engine.cancel(run.id).await.unwrap();
    assert_eq!(begun.elapsed(), Duration::ZERO);
    assert_eq!(probe.taken(), ["start a"]);
}

#[tokio::test(start_paused = true)]
async fn a_queued_run_can_be_cancelled_before_it_starts() {
    let probe = Probe::default();
    let engine = LocalEngine::builder(registry(&probe))
        .with_max_running(1)
        .with_max_queued(1)
        .build();
    let stored = engine
        .create_workflow(
            json!({"nodes": [{"id": "a", "type": "Script", "data": {"millis": 1_000}}]}),
        )
        .await
        .unwrap();
    let first = engine
        .start(NewRun::new(stored.record.id, json!(1)))
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(1)).await;
    let second = engine
        .start(NewRun::new(stored.record.id, json!(2)))
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(1)).await;
    let third = engine.start(NewRun::new(stored.record.id, json!(3))).await;
    assert_eq!(
        third.unwrap_err().to_string(),
        "no more runs are accepted now: the limit `queued_runs` of 1 is reached"
    );
    assert_eq!(second.head.status, RunStatus::Queued);
    assert_eq!(
        engine.cancel(second.id).await.unwrap().head.status,
        RunStatus::Cancelled
    );
    assert_eq!(probe.count("start a"), 1);
    let updates: Vec<Update> = engine.events(first.id, 0).await.unwrap().collect().await;
    let Some(Update::Event(last)) = updates.last() else {
        panic!()
    };
    assert!(
        matches!(last.kind, EventKind::RunCompleted(_)),
        "the other run goes on"
    );
}

#[tokio::test(start_paused = true)]
async fn shutdown_leaves_nothing_working() {
    let probe = Probe::default();
    let nodes = json!([{"id": "a", "type": "Script", "data": {"millis": 1_000_000}}]);
    let (engine, new) = engine_with(&probe, nodes).await;
    let run = engine.start(new).await.unwrap();
    tokio::time::sleep(Duration::from_millis(1)).await;
    engine.shutdown(Duration::from_millis(10)).await;
    assert_eq!(probe.taken(), ["start a", "drop a"]);
    let refused = engine.cancel(run.id).await.unwrap_err();
    assert_eq!(refused.to_string(), "the engine is shutting down");
}

#[tokio::test(start_paused = true)]
async fn starts_at_the_same_time_share_one_bound() {
    let probe = Probe::default();
    let engine = LocalEngine::builder(registry(&probe))
        .with_max_running(2)
        .with_max_queued(3)
        .build();
    let spec = json!({"nodes": [{"id": "a", "type": "Script", "data": {"millis": 1_000}}]});
    let stored = engine.create_workflow(spec).await.unwrap();
    let starts = (0..50).map(|_| engine.start(NewRun::new(stored.record.id, json!(null))));
    let started = futures::future::join_all(starts).await;
    assert_eq!(started.iter().filter(|start| start.is_ok()).count(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_deleted_workflow_is_not_started_in_any_version() {
    let probe = Probe::default();
    let nodes = json!([{"id": "a", "type": "Script"}]);
    let (engine, new) = engine_with(&probe, nodes).await;
    engine.delete_workflow(new.workflow_id, None).await.unwrap();
    let mut first = new.clone();
    first.version = Some(1);
    for new in [new, first] {
        let refused = engine.start(new).await.unwrap_err();
        assert!(refused.to_string().starts_with("there is no workflow"));
    }
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_failed_keeps_its_error_when_its_step_is_cancelled_in_the_back_off() {
    let engine = LocalEngine::builder(registry(&Probe::default())).build();
    let spec = json!({"nodes": [{"id": "a", "type": "Script", "retry": {"max_attempts": 3, "delay": "10s", "jitter": false},
        "data": {"failures": 1, "retryable": true}}]});
    let workflow = engine.create_workflow(spec).await.unwrap().record;
    let run = engine
        .start(NewRun::new(workflow.id, json!(null)))
        .await
        .unwrap()
        .id;
    tokio::time::sleep(Duration::from_secs(1)).await;
    engine.cancel(run).await.unwrap();
    let history = engine.step_history(run, &"a".into()).await.unwrap();
    let [attempt] = history.attempts.as_slice() else {
        panic!("{history:?}");
    };
    assert_eq!(attempt.error.as_ref().unwrap().code, "scripted");
    assert!(attempt.report.is_some(), "its tokens were paid");
}
