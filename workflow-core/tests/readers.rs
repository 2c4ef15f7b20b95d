//! Many readers of one run: each sees everything, and none is in the way.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use futures::{FutureExt, StreamExt, poll};
use serde_json::{Value, json};
use support::{
    Probe,
    faulty::{Faulty, Trouble},
    registry,
};
use workflow_core::{
    EngineError, LocalEngine, MemoryStore, NewRun, Node, NodeContext, NodeError, RunId, RunStatus,
    Runs, Update, Workflows,
};

async fn started(probe: &Probe, nodes: serde_json::Value) -> (Arc<LocalEngine>, RunId) {
    let engine = Arc::new(LocalEngine::builder(registry(probe)).build());
    let stored = engine
        .create_workflow(json!({ "nodes": nodes }))
        .await
        .unwrap();
    let run = engine
        .start(NewRun::new(stored.record.id, "in".into()))
        .await
        .unwrap();
    (engine, run.id)
}

fn describe(updates: &[Update]) -> Vec<String> {
    updates
        .iter()
        .map(|update| match update {
            Update::Delta(delta) => format!("{:?}@{}", delta.text, delta.offset),
            Update::Event(event) => format!("{} {}", event.seq, event.kind.name()),
            other => panic!("{other:?}"),
        })
        .collect()
}

/// Everything that can be read without waiting.
async fn ready(stream: &mut (impl futures::Stream<Item = Update> + Unpin)) -> Vec<String> {
    let mut updates = Vec::new();
    while let std::task::Poll::Ready(Some(update)) = poll!(stream.next()) {
        updates.push(update);
    }
    describe(&updates)
}

fn talk() -> serde_json::Value {
    json!([{"id": "a", "type": "Script", "data": {"say": ["one ", "two ", "three"], "millis": 10}}])
}

#[tokio::test(start_paused = true)]
async fn a_reader_who_joins_late_gets_the_text_so_far_as_one_delta() {
    let (engine, run) = started(&Probe::default(), talk()).await;
    tokio::time::sleep(Duration::from_millis(15)).await;
    let mut events = engine.events(run, 0).await.unwrap();
    assert_eq!(
        ready(&mut events).await,
        [
            "1 run.created",
            "2 run.started",
            "3 node.started",
            "\"one two \"@0"
        ]
    );
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert_eq!(ready(&mut events).await, ["\"three\"@8"]);
    let rest: Vec<Update> = events.collect().await;
    assert_eq!(describe(&rest), ["4 node.completed", "5 run.completed"]);
}

#[tokio::test(start_paused = true)]
async fn a_long_text_comes_in_pieces_that_a_reader_has_room_for() {
    let long = "ü".repeat(20_000);
    let say = json!({"say": [long, long], "millis": 10});
    let (engine, run) = started(
        &Probe::default(),
        json!([
            {"id": "a", "type": "Script", "data": say},
        ]),
    )
    .await;
    let mut late = engine.events(run, 0).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (mut text, mut units) = (String::new(), 0);
    while let Some(update) = late.next().await {
        match update {
            Update::Delta(delta) => {
                assert!(delta.text.len() <= 16 * 1024);
                assert_eq!(delta.offset, units);
                units += delta.text.encode_utf16().count() as u64;
                text += &delta.text;
            }
            Update::Event(event) if event.kind.name() == "node.completed" => break,
            _ => {}
        }
    }
    assert_eq!(text, long.repeat(2), "all of it, before the end");
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_gets_longer_pieces_and_all_of_them_before_the_end() {
    let (engine, run) = started(&Probe::default(), talk()).await;
    let events = engine.events(run, 3).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(
        engine.run_report(run).await.unwrap().record.head.status,
        RunStatus::Completed,
        "nobody read, the run is done"
    );
    let updates: Vec<Update> = events.collect().await;
    assert_eq!(
        describe(&updates),
        ["\"one two three\"@0", "4 node.completed", "5 run.completed"]
    );
}

#[tokio::test(start_paused = true)]
async fn all_readers_see_the_same_from_any_number() {
    let (engine, run) = started(
        &Probe::default(),
        json!(
            (0..50)
                .map(|n| json!({"id": format!("n{n}"), "type": "Script", "data": {"millis": 1}}))
                .collect::<Vec<_>>()
        ),
    )
    .await;
    let live: Vec<_> = futures::future::join_all((0..10).map(|_| engine.events(run, 0))).await;
    let seen = futures::future::join_all(
        live.into_iter()
            .map(|events| events.unwrap().collect::<Vec<_>>()),
    )
    .await;
    assert!(seen.iter().all(|updates| updates == &seen[0]));
    assert_eq!(seen[0].len(), 103);
    for after in [0, 1, 40, 102, 103] {
        let rest: Vec<Update> = engine.events(run, after).await.unwrap().collect().await;
        assert_eq!(rest, seen[0][usize::try_from(after).unwrap()..]);
    }
    assert!(matches!(
        engine.events(run, 104).await.err(),
        Some(EngineError::BeyondEnd {
            after: 104,
            last: 103
        })
    ));
}

#[tokio::test(start_paused = true)]
async fn a_reader_far_behind_misses_nothing() {
    let nodes: Vec<_> = (0..200).map(|n| json!({"id": format!("n{n}"), "type": "Script", "data": {"say": ["x"], "millis": 1}})).collect();
    let (engine, run) = started(&Probe::default(), json!(nodes)).await;
    let mut events = engine.events(run, 0).await.unwrap();
    let Some(Update::Event(first)) = events.next().await else {
        panic!()
    };
    tokio::time::sleep(Duration::from_millis(150)).await;
    let mut numbers = vec![first.seq];
    while let Some(update) = events.next().await {
        if let Update::Event(event) = update {
            numbers.push(event.seq);
        }
    }
    assert_eq!(numbers, (1..=403).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_retry_starts_its_text_anew() {
    let nodes = json!([{"id": "a", "type": "Script", "retry": {"max_attempts": 2, "delay": "5ms", "jitter": false},
        "data": {"say": ["half"], "millis": 10, "failures": 1, "retryable": true}}]);
    let (engine, run) = started(&Probe::default(), nodes).await;
    let updates: Vec<Update> = engine.events(run, 2).await.unwrap().collect().await;
    assert_eq!(
        describe(&updates),
        [
            "3 node.started",
            "\"half\"@0",
            "4 node.retrying",
            "5 node.started",
            "\"half\"@0",
            "6 node.completed",
            "7 run.completed"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn readers_who_leave_change_nothing() {
    let probe = Probe::default();
    let (engine, run) = started(&probe, talk()).await;
    let mut events = engine.events(run, 0).await.unwrap();
    assert!(events.next().now_or_never().is_some());
    drop(events);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(probe.count("end a"), 1);
}

#[tokio::test(start_paused = true)]
async fn the_memory_store_forgets_the_oldest_ended_runs() {
    let probe = Probe::default();
    let engine = LocalEngine::builder(registry(&probe))
        .with_store(Arc::new(MemoryStore::new().with_ended_runs(2)))
        .build();
    let stored = engine
        .create_workflow(json!({"nodes": [{"id": "a", "type": "Script"}]}))
        .await
        .unwrap();
    let mut ids = Vec::new();
    for _ in 0..3 {
        let run = engine
            .start(NewRun::new(stored.record.id, json!(null)))
            .await
            .unwrap()
            .id;
        engine
            .events(run, 0)
            .await
            .unwrap()
            .collect::<Vec<_>>()
            .await;
        ids.push(run);
    }
    assert!(
        matches!(engine.run_report(ids[0]).await, Err(EngineError::NoSuchRun(id)) if id == ids[0])
    );
    assert_eq!(
        engine
            .runs(workflow_core::record::RunQuery::default())
            .await
            .unwrap()
            .items
            .len(),
        2
    );
}

#[tokio::test(start_paused = true)]
async fn the_report_contains_each_step() {
    let (engine, run) = started(
        &Probe::default(),
        json!([
            {"id": "a", "type": "Script", "data": {"millis": 7}},
            {"id": "b", "type": "Script", "data": {"failures": 1}},
            {"id": "c", "type": "Script"},
        ]),
    )
    .await;
    engine
        .events(run, 0)
        .await
        .unwrap()
        .collect::<Vec<_>>()
        .await;
    let report = engine.run_report(run).await.unwrap();
    let steps = report
        .steps
        .iter()
        .map(|step| format!("{} {:?} {}", step.step.path(), step.status, step.attempt));
    assert_eq!(
        steps.collect::<Vec<_>>(),
        ["a Completed 1", "b Failed 1", "c Pending 0"]
    );
    assert_eq!(
        (
            report.record.head.usage.input_tokens,
            report.record.input_excerpt.as_str()
        ),
        (20, "in")
    );
}

#[tokio::test(start_paused = true)]
async fn a_report_leaves_out_what_would_make_it_too_large() {
    let engine = LocalEngine::builder(registry(&Probe::default())).build();
    let nodes: Vec<_> = (0..20)
        .map(
            |n| json!({"id": format!("n{n}"), "type": "Script", "data": {"output": "{{ input }}"}}),
        )
        .collect();
    let spec = json!({"nodes": nodes, "output": "{{ n0.output | length }}"});
    let workflow = engine.create_workflow(spec).await.unwrap().record.id;
    let input = "x".repeat(900_000);
    let new = NewRun::new(workflow, input.as_str().into());
    let run = engine.start(new).await.unwrap().id;
    let updates = engine.events(run, 0).await.unwrap();
    updates.for_each(async |_| ()).await;

    let report = engine.run_report(run).await.unwrap();
    assert_eq!(report.record.head.status, RunStatus::Completed);
    let (included, left_out): (Vec<_>, Vec<_>) =
        (report.steps.iter()).partition(|step| step.output.is_some());
    assert_eq!((included.len(), left_out.len()), (18, 2));
    assert!(left_out.iter().all(|step| step.output_omitted));
    let history = engine
        .step_history(run, left_out[0].step.path())
        .await
        .unwrap();
    assert_eq!(history.step.output.as_deref(), Some(&input.into()));
}

#[tokio::test(start_paused = true)]
async fn shutdown_drains_and_takes_no_more() {
    let probe = Probe::default();
    let (engine, run) = started(
        &probe,
        json!([{"id": "a", "type": "Script", "data": {"millis": 50}}]),
    )
    .await;
    engine.shutdown(Duration::from_secs(10)).await;
    let report = engine.run_report(run).await.unwrap();
    assert_eq!(report.record.head.status, RunStatus::Completed);
    let refused = engine
        .start(NewRun::new(report.record.workflow.id, json!(null)))
        .await;
    assert!(matches!(refused, Err(EngineError::ShuttingDown)));
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_driven_here_is_read_without_the_store() {
    let store = Faulty::new(Arc::new(MemoryStore::new()), |_, _| Trouble::None);
    let engine = LocalEngine::builder(registry(&Probe::default()));
    let engine = engine.with_store(store.clone()).build();
    let stored = engine.create_workflow(json!({ "nodes": talk() }));
    let workflow = stored.await.unwrap().record.id;
    let run = engine.start(NewRun::new(workflow, "in".into()));
    let run = run.await.unwrap().id;
    let calls = store.calls();
    let mut events = engine.events(run, 0).await.unwrap();
    let seen = ready(&mut events).await;
    assert_eq!(
        seen[..3],
        ["1 run.created", "2 run.started", "3 node.started"]
    );
    assert_eq!(store.calls(), calls);

    let beyond = engine.events(run, 4).await;
    assert!(
        matches!(beyond, Err(EngineError::BeyondEnd { after: 4, last: 3 })),
        "what is not in the log cannot be read"
    );
    let rest = describe(&events.collect::<Vec<_>>().await);
    assert_eq!(rest.last().unwrap(), "5 run.completed");
}

#[tokio::test(start_paused = true)]
async fn a_reader_of_a_damaged_log_is_told_while_the_run_goes_on() {
    let store = Faulty::new(Arc::new(MemoryStore::new()), |_, _| Trouble::None);
    let builder = LocalEngine::builder(registry(&Probe::default())).with_store(store.clone());
    let engine = builder.build();
    // More events than a run keeps for its readers.
    let spec = json!({"nodes": [{"id": "l", "type": "LoopNode", "data": {"max": 100, "until": "false", "nodes": [
        {"id": "a", "type": "Script", "data": {"millis": 1_000}}]}}]});
    let stored = engine.create_workflow(spec).await.unwrap();
    let new = NewRun::new(stored.record.id, "in".into());
    let run = engine.start(new).await.unwrap().id;
    tokio::time::sleep(Duration::from_secs(60)).await;
    store.damage();
    let read: Vec<Update> = engine.events(run, 0).await.unwrap().collect().await;
    assert_eq!(describe(&read), [""; 0]);
    let refused = engine.events(run, 0).await.err();
    assert!(
        matches!(refused, Some(EngineError::Stopped { .. })),
        "{refused:?}"
    );
}

/// It would be shown before the start of its step, which is stored with what follows.
#[tokio::test(start_paused = true)]
async fn a_node_that_only_computes_streams_nothing() {
    let mut registry = registry(&Probe::default());
    registry.register::<Said>("Said").with_instant();
    let engine = LocalEngine::builder(registry).build();
    let spec = json!({"nodes": [
        {"id": "a", "type": "Said", "data": {}},
        {"id": "b", "type": "Script", "data": {"say": ["word"], "millis": 10}},
    ]});
    let stored = engine.create_workflow(spec).await.unwrap();
    let new = NewRun::new(stored.record.id, "in".into());
    let run = engine.start(new).await.unwrap().id;
    let updates: Vec<Update> = engine.events(run, 0).await.unwrap().collect().await;
    let texts = describe(&updates);
    let texts: Vec<_> = texts.iter().filter(|line| line.contains('@')).collect();
    assert_eq!(texts, ["\"word\"@0"]);
}

/// A node that streams a text and returns.
#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Said {}

#[async_trait]
impl Node for Said {
    async fn run(&self, cx: &NodeContext) -> Result<Value, NodeError> {
        cx.delta("early")?;
        Ok(Value::Null)
    }
}
