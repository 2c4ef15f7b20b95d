//! Runs of agents that are cancelled or shut down in any state.

use std::{collections::BTreeMap, time::Duration};

use serde_json::json;
use workflow_core::{
    EventKind, LocalEngine, MemoryStore, NewRun, RunStatus, Runs, StepEvent, Store, Workflows,
    node::agent::{AgentTurn, ToolCall},
};

use crate::support::{
    Probe,
    agents::{Script, Sent, one_agent, registry, results, script, tool},
    brief,
};

fn calls() -> Script {
    script(|request| match request.turn {
        0 => AgentTurn::calls(vec![
            ToolCall::new("slow", json!({"n": 1})),
            ToolCall::new("asks", json!({"n": 2})),
            ToolCall::new("slow", json!({"n": 3})),
        ]),
        1 => AgentTurn::calls(vec![ToolCall::new("slow", json!({"n": 4}))]),
        _ => AgentTurn::answer(json!(results(request))),
    })
}

fn spec() -> serde_json::Value {
    let mut asks = tool("asks", json!({"millis": 4}));
    asks["approve"] = json!({"message": "{{ args.n }}?", "expires": "20ms"});
    let tools = json!([tool("slow", json!({"millis": 7})), asks]);
    one_agent(json!({"millis": 3, "concurrency": 2, "tools": tools}))
}

/// How often each step ended.
fn ends(log: &[StepEvent]) -> BTreeMap<String, usize> {
    let mut ends = BTreeMap::new();
    for event in log {
        if let EventKind::NodeCompleted(_)
        | EventKind::NodeFailed(_)
        | EventKind::NodeCancelled(_) = event.kind
        {
            let path = event.step().unwrap().path().to_string();
            *ends.entry(path).or_default() += 1;
        }
    }
    ends
}

fn engine(probe: &Probe, store: &std::sync::Arc<MemoryStore>) -> LocalEngine {
    let registry = registry(probe, calls(), &Sent::default());
    let store: std::sync::Arc<dyn Store> = store.clone();
    LocalEngine::builder(registry).with_store(store).build()
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_ends_each_open_step_once() {
    for millis in 0..45 {
        let (probe, store) = (Probe::default(), std::sync::Arc::new(MemoryStore::new()));
        let engine = engine(&probe, &store);
        let workflow = engine.create_workflow(spec()).await.unwrap().record.id;
        let run = engine
            .start(NewRun::new(workflow, json!("in")))
            .await
            .unwrap()
            .id;
        tokio::time::sleep(Duration::from_millis(millis)).await;
        let cancelled = engine.cancel(run).await;
        let log = engine.read_events(run, 0, 1_000).await.unwrap();
        let is_over = cancelled.is_err() || cancelled.unwrap().head.status != RunStatus::Cancelled;
        let begun = log
            .iter()
            .filter(|event| event.kind.name() == "node.started");
        let begun: BTreeMap<String, usize> = begun
            .map(|event| (event.step().unwrap().path().to_string(), 1))
            .collect();
        assert_eq!(ends(&log), begun, "after {millis} ms: {:#?}", brief(&log));
        assert!(is_over || log.last().unwrap().kind.name() == "run.cancelled");
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_was_shut_down_continues() {
    let mut reference = None;
    for millis in (0..45).rev() {
        let (probe, store) = (Probe::default(), std::sync::Arc::new(MemoryStore::new()));
        let first = engine(&probe, &store);
        let workflow = first.create_workflow(spec()).await.unwrap().record.id;
        let run = first
            .start(NewRun::new(workflow, json!("in")))
            .await
            .unwrap()
            .id;
        tokio::time::sleep(Duration::from_millis(millis)).await;
        first.shutdown(Duration::ZERO).await;
        let second = engine(&probe, &store);
        second.recover().await.unwrap();
        tokio::time::sleep(Duration::from_secs(5)).await;
        let log = second.read_events(run, 0, 1_000).await.unwrap();
        let last = serde_json::to_value(log.last().unwrap()).unwrap();
        assert_eq!(
            last["type"],
            "run.completed",
            "after {millis} ms: {:#?}",
            brief(&log)
        );
        let output = last["output"].clone();
        assert_eq!(output, *reference.get_or_insert(output.clone()));
        assert!(ends(&log).values().all(|times| *times == 1));
    }
    assert_eq!(
        reference.unwrap(),
        json!(["work", "expired", "work", "work"])
    );
}
