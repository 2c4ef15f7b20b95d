//! What random input has found: a damaged log is refused, or the run resumes from it and ends.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use support::{Probe, collect, failure, run_all};
use workflow_core::{
    Executor, Node, NodeContext, NodeError, Registry, StepEvent, Workflow,
    event::ResumeError,
    value::{Timestamp, Usage},
    workflow::Library,
};

/// A map of calls, a loop, a person, and a step that is retried.
fn sample() -> Arc<Workflow> {
    let registry = support::registry(&Probe::default());
    let called = json!({"nodes": [{"id": "x", "type": "Script", "data": {"millis": 2}}]});
    let mut library = Library::new();
    let called = Workflow::from_spec(&called, &registry).unwrap();
    library.insert("called", Arc::new(called));
    let spec = json!({"nodes": [
        {"id": "each", "type": "MapNode", "needs": [], "data": {"over": "[1, 2]", "nodes": [
            {"id": "call", "type": "WorkflowNode", "data": {"workflow": "called"}}]}},
        {"id": "rounds", "type": "LoopNode", "needs": [], "data": {"max": 2, "until": "false", "nodes": [
            {"id": "n", "type": "Script", "data": {"millis": 5}}]}},
        {"id": "flaky", "type": "Script", "needs": [], "retry": 3, "data": {"failures": 1, "retryable": true}},
        {"id": "ask", "type": "HumanNode", "needs": ["each", "rounds", "flaky"], "data": {"message": "?"}},
    ]});
    Arc::new(Workflow::with_library(&spec, &registry, &library).unwrap())
}

/// The number of the event of this name and path in a log.
fn find(log: &[Value], name: &str, path: &str) -> usize {
    let found = log
        .iter()
        .position(|event| event["type"] == name && event["path"] == path);
    found.unwrap_or_else(|| panic!("no {name} {path} in {log:#?}"))
}

/// Resumes the log of the sample after a change to it, the events numbered anew.
async fn resumed(change: impl FnOnce(&mut Vec<Value>)) -> Result<Vec<StepEvent>, ResumeError> {
    let workflow = sample();
    let whole = run_all(&workflow).await;
    let mut log: Vec<Value> = whole
        .iter()
        .map(|event| serde_json::to_value(event).unwrap())
        .collect();
    change(&mut log);
    for (index, event) in log.iter_mut().enumerate() {
        event["seq"] = json!(index + 1);
    }
    let log: Vec<StepEvent> = serde_json::from_value(Value::Array(log)).unwrap();
    let run = Executor::new().resume(workflow, &log)?;
    let rest = tokio::time::timeout(Duration::from_secs(1_000_000), collect(run)).await;
    Ok(rest.expect("the run goes on"))
}

async fn is_damaged(change: impl FnOnce(&mut Vec<Value>)) -> bool {
    matches!(resumed(change).await, Err(ResumeError::Damaged(_)))
}

#[tokio::test(start_paused = true)]
async fn nothing_happens_in_a_container_that_has_not_begun() {
    let damaged = is_damaged(|log| {
        let begun = find(log, "node.started", "each/0/call");
        log.remove(begun);
        log.truncate(find(log, "node.started", "each/0/call/x") + 1);
    });
    assert!(damaged.await);
}

#[tokio::test(start_paused = true)]
async fn attempts_are_counted_one_by_one() {
    for attempt in [0, 2, u32::MAX] {
        let damaged = is_damaged(|log| {
            let at = find(log, "node.started", "flaky");
            log[at]["attempt"] = json!(attempt);
            log.truncate(at + 1);
        });
        assert!(damaged.await, "attempt {attempt}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_item_is_not_done_while_its_steps_are_at_work() {
    let damaged = is_damaged(|log| {
        let mut done = log[find(log, "node.progress", "each")].clone();
        done["items_done"] = json!(1);
        done["item"] = json!(0);
        log.truncate(find(log, "node.started", "each/0/call/x") + 1);
        log.push(done);
    });
    assert!(damaged.await);
}

#[tokio::test(start_paused = true)]
async fn a_round_does_not_begin_while_the_one_before_is_at_work() {
    let damaged = is_damaged(|log| {
        let mut next = log[find(log, "node.progress", "rounds")].clone();
        next["round"] = json!(1);
        log.truncate(find(log, "node.started", "rounds/0/n") + 1);
        log.push(next);
    });
    assert!(damaged.await);
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_step_was_stopped_for_no_reason_ends() {
    for path in ["flaky", "each/0/call/x"] {
        let rest = resumed(|log| {
            let at = find(log, "node.started", path);
            let mut stopped = log[at].clone();
            stopped["type"] = json!("node.cancelled");
            stopped["reason"] = json!("sibling_failed");
            log.truncate(at + 1);
            log.push(stopped);
        });
        let rest = rest.await.unwrap();
        assert!(failure(&rest).starts_with("stalled: "), "{rest:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn only_waiting_steps_are_reported_as_waiting_and_each_wait_has_its_own_id() {
    let another_step = is_damaged(|log| {
        let mut waiting = log[find(log, "node.waiting", "ask")].clone();
        waiting["node"] = json!("rounds");
        waiting["path"] = json!("rounds");
        log.truncate(find(log, "node.started", "rounds") + 1);
        waiting["wait_id"] = json!(format!("w{}", log.len() + 1));
        log.push(waiting);
    });
    assert!(another_step.await);
    let another_id = is_damaged(|log| {
        let at = find(log, "node.waiting", "ask");
        log[at]["wait_id"] = json!("w1");
    });
    assert!(another_id.await);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_has_not_begun_or_is_suspended_for_nothing_is_damaged() {
    assert!(is_damaged(|log| _ = log.remove(1)).await);
    let rests = is_damaged(|log| {
        let rests = log.pop().unwrap();
        log.truncate(2);
        log.push(rests);
    });
    assert!(rests.await);
}

#[test]
fn the_last_time_there_is_can_be_written() {
    for text in [
        "9999-12-30T22:00:00.999999Z",
        "-009999-01-02T01:59:59.000001Z",
    ] {
        let time: Timestamp = serde_json::from_value(json!(text)).unwrap();
        for time in [time, time.after(Duration::MAX)] {
            let written = serde_json::to_value(time).unwrap();
            assert_eq!(serde_json::from_value::<Timestamp>(written).unwrap(), time);
        }
    }
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Free {}

#[async_trait::async_trait]
impl Node for Free {
    async fn run(&self, cx: &NodeContext) -> Result<Value, NodeError> {
        cx.record_usage(Usage::default());
        Ok(Value::Null)
    }
}

#[tokio::test(start_paused = true)]
async fn a_step_that_used_nothing_is_read_back_as_it_was() {
    let mut registry = Registry::default();
    registry.register::<Free>("Free");
    let spec = json!({"nodes": [{"id": "free", "type": "Free"}]});
    let workflow = Workflow::from_spec(&spec, &registry).unwrap();
    let log = run_all(&Arc::new(workflow)).await;
    let text = serde_json::to_string(&log).unwrap();
    assert_eq!(serde_json::from_str::<Vec<StepEvent>>(&text).unwrap(), log);
}
