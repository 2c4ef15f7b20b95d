//! What the public test support promises.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::time::Duration;

use serde_json::{Value, json};
use workflow_core::{
    EventKind, Node, NodeContext, NodeError, Registry, RetryPolicy, StepEvent,
    node::PromptNode,
    testing::{AttemptEnd, Probe, Script, ScriptedAttempt, TestEngine, run_in_virtual_time},
};

/// An engine whose type `Work` follows a script, and whose type `Watched` is a prompt that a probe watches.
fn engine(probe: &Probe, script: impl Fn() -> Script + Send + Sync + 'static) -> TestEngine {
    let probe = probe.clone();
    TestEngine::new(move || {
        let mut registry = Registry::default();
        let retry = RetryPolicy::attempts(3);
        script().register(&mut registry, "Work").with_retry(retry);
        let probe = probe.clone();
        registry.register_with("Watched", move |node: PromptNode| probe.watch(node));
        registry
    })
}

fn spec() -> Value {
    json!({"nodes": [
        {"id": "work", "type": "Work", "data": {"anything": ["is", "accepted"]}},
        {"id": "note", "type": "Watched", "data": {"template": "{{ work.output }}!"}},
    ]})
}

fn output(log: &[StepEvent]) -> &Value {
    match &log.last().unwrap().kind {
        EventKind::RunCompleted(completed) => &completed.output,
        other => panic!("the run did not complete: {other:?}"),
    }
}

fn names(log: &[StepEvent]) -> Vec<&str> {
    log.iter().map(|event| event.kind.name()).collect()
}

/// Busy once, then done after a minute.
fn busy_once() -> Script {
    Script::new([
        ScriptedAttempt::error(|| {
            NodeError::new("busy", "try later").with_retry_after(Duration::from_secs(60))
        }),
        ScriptedAttempt::output("done")
            .with_text("do")
            .with_text("ne")
            .with_work(Duration::from_secs(60)),
    ])
}

#[test]
fn a_run_crashes_after_each_event_and_ends_all_the_same() {
    run_in_virtual_time(async {
        let whole = engine(&Probe::new(), busy_once)
            .run(&spec(), json!(1))
            .await;
        let whole = whole.unwrap();
        assert_eq!(output(&whole), "done!");
        for crash in 1..=whole.len() as u64 + 1 {
            let probe = Probe::new();
            let engine = engine(&probe, busy_once);
            let log = engine.run_with_crash_after(crash, &spec(), json!(1)).await;
            let log = log.unwrap();
            assert_eq!(output(&log), "done!", "after event {crash}");
            let numbers: Vec<u64> = log.iter().map(|event| event.seq).collect();
            assert_eq!(numbers, (1..=log.len() as u64).collect::<Vec<_>>());
            let kept = whole.len().min(usize::try_from(crash).unwrap());
            assert_eq!(names(&log)[..kept], names(&whole)[..kept]);
            assert!(probe.count("note", AttemptEnd::Completed) >= 1);
        }
    });
}

#[test]
fn an_attempt_that_is_lost_in_a_crash_is_taken_again_by_the_script() {
    run_in_virtual_time(async {
        let engine = engine(&Probe::new(), busy_once);
        // Event 3 starts the first attempt, which is lost: its successor is busy, as the script says.
        let log = engine.run_with_crash_after(3, &spec(), json!(1)).await;
        let log = log.unwrap();
        assert_eq!(names(&log)[2..4], ["node.started", "node.started"]);
        assert_eq!(names(&log)[4], "node.retrying");
        assert_eq!(output(&log), "done!");
    });
}

#[test]
fn a_crash_loses_the_result_of_an_attempt_that_has_ended() {
    run_in_virtual_time(async {
        let probe = Probe::new();
        let engine = engine(&probe, || Script::new([ScriptedAttempt::output("done")]));
        // Event 5 starts `note`; the event of its result is lost.
        engine
            .run_with_crash_after(5, &spec(), json!(1))
            .await
            .unwrap();
        assert_eq!(probe.count("note", AttemptEnd::Completed), 2);
    });
}

#[test]
fn work_and_waits_take_virtual_time() {
    run_in_virtual_time(async {
        let log = engine(&Probe::new(), busy_once)
            .run(&spec(), json!(1))
            .await;
        let log = log.unwrap();
        let took = log.last().unwrap().time.since(log[0].time);
        assert!(took >= Duration::from_secs(120), "{took:?}");
        assert!(took < Duration::from_secs(121), "{took:?}");
    });
}

#[test]
fn a_pending_attempt_runs_into_its_timeout() {
    run_in_virtual_time(async {
        let never = || Script::new([ScriptedAttempt::pending()]);
        let spec = json!({"nodes": [{"id": "work", "type": "Work", "timeout": "5s",
            "retry": {"max_attempts": 1}}]});
        let log = engine(&Probe::new(), never).run(&spec, json!(1)).await;
        assert_eq!(log.unwrap().last().unwrap().kind.name(), "run.failed");
    });
}

#[test]
fn a_crash_drops_the_attempts_of_the_first_engine() {
    run_in_virtual_time(async {
        let probe = Probe::new();
        let watching = probe.clone();
        let engine = TestEngine::new(move || {
            let mut registry = Registry::default();
            let probe = watching.clone();
            registry.register_with("Work", move |_: Anything| probe.watch(Slow));
            registry
        });
        let spec = json!({"nodes": [
            {"id": "work", "type": "Work", "needs": []},
            {"id": "quick", "type": "PromptNode", "needs": [], "data": {"template": "{{ input }}"}},
        ]});
        // Both steps have started; the result of the quick one is lost.
        engine
            .run_with_crash_after(4, &spec, json!(1))
            .await
            .unwrap();
        let ends: Vec<_> = probe
            .attempts()
            .iter()
            .map(|it| (it.attempt, it.end))
            .collect();
        assert_eq!(ends, [(1, AttemptEnd::Dropped), (2, AttemptEnd::Completed)]);
    });
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Anything {}

/// Works for a minute.
struct Slow;

#[async_trait::async_trait]
impl Node for Slow {
    async fn run(&self, _: &NodeContext) -> Result<Value, NodeError> {
        tokio::time::sleep(Duration::from_secs(60)).await;
        Ok(Value::Null)
    }
}
