//! A run that moves from engine to engine, at every event of its log.

use std::sync::Arc;

use serde_json::{Value, json};
use workflow_core::{EventKind, Runs, StepEvent, fleet::DriveEnd, testing::CrashAfter};

use crate::{Fleet, drive, events, open_wait, pass, reader};

/// Workflows with every kind of container and wait.
fn workflows() -> Vec<(&'static str, Value)> {
    let step = |id: &str, needs: &[&str]| json!({"id": id, "type": "Script", "needs": needs, "data": {"millis": 10, "say": ["t", "ext"]}});
    vec![
        (
            "chain",
            json!([step("a", &[]), step("b", &["a"]), step("c", &["b"])]),
        ),
        (
            "diamond",
            json!([
                step("a", &[]),
                {"id": "b", "type": "Script", "needs": ["a"], "retry": 3, "data": {"failures": 1, "retryable": true, "millis": 10}},
                step("c", &["a"]),
                step("d", &["b", "c"]),
            ]),
        ),
        (
            "map",
            json!([
                {"id": "each", "type": "MapNode", "data": {"over": "[1, 2, 3, 4, 5]", "concurrency": 2, "nodes": [step("x", &[])]}},
                step("after", &["each"]),
            ]),
        ),
        (
            "loop",
            json!([
                {"id": "rounds", "type": "LoopNode", "data": {"max": 3, "until": "x.output == 'never'", "nodes": [step("x", &[])]}},
                step("after", &["rounds"]),
            ]),
        ),
        (
            "person",
            json!([
                step("a", &[]),
                {"id": "ask", "type": "HumanNode", "needs": ["a"], "data": {"message": "Go?"}},
                step("b", &["ask"]),
            ]),
        ),
        (
            "delay",
            json!([step("a", &[]), {"id": "wait", "type": "DelayNode", "needs": ["a"], "data": {"for": "3h"}}, step("b", &["wait"])]),
        ),
    ]
}

/// Drives a run to its end with one engine: answers its person, waits for its times.
async fn finish(fleet: &Fleet, run: workflow_core::RunId) {
    let engine = fleet.engine().await;
    loop {
        match engine.drive(run).await.unwrap() {
            DriveEnd::Ended => return,
            DriveEnd::Suspended(Some(_)) => pass(3 * 60 * 60 * 1_000 + 1_000).await,
            DriveEnd::Suspended(None) => {
                let wait = open_wait(&fleet.log(run).await);
                let answering = tokio::spawn({
                    let engine = Arc::clone(&engine);
                    async move { engine.answer(run, wait, json!("yes")).await }
                });
                pass(1).await;
                engine.drive(run).await.unwrap();
                answering.await.unwrap().unwrap();
            }
        }
    }
}

fn is_done(log: &[StepEvent]) -> bool {
    matches!(log.last().unwrap().kind, EventKind::RunCompleted(_))
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_engine_dies_after_any_event_ends_on_another() {
    for (name, nodes) in workflows() {
        let whole = {
            let fleet = Fleet::new();
            let engine = fleet.engine().await;
            let run = fleet.start(&engine, nodes.clone()).await;
            finish(&fleet, run).await;
            fleet.log(run).await.len() as u64
        };
        for cut in 1..whole {
            let fleet = Fleet::new();
            let watcher = fleet.engine().await;
            let crashing = Arc::new(CrashAfter::new(Arc::clone(&fleet.store), cut));
            let dying = fleet.engine_on(Arc::clone(&crashing) as Arc<_>).await;
            let run = fleet.start(&watcher, nodes.clone()).await;
            let reader = reader(&watcher, run).await;
            let driving = drive(&dying, run);
            // It is suspended before the event at which it would die, or it dies.
            tokio::select! {
                _ = crashing.crashed() => {}
                end = async { loop { if driving.is_finished() { break } pass(10).await } } => end,
            }
            let before = fleet.log(run).await;
            driving.abort();
            drop(dying);
            fleet.probe.taken();
            finish(&fleet, run).await;
            let log = fleet.log(run).await;
            assert!(is_done(&log), "{name}, cut after {cut}");
            assert_eq!(
                log[..before.len()],
                before,
                "{name}, cut after {cut}: what was stored stays"
            );
            let seen = events(&reader.await.unwrap());
            assert_eq!(
                seen, log,
                "{name}, cut after {cut}: the follower has seen it all"
            );
            for event in &before {
                if let EventKind::NodeCompleted(completed) = &event.kind
                    && !completed.step.path().as_str().contains('/')
                {
                    let again = fleet
                        .probe
                        .count(&format!("start {}", completed.step.node()));
                    assert_eq!(
                        again,
                        0,
                        "{name}, cut after {cut}: {} was executed again",
                        completed.step.node()
                    );
                }
            }
        }
    }
}
