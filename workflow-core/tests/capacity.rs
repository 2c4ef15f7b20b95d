//! Capacity: refusals that name their limit, a queue that is in the store, and a store that fails.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use serde_json::{Value, json};
use support::{
    Probe,
    faulty::{Faulty, Trouble},
    registry,
};
use tokio::time::{Instant, sleep, timeout};
use workflow_core::{
    Engine, EngineError, EventKind, Executor, LocalEngine, MemoryStore, NewRun, RunId, RunStatus,
    Runs, StepEvent, Update, WorkflowId, Workflows, engine::LocalEngineBuilder,
};

type Set = fn(LocalEngineBuilder) -> LocalEngineBuilder;

fn builder() -> LocalEngineBuilder {
    LocalEngine::builder(registry(&Probe::default()))
}

/// A workflow that works for a second, then returns its input.
async fn slow(engine: &LocalEngine) -> WorkflowId {
    let spec = json!({"nodes": [
        {"id": "wait", "type": "Script", "data": {"millis": 1_000}},
        {"id": "end", "type": "TransformNode", "data": {"value": "{{ input }}"}},
    ]});
    engine.create_workflow(spec).await.unwrap().record.id
}

async fn events(engine: &LocalEngine, run: RunId) -> Vec<StepEvent> {
    let updates = engine.events(run, 0).await.unwrap();
    let events = updates.filter_map(async |update| match update {
        Update::Event(event) => Some(event),
        _ => None,
    });
    events.collect().await
}

fn output(events: &[StepEvent]) -> Value {
    support::output_of(events)
}

#[tokio::test(start_paused = true)]
async fn a_refusal_names_the_limit_that_is_reached() {
    let text = json!("x".repeat(100_000));
    // What is set, the input of each run, and which limit the last of three runs reaches.
    let cases: [(Set, Value, &str, usize); 3] = [
        (
            |engine| engine.with_max_running(1).with_max_queued(1),
            json!(1),
            "queued_runs",
            1,
        ),
        (
            |engine| engine.with_memory_budget(500_000),
            text.clone(),
            "memory_budget_bytes",
            500_000,
        ),
        (
            |engine| engine.with_store(Arc::new(MemoryStore::new().with_max_bytes(250_000))),
            text,
            "store_bytes",
            250_000,
        ),
    ];
    for (set, input, expected, most) in cases {
        let engine = set(builder()).build();
        let workflow = slow(&engine).await;
        for _ in 0..2 {
            let new = NewRun::new(workflow, input.clone());
            engine.start(new).await.unwrap();
        }
        let third = engine.start(NewRun::new(workflow, input.clone())).await;
        let error = third.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("no more runs are accepted now: the limit `{expected}` of {most} is reached")
        );
        assert!(matches!(error, EngineError::Busy { limit, .. } if limit == expected));
        // Later there is capacity.
        sleep(Duration::from_secs(3)).await;
        engine.start(NewRun::new(workflow, input)).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn an_input_that_no_run_may_hold_is_a_fault() {
    let executor = Executor::new().with_max_run_memory(100_000);
    let engine = builder().with_executor(executor).build();
    let workflow = slow(&engine).await;
    let new = NewRun::new(workflow, json!("x".repeat(100_000)));
    let Err(EngineError::InvalidInput(faults)) = engine.start(new).await else {
        panic!("it is not refused as an input");
    };
    assert_eq!(faults[0].pointer, "#/input");
    assert!(
        faults[0].detail.contains("`run_memory_bytes`"),
        "{}",
        faults[0].detail
    );
}

/// A queued run is read from the store when its turn comes: nothing of it is lost, for its readers neither.
#[tokio::test(start_paused = true)]
async fn a_queued_run_is_loaded_when_its_turn_comes() {
    let engine = builder().with_max_running(1).build();
    let workflow = slow(&engine).await;
    let (since, mut runs) = (Instant::now(), Vec::new());
    for n in 0..5 {
        runs.push(
            engine
                .start(NewRun::new(workflow, json!([n])))
                .await
                .unwrap()
                .id,
        );
    }
    let followed = futures::future::join_all(runs.iter().map(|run| events(&engine, *run))).await;
    // One at a time.
    assert!(since.elapsed() >= Duration::from_secs(5));
    for (n, events) in followed.iter().enumerate() {
        let numbers: Vec<_> = events.iter().map(|event| event.seq).collect();
        assert_eq!(numbers, (1..=7).collect::<Vec<u64>>());
        assert_eq!(output(events), json!([n]));
    }
}

#[tokio::test(start_paused = true)]
async fn many_queued_runs_that_are_cancelled_end() {
    let engine = builder().with_max_running(1).build();
    let workflow = slow(&engine).await;
    engine.start(NewRun::new(workflow, json!(0))).await.unwrap();
    let mut runs = Vec::new();
    for n in 0..50 {
        runs.push(
            engine
                .start(NewRun::new(workflow, json!(n)))
                .await
                .unwrap()
                .id,
        );
    }
    let ended = futures::future::join_all(runs.iter().map(|run| engine.cancel(*run))).await;
    for run in ended {
        assert_eq!(run.unwrap().head.status, RunStatus::Cancelled);
    }
}

/// Each step adds to what its run holds; the budget is enough for one such run and a small one.
#[tokio::test(start_paused = true)]
async fn the_run_that_holds_most_gives_way() {
    let engine = builder().with_memory_budget(2_000_000).build();
    let steps: Vec<_> = (0..20)
        .map(|n| {
            json!({"id": format!("s{n}"), "type": "Script",
                   "data": {"millis": 100, "output": "x".repeat(100_000)}})
        })
        .collect();
    let growing = engine
        .create_workflow(json!({ "nodes": steps }))
        .await
        .unwrap();
    let growing = NewRun::new(growing.record.id, json!(null));
    let growing = engine.start(growing).await.unwrap().id;
    let small = slow(&engine).await;
    let small = engine
        .start(NewRun::new(small, json!("small")))
        .await
        .unwrap()
        .id;
    let log = events(&engine, growing).await;
    let Some(EventKind::RunFailed(failed)) = log.last().map(|last| &last.kind) else {
        panic!("{:?}", support::brief(&log));
    };
    assert_eq!(failed.error.code, "out_of_memory");
    assert!(
        failed.error.detail.contains("2000000"),
        "{}",
        failed.error.detail
    );
    assert_eq!(output(&events(&engine, small).await), "small");
}

/// Nothing is read while the runs that work hold all there is.
#[tokio::test(start_paused = true)]
async fn a_queued_run_waits_for_memory() {
    let engine = builder()
        .with_max_running(2)
        .with_memory_budget(1_000_000)
        .build();
    let workflow = slow(&engine).await;
    let large = || json!("x".repeat(200_000));
    for input in [json!(0), json!(1), large(), large()] {
        engine.start(NewRun::new(workflow, input)).await.unwrap();
    }
    sleep(Duration::from_secs(10)).await;
    let page = workflow_core::record::RunQuery::default();
    let runs = engine.runs(page).await.unwrap().items;
    assert!(
        runs.iter()
            .all(|run| run.head.status == RunStatus::Completed)
    );
}

/// Which calls of the store fail, and how.
#[tokio::test(start_paused = true)]
async fn a_store_that_fails_is_known_within_a_second() {
    for (call, trouble) in [
        ("ping", Trouble::Before),
        ("ping", Trouble::Gone),
        ("append", Trouble::Before),
    ] {
        let failing = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let fails = Arc::clone(&failing);
        let store = Faulty::new(Arc::new(MemoryStore::new()), move |_, name| {
            let fails = fails.load(std::sync::atomic::Ordering::SeqCst) && name == call;
            if fails { trouble } else { Trouble::None }
        });
        let engine = builder().with_store(store).build();
        let workflow = slow(&engine).await;
        engine.start(NewRun::new(workflow, json!(1))).await.unwrap();
        sleep(Duration::from_millis(990)).await;
        assert!(engine.ready().await.is_ok());
        failing.store(true, std::sync::atomic::Ordering::SeqCst);
        let since = Instant::now();
        let fails = async {
            while engine.ready().await.is_ok() {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(Duration::from_secs(1), fails).await.unwrap();
        assert!(since.elapsed() <= Duration::from_secs(1), "{call}");
        // Many probes of a store that does not answer do not queue up.
        let asked = Instant::now();
        let probes = (0..100).map(|_| engine.ready());
        let answers = futures::future::join_all(probes).await;
        assert!(answers.iter().all(Result::is_err), "{call}");
        assert!(asked.elapsed() <= Duration::from_secs(1), "{call}");
        // A run that could not be stored has not ended.
        if call == "append" {
            let runs = engine
                .runs(workflow_core::record::RunQuery::default())
                .await
                .unwrap();
            assert_eq!(runs.items[0].head.status, RunStatus::Running);
        }
        failing.store(false, std::sync::atomic::Ordering::SeqCst);
        sleep(Duration::from_secs(20)).await;
        assert!(engine.ready().await.is_ok(), "{call}");
    }
}
