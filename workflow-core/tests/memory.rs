//! What values, events and runs hold in memory, under an allocator that counts.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use std::{alloc::System, sync::Arc, task::Poll};

use futures::{StreamExt, poll};
use serde_json::{Value, json};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use support::{Probe, faulty::Faulty};
use workflow_core::{
    LocalEngine, MemoryStore, NewRun, RunRecord, RunStatus, Runs, Workflows,
    engine::LocalEngineBuilder, value::heap_bytes,
};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// One test at a time: what is counted is what the whole process allocates.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// How many bytes more are allocated than at the beginning.
fn held(region: &Region<System>) -> usize {
    let change = region.change();
    change.bytes_allocated - change.bytes_deallocated
}

/// JSON texts whose values are of all shapes.
fn shapes() -> Vec<(&'static str, String)> {
    let list = |item: &str, count: usize| format!("[{}]", vec![item; count].join(","));
    let object = |members: usize| {
        let members: Vec<_> = (0..members)
            .map(|n| format!(r#""member{n}":{n}"#))
            .collect();
        format!("{{{}}}", members.join(","))
    };
    let nested = |open: &str, close: &str| format!("{}1{}", open.repeat(100), close.repeat(100));
    vec![
        ("a long text", format!("\"{}\"", "x".repeat(1_000_000))),
        ("short texts", list("\"abc\"", 10_000)),
        ("empty texts", list("\"\"", 10_000)),
        ("numbers", list("1", 100_000)),
        ("objects of one empty member", list(r#"{"":{}}"#, 10_000)),
        ("empty objects", list("{}", 10_000)),
        ("empty lists", list("[]", 10_000)),
        ("lists of one", list("[1]", 10_000)),
        ("lists of three", list("[1,2,3]", 10_000)),
        ("objects of 3", list(&object(3), 1_000)),
        ("objects of 4", list(&object(4), 1_000)),
        ("objects of 7", list(&object(7), 1_000)),
        ("objects of 8", list(&object(8), 1_000)),
        ("objects of 14", list(&object(14), 1_000)),
        ("objects of 15", list(&object(15), 1_000)),
        ("objects of 28", list(&object(28), 1_000)),
        ("objects of 29", list(&object(29), 1_000)),
        ("an object of 10,000", object(10_000)),
        ("lists in each other", list(&nested("[", "]"), 100)),
        ("objects in each other", list(&nested(r#"{"a":"#, "}"), 100)),
    ]
}

#[tokio::test]
async fn the_estimate_is_what_is_allocated_and_not_much_more() {
    let _alone = ALONE.lock().await;
    for (name, text) in shapes() {
        let region = Region::new(ALLOCATOR);
        let value: Value = serde_json::from_str(&text).unwrap();
        let allocated = held(&region);
        let estimate = heap_bytes(&value);
        assert!(
            estimate >= allocated,
            "{name}: {estimate} bytes are estimated, {allocated} are allocated"
        );
        assert!(
            estimate <= 2 * allocated,
            "{name}: {estimate} bytes are estimated, only {allocated} are allocated"
        );
        let region = Region::new(ALLOCATOR);
        let copy = value.clone();
        let allocated = held(&region);
        let estimate = heap_bytes(&copy);
        assert!(
            estimate >= allocated,
            "a copy of {name}: {estimate} bytes are estimated, {allocated} are allocated"
        );
    }
    assert_eq!(heap_bytes(&json!(null)), 0);
}

/// An input of 100 kB of text that takes 5 MB of memory.
fn large() -> Value {
    Value::Array(vec![json!({"": {}}); 13_000])
}

/// How much memory so many runs take, each started with a large input, in a store that keeps no inputs here.
async fn taken_by_runs(
    engine: impl FnOnce(LocalEngineBuilder) -> LocalEngineBuilder,
    spec: Value,
    runs: usize,
    is_there: impl Fn(&RunRecord) -> bool,
    followed: bool,
) -> usize {
    let store = Faulty::forgetting_inputs(Arc::new(MemoryStore::new()));
    let builder = LocalEngine::builder(support::registry(&Probe::default())).with_store(store);
    let engine = engine(builder).build();
    let busy = json!({"nodes": [{"id": "a", "type": "Script", "data": {"millis": 3_600_000}}]});
    let busy = engine.create_workflow(busy).await.unwrap().record.id;
    engine.start(NewRun::new(busy, json!(null))).await.unwrap();
    let workflow = engine.create_workflow(spec).await.unwrap().record.id;
    let mut streams = Vec::new();
    let region = Region::new(ALLOCATOR);
    for _ in 0..runs {
        let run = engine.start(NewRun::new(workflow, large())).await.unwrap();
        if followed {
            let mut events = engine.events(run.id, 0).await.unwrap();
            // A reader that has had the first event holds nothing of it.
            drop(events.next().await.unwrap());
            streams.push(events);
        }
        while !is_there(&engine.run_report(run.id).await.unwrap().record) {
            tokio::task::yield_now().await;
        }
    }
    for stream in &mut streams {
        while let Poll::Ready(Some(update)) = poll!(stream.next()) {
            drop(update);
        }
    }
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    held(&region) / runs
}

#[tokio::test(start_paused = true)]
async fn what_queues_or_waits_is_in_the_store_and_not_in_memory() {
    const QUEUED: usize = 16 * 1024;
    const WAITING: usize = 8 * 1024;
    let _alone = ALONE.lock().await;
    let ask = || json!({"nodes": [{"id": "ask", "type": "HumanNode", "data": {"message": "?"}}]});
    let is_waiting = |run: &RunRecord| run.head.status == RunStatus::Waiting;
    for (name, followed, most) in [("alone", false, WAITING), ("followed", true, 2 * WAITING)] {
        let bytes = taken_by_runs(|engine| engine, ask(), 10, is_waiting, followed).await;
        assert!(bytes <= most, "{bytes} bytes a waiting run, {name}");
    }
    for (name, followed, most) in [("alone", false, QUEUED), ("followed", true, 2 * QUEUED)] {
        let one = |engine: LocalEngineBuilder| engine.with_max_running(1);
        let bytes = taken_by_runs(one, ask(), 10, |_| true, followed).await;
        assert!(bytes <= most, "{bytes} bytes a queued run, {name}");
    }
}
