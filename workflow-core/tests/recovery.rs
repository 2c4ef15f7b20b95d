//! Runs outlive their engine: what is done stays done, wherever it was stopped.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::StreamExt;
use serde_json::{Value, json};
use support::{
    Probe, brief,
    faulty::{Faulty, Trouble},
    output_of, registry,
};
use workflow_core::{
    Engine, EngineError, EventKind, Executor, LocalEngine, MemoryStore, NewRun, RunId, RunRecord,
    RunStatus, Runs, StepEvent, Store, Update, Workflows,
    engine::{Observer, Retry},
    event::StartReason,
    store::Append,
};

fn engine(probe: &Probe, store: &Arc<dyn Store>) -> LocalEngine {
    LocalEngine::builder(registry(probe))
        .with_store(Arc::clone(store))
        .build()
}

fn memory() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new())
}

async fn start(engine: &LocalEngine, spec: Value, input: Value) -> RunId {
    let stored = engine.create_workflow(spec).await.unwrap().record;
    engine
        .start(NewRun::new(stored.id, input))
        .await
        .unwrap()
        .id
}

/// The events of a run up to its end.
async fn ended(engine: &LocalEngine, run: RunId) -> Vec<StepEvent> {
    let updates = engine.events(run, 0).await.unwrap();
    let events = updates.filter_map(async |update| match update {
        Update::Event(event) => Some(event),
        _ => None,
    });
    let events: Vec<StepEvent> = events.collect().await;
    assert!(events.last().unwrap().is_terminal(), "{:?}", brief(&events));
    events
}

fn assert_without_gap(events: &[StepEvent]) {
    let numbers: Vec<u64> = events.iter().map(|event| event.seq).collect();
    let counted: Vec<u64> = (1..=events.len() as u64).collect();
    assert_eq!(numbers, counted);
}

/// How often each step was completed.
fn completions(events: &[StepEvent]) -> BTreeMap<String, usize> {
    let mut times = BTreeMap::new();
    for event in events {
        if let EventKind::NodeCompleted(completed) = &event.kind {
            *times.entry(completed.step.path().to_string()).or_default() += 1;
        }
    }
    times
}

/// A diamond with a retry and a stream of text, then a map and a loop.
fn spec() -> Value {
    json!({"nodes": [
        {"id": "a", "type": "Script", "data": {"millis": 5}},
        {"id": "b", "type": "Script", "needs": ["a"], "retry": {"max_attempts": 3, "delay": "20ms", "jitter": false},
         "data": {"millis": 30, "failures": 1, "retryable": true}},
        {"id": "c", "type": "Script", "needs": ["a"], "data": {"millis": 10, "say": ["one", "two"]}},
        {"id": "each", "type": "MapNode", "needs": ["b", "c"], "data": {"over": "input", "concurrency": 2, "nodes": [
            {"id": "m", "type": "Script", "data": {"millis": 3, "output": "{{ item }}!"}}]}},
        {"id": "again", "type": "LoopNode", "data": {"max": 3, "until": "false", "nodes": [
            {"id": "l", "type": "Script", "data": {"millis": 2, "output": "{{ index }}"}}]}},
    ], "output": ["{{ b.output }}{{ c.output }}", "{{ each.output }}", "{{ again.output }}"]})
}

async fn undisturbed() -> (Vec<StepEvent>, usize) {
    let probe = Probe::default();
    let store = Faulty::new(memory(), |_, _| Trouble::None);
    let faulty: Arc<dyn Store> = store.clone();
    let engine = engine(&probe, &faulty);
    let run = start(&engine, spec(), json!(["x", "y", "z"])).await;
    (ended(&engine, run).await, store.calls())
}

/// How many calls store the workflow, look it up and store the run. An earlier failure is
/// returned to the caller.
const BEFORE_THE_RUN: usize = 3;

#[tokio::test(start_paused = true)]
async fn whichever_call_of_the_store_fails_nothing_is_done_twice() {
    let (whole, calls) = undisturbed().await;
    for trouble in [Trouble::Before, Trouble::After] {
        for broken in BEFORE_THE_RUN + 1..=calls {
            let probe = Probe::default();
            let store = Faulty::new(memory(), move |number, _| {
                if number == broken {
                    trouble
                } else {
                    Trouble::None
                }
            });
            let store: Arc<dyn Store> = store;
            let engine = engine(&probe, &store);
            let run = start(&engine, spec(), json!(["x", "y", "z"])).await;
            let events = ended_at_last(&engine, run).await;
            assert_without_gap(&events);
            assert_eq!(
                output_of(&events),
                output_of(&whole),
                "call {broken} {trouble:?}"
            );
            assert!(completions(&events).values().all(|times| *times == 1));
            for node in ["a", "c"] {
                let started = probe.count(&format!("start {node}"));
                assert_eq!(started, 1, "{node}, call {broken} {trouble:?}");
            }
        }
    }
}

/// The events of a run up to its end, also when a reader is let go on the way.
async fn ended_at_last(engine: &LocalEngine, run: RunId) -> Vec<StepEvent> {
    let mut events: Vec<StepEvent> = Vec::new();
    loop {
        let after = events.last().map_or(0, |last| last.seq);
        if let Ok(mut updates) = engine.events(run, after).await {
            while let Some(update) = updates.next().await {
                if let Update::Event(event) = update {
                    events.push(event);
                }
            }
        }
        if events.last().is_some_and(StepEvent::is_terminal) {
            return events;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn wherever_the_process_goes_the_next_one_ends_the_run() {
    let (whole, calls) = undisturbed().await;
    for last in BEFORE_THE_RUN + 1..=calls {
        let kept = memory();
        let probe = Probe::default();
        let dying = Faulty::new(Arc::clone(&kept), move |number, _| {
            if number < last {
                Trouble::None
            } else {
                Trouble::Gone
            }
        });
        let dying: Arc<dyn Store> = dying;
        let first = engine(&probe, &dying);
        let run = start(&first, spec(), json!(["x", "y", "z"])).await;
        tokio::time::sleep(Duration::from_secs(10)).await;
        drop(first);
        let shown = kept.read(run, 0, usize::MAX).await.unwrap();

        probe.taken();
        let second = engine(&probe, &kept);
        second.recover().await.unwrap();
        let events = ended(&second, run).await;
        assert_eq!(events[..shown.len()], shown, "what was stored stays");
        assert_without_gap(&events);
        assert_eq!(output_of(&events), output_of(&whole), "gone at call {last}");
        assert!(completions(&events).values().all(|times| *times == 1));
        for done in completions(&shown)
            .keys()
            .filter(|path| !path.contains('/'))
        {
            let again = probe.count(&format!("start {done}"));
            assert_eq!(again, 0, "{done} is done again, gone at call {last}");
        }
    }
}

async fn record(store: &Arc<dyn Store>, run: RunId) -> RunRecord {
    store.run(run).await.unwrap().unwrap()
}

fn reason(events: &[StepEvent], path: &str) -> Vec<Option<StartReason>> {
    let starts = events.iter().filter_map(|event| match &event.kind {
        EventKind::NodeStarted(it) if it.step.path().as_str() == path => Some(it.reason),
        _ => None,
    });
    starts.collect()
}

#[tokio::test(start_paused = true)]
async fn a_graceful_stop_suspends_what_does_not_end_in_time() {
    let store = memory();
    let probe = Probe::default();
    let first = engine(&probe, &store);
    let spec = json!({"nodes": [
        {"id": "quick", "type": "Script", "data": {"millis": 1_000}},
        {"id": "slow", "type": "Script", "data": {"millis": 60_000}},
    ]});
    let run = start(&first, spec, json!(null)).await;
    first.shutdown(Duration::from_secs(10)).await;
    assert_eq!(
        probe.taken(),
        ["start quick", "end quick", "start slow", "drop slow"]
    );
    let rests = record(&store, run).await;
    assert_eq!(rests.head.status, RunStatus::Waiting);
    let log = store.read(run, 0, 100).await.unwrap();
    assert_eq!(brief(&log).last().unwrap(), "run.suspended");
    drop(first);

    let second = engine(&probe, &store);
    assert_eq!(second.recover().await.unwrap().resumed, 1);
    let events = ended(&second, run).await;
    assert_eq!(
        brief(&events)[5..],
        [
            "run.suspended",
            "run.resumed",
            "node.started slow",
            "node.completed slow",
            "run.completed"
        ]
    );
    assert_eq!(
        reason(&events, "slow"),
        [None, Some(StartReason::Recovered)]
    );
    assert_eq!(probe.taken(), ["start slow", "end slow"]);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_ends_in_time_is_not_suspended() {
    let store = memory();
    let first = engine(&Probe::default(), &store);
    let spec = json!({"nodes": [{"id": "a", "type": "Script", "data": {"millis": 5_000}}]});
    let run = start(&first, spec, json!(null)).await;
    first.shutdown(Duration::from_secs(10)).await;
    assert_eq!(record(&store, run).await.head.status, RunStatus::Completed);
}

#[tokio::test(start_paused = true)]
async fn what_must_not_happen_twice_fails_instead() {
    let store = memory();
    let probe = Probe::default();
    let first = engine(&probe, &store);
    let spec = json!({"nodes": [
        {"id": "once", "type": "Script", "on_ambiguous": "fail", "data": {"millis": 60_000}},
    ]});
    let run = start(&first, spec, json!(null)).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    drop(first);

    let second = engine(&probe, &store);
    second.recover().await.unwrap();
    let events = ended(&second, run).await;
    assert!(support::failure(&events).starts_with("ambiguous: "));
    assert_eq!(probe.count("start once"), 1);
}

#[tokio::test(start_paused = true)]
async fn people_and_times_are_waited_for_across_a_restart() {
    let store = memory();
    let first = engine(&Probe::default(), &store);
    let ask = json!({"nodes": [{"id": "ask", "type": "HumanNode", "data": {"message": "Well?"}}]});
    let sleep = json!({"nodes": [{"id": "d", "type": "DelayNode", "data": {"for": "2h"}}]});
    let asked = start(&first, ask, json!(null)).await;
    let sleeps = start(&first, sleep, json!(null)).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    let wait = first.run_report(asked).await.unwrap().waits[0].wait_id;
    first.shutdown(Duration::from_secs(1)).await;
    drop(first);
    tokio::time::sleep(Duration::from_secs(3600)).await;

    let second = engine(&Probe::default(), &store);
    let recovered = second.recover().await.unwrap();
    assert_eq!((recovered.resumed, recovered.waiting), (0, 2));
    second.answer(asked, wait, json!("yes")).await.unwrap();
    assert_eq!(output_of(&ended(&second, asked).await), "yes");
    let begun = tokio::time::Instant::now();
    ended(&second, sleeps).await;
    let waited = begun.elapsed();
    let expected = Duration::from_secs(3600)..=Duration::from_secs(2 * 3600);
    assert!(expected.contains(&waited), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_time_that_passed_without_a_host_is_handled_at_once() {
    let store = memory();
    let first = engine(&Probe::default(), &store);
    let sleep = json!({"nodes": [{"id": "d", "type": "DelayNode", "data": {"for": "90s"}}]});
    let run = start(&first, sleep, json!(null)).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let then = json!("2020-01-01T00:00:00Z");
    let long_ago = |event: &mut Value| {
        for field in ["time", "resumes_at", "wake_at"] {
            if event.get(field).is_some() {
                event[field] = then.clone();
            }
        }
    };
    let copy = copied(&store, run, |_, event| long_ago(event)).await;
    drop(first);

    let second = engine(&Probe::default(), &store);
    assert_eq!(second.recover().await.unwrap().resumed, 1);
    let events = ended(&second, copy).await;
    assert_eq!(
        brief(&events)[4..],
        [
            "run.suspended",
            "run.resumed",
            "node.resumed d",
            "node.completed d",
            "run.completed"
        ]
    );
}

/// Another run with the log of this one, each event changed.
async fn copied(store: &Arc<dyn Store>, run: RunId, change: impl Fn(usize, &mut Value)) -> RunId {
    let copy = RunId::new();
    let mut log: Vec<StepEvent> = Vec::new();
    for event in store.read(run, 0, 100).await.unwrap() {
        let mut json = serde_json::to_value(&event).unwrap();
        json["run_id"] = json!(copy);
        change(log.len(), &mut json);
        log.push(serde_json::from_value(json).unwrap());
    }
    let workflow = record(store, run).await.workflow;
    let record = RunRecord::new(workflow, &log[0]);
    let mut head = record.head.clone();
    log[1..].iter().for_each(|event| head.apply(event));
    store.create_run(record, &log[..1], None).await.unwrap();
    store
        .append(copy, Append::new(1, &log[1..], &head))
        .await
        .unwrap();
    copy
}

#[tokio::test(start_paused = true)]
async fn runs_in_the_queue_keep_their_place() {
    let store = memory();
    let probe = Probe::default();
    let one_at_a_time = || {
        let builder = LocalEngine::builder(registry(&probe)).with_store(Arc::clone(&store));
        builder.with_max_running(1).build()
    };
    let first = one_at_a_time();
    let spec = json!({"nodes": [{"id": "a", "type": "Script", "data": {"millis": 60_000, "output": "{{ input }}"}}]});
    let stored = first.create_workflow(spec).await.unwrap().record.id;
    let mut runs = Vec::new();
    for n in 0..5 {
        runs.push(first.start(NewRun::new(stored, json!(n))).await.unwrap().id);
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    drop(first);
    probe.taken();

    let second = one_at_a_time();
    assert_eq!(second.recover().await.unwrap().resumed, 5);
    let mut ends = Vec::new();
    for run in runs {
        ends.push(ended(&second, run).await.last().unwrap().time);
    }
    assert!(ends.is_sorted(), "{ends:?}");
    assert_eq!(probe.count("end a"), 5);
}

/// A run that continues, and one whose event at this place was changed.
async fn stopped(change: impl Fn(&mut Value), at: usize) -> (LocalEngine, RunId, RunId) {
    let store = memory();
    let first = engine(&Probe::default(), &store);
    let spec = json!({"nodes": [{"id": "a", "type": "Script", "data": {"millis": 60_000}}]});
    let whole = start(&first, spec.clone(), json!(1)).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let broken = copied(&store, whole, |place, event| {
        if place == at {
            change(event);
        }
    });
    let broken = broken.await;
    drop(first);

    let second = engine(&Probe::default(), &store);
    second.recover().await.unwrap();
    (second, whole, broken)
}

#[tokio::test(start_paused = true)]
async fn a_log_that_cannot_be_replayed_stops_its_run_alone() {
    let changes = [
        (0, "log_format", 1, "development_log"),
        (0, "log_format", 5, "newer_log"),
        (2, "attempt", 7, "damaged_log"),
    ];
    for (at, field, value, code) in changes {
        let (engine, whole, broken) = stopped(|event| event[field] = json!(value), at).await;
        ended(&engine, whole).await;
        let report = engine.run_report(broken).await.unwrap();
        assert_eq!(report.blocked.unwrap().code, code);
        assert_eq!(report.record.head.status, RunStatus::Running);
        let refusals = [
            engine.events(broken, 0).await.map(|_| ()).unwrap_err(),
            engine.cancel(broken).await.unwrap_err(),
        ];
        for refusal in refusals {
            assert!(
                matches!(refusal, EngineError::Stopped { .. }),
                "{refusal:?}"
            );
            assert!(refusal.to_string().contains("cannot continue"), "{refusal}");
        }
        engine.delete_run(broken).await.unwrap();
        assert!(matches!(
            engine.run_report(broken).await,
            Err(EngineError::NoSuchRun(_))
        ));
    }
}

#[tokio::test(start_paused = true)]
async fn a_workflow_that_cannot_be_built_any_more_stops_its_run() {
    let store = memory();
    let first = engine(&Probe::default(), &store);
    let spec = json!({"nodes": [{"id": "a", "type": "Script", "data": {"millis": 60_000}}]});
    let run = start(&first, spec, json!(1)).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    drop(first);

    // Without the type `Script`.
    let second = LocalEngine::builder(workflow_core::Registry::default())
        .with_store(store)
        .build();
    second.recover().await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let stopped = second.run_report(run).await.unwrap().blocked.unwrap();
    assert_eq!(stopped.code, "unusable_workflow");
    assert_eq!(stopped.errors[0].pointer, "#/nodes/0/type");
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_shuts_down_is_not_ready() {
    let store = memory();
    let engine = engine(&Probe::default(), &store);
    engine.ready().await.unwrap();
    engine.shutdown(Duration::ZERO).await;
    assert!(matches!(
        engine.ready().await,
        Err(EngineError::ShuttingDown)
    ));
}

/// A store whose appends fail while a flag is set.
fn failing_appends(store: Arc<dyn Store>) -> (Arc<dyn Store>, Arc<AtomicBool>) {
    let down = Arc::new(AtomicBool::new(false));
    let is_down = Arc::clone(&down);
    let store = Faulty::new(store, move |_, name| {
        if name == "append" && is_down.load(Ordering::SeqCst) {
            Trouble::Before
        } else {
            Trouble::None
        }
    });
    (store, down)
}

#[tokio::test(start_paused = true)]
async fn what_was_done_is_kept_until_the_store_takes_it_however_long_that_takes() {
    let (store, down) = failing_appends(memory());
    let probe = Probe::default();
    let engine = engine(&probe, &store);
    let spec = json!({"nodes": [
        {"id": "a", "type": "Script", "data": {"millis": 1_000}},
        {"id": "b", "type": "Script", "data": {"millis": 1_000}},
    ]});
    let run = start(&engine, spec, json!(1)).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    down.store(true, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_secs(3_600)).await;
    assert_eq!(probe.taken(), ["start a", "end a"]);
    down.store(false, Ordering::SeqCst);
    assert_eq!(output_of(&ended(&engine, run).await), "b");
    assert_eq!(probe.taken(), ["start b", "end b"]);
}

#[tokio::test(start_paused = true)]
async fn a_cancel_counts_also_when_it_can_be_written_only_later() {
    let (store, down) = failing_appends(memory());
    let probe = Probe::default();
    let engine = engine(&probe, &store);
    let spec = json!({"nodes": [
        {"id": "a", "type": "Script", "needs": [], "data": {"millis": 1_000}},
        {"id": "beside", "type": "Script", "needs": [], "data": {"millis": 600_000}},
        {"id": "b", "type": "Script", "needs": ["a"], "data": {}},
    ]});
    let run = start(&engine, spec, json!(1)).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    down.store(true, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_secs(10)).await;
    probe.taken();
    let refused = engine.cancel(run).await.unwrap_err();
    assert!(
        matches!(refused, EngineError::Interrupted(_)),
        "{refused:?}"
    );
    assert_eq!(probe.taken(), ["drop beside"], "connections close at once");
    down.store(false, Ordering::SeqCst);
    let events = ended(&engine, run).await;
    assert_eq!(brief(&events).last().unwrap(), "run.cancelled");
    assert!(probe.taken().is_empty(), "nothing begins after a cancel");
}

/// Its attempt has not begun, so that it is not lost: it would fail, and use up the budget.
#[tokio::test(start_paused = true)]
async fn a_run_whose_creation_was_not_confirmed_has_lost_nothing() {
    let store: Arc<dyn Store> = Faulty::new(memory(), |_, name| match name {
        "create_run" => Trouble::After,
        _ => Trouble::None,
    });
    let probe = Probe::default();
    let engine = engine(&probe, &store);
    let spec = json!({"budget": {"calls": 1}, "nodes": [
        {"id": "a", "type": "Script", "on_ambiguous": "fail", "data": {"millis": 10}}
    ]});
    let run = start(&engine, spec, json!(1)).await;
    let events = ended(&engine, run).await;
    let expected = [
        "run.created",
        "run.started",
        "node.started a",
        "node.completed a",
        "run.completed",
    ];
    assert_eq!(brief(&events), expected);
    assert_eq!(probe.taken(), ["start a", "end a"]);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_was_stored_despite_an_error_is_driven() {
    let kept = memory();
    let mut reads = 0;
    let store: Arc<dyn Store> = Faulty::new(Arc::clone(&kept), move |_, name| {
        reads += usize::from(name == "read");
        match name {
            "create_run" => Trouble::After,
            "read" if reads == 1 => Trouble::Before,
            _ => Trouble::None,
        }
    });
    let engine = engine(&Probe::default(), &store);
    let spec = json!({"nodes": [{"id": "a", "type": "Script", "data": {}}]});
    let stored = engine.create_workflow(spec).await.unwrap().record.id;
    let mut new = NewRun::new(stored, json!(1));
    new.key = Some("k".to_owned());
    engine.start(new.clone()).await.unwrap_err();
    let run = engine.start(new).await.unwrap().id;
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(record(&kept, run).await.head.status, RunStatus::Completed);
}

#[tokio::test(start_paused = true)]
async fn restarts_that_are_meant_do_not_count_as_crashes() {
    let store = memory();
    let probe = Probe::default();
    let mut running = engine(&probe, &store);
    let spec = json!({"nodes": [{"id": "a", "type": "Script", "data": {"millis": 60_000}}]});
    let run = start(&running, spec, json!(1)).await;
    for _ in 0..10 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        running.shutdown(Duration::ZERO).await;
        drop(running);
        running = engine(&probe, &store);
        running.recover().await.unwrap();
    }
    assert_eq!(output_of(&ended(&running, run).await), "a");
}

#[tokio::test(start_paused = true)]
async fn a_step_that_is_lost_repeatedly_fails() {
    let store = memory();
    let probe = Probe::default();
    let mut running = engine(&probe, &store);
    let spec = json!({"nodes": [{"id": "a", "type": "Script", "data": {"millis": 60_000}}]});
    let run = start(&running, spec, json!(1)).await;
    for _ in 0..6 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        drop(running);
        running = engine(&probe, &store);
        running.recover().await.unwrap();
    }
    let events = ended(&running, run).await;
    assert!(support::failure(&events).starts_with("recovery_exhausted: "));
    assert_eq!(probe.count("start a"), 6);
}

/// Panics on the first event of this name.
struct Panicking(&'static str, AtomicBool);

impl Observer for Panicking {
    fn stored(&self, event: &StepEvent, _: Option<&str>) {
        let first = event.kind.name() == self.0 && !self.1.swap(true, Ordering::SeqCst);
        assert!(!first, "as the test says");
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_observer_panics_is_driven_again() {
    // With the first, the run is stored: `start` says so.
    for event in ["run.created", "node.completed"] {
        let observer = Arc::new(Panicking(event, AtomicBool::new(false)));
        let builder = LocalEngine::builder(registry(&Probe::default())).with_observer(observer);
        let engine = builder.build();
        let spec = json!({"nodes": [
            {"id": "a", "type": "Script", "data": {"millis": 10}},
            {"id": "b", "type": "Script", "data": {"millis": 10}},
        ]});
        let run = start(&engine, spec, json!(1)).await;
        tokio::time::sleep(Duration::from_secs(60)).await;
        let report = engine.run_report(run).await.unwrap();
        assert_eq!(report.record.head.status, RunStatus::Completed, "{event}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_start_that_is_refused_leaves_no_alarm() {
    let store = Faulty::new(memory(), |_, _| Trouble::None);
    let shared: Arc<dyn Store> = store.clone();
    let engine = engine(&Probe::default(), &shared);
    let spec = json!({"nodes": [{"id": "a", "type": "Script", "data": {"millis": 10}}]});
    let stored = engine.create_workflow(spec).await.unwrap().record.id;
    let new = || {
        let mut new = NewRun::new(stored, json!(1));
        new.key = Some("k".to_owned());
        engine.start(new)
    };
    // Both begin before one of them is stored.
    let (first, second) = tokio::join!(new(), new());
    assert_eq!(first.unwrap().id, second.unwrap().id);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let calls = store.calls();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(store.calls(), calls, "nothing reads a run that never was");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_cannot_continue_can_be_retried() {
    let (engine, _, broken) = stopped(|event| event["attempt"] = json!(7), 2).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let again = engine.retry(Retry::whole(broken)).await.unwrap();
    assert_eq!(output_of(&ended(&engine, again.id).await), "a");
}

#[tokio::test(start_paused = true)]
async fn the_little_timeline_ends_when_the_run_does() {
    let store = memory();
    let engine = engine(&Probe::default(), &store);
    let retry = json!({"max_attempts": 3, "delay": "1s", "factor": 1, "jitter": false});
    let spec = json!({"nodes": [{"id": "l", "type": "LoopNode", "data": {"max": 30, "until": "false", "nodes": [
        {"id": "a", "type": "Script", "retry": retry, "data": {"millis": 1_000, "failures": 1, "retryable": true}}]}}]});
    let run = start(&engine, spec, json!(1)).await;
    ended(&engine, run).await;
    let head = record(&store, run).await.head;
    assert_eq!(head.spans.len(), 20);
    assert_eq!(Some(head.spans.last().unwrap().to_ms), head.duration_ms);
}

/// What is drawn as a gap: once for a stop, once for a crash, and not for steps that start late.
#[tokio::test(start_paused = true)]
async fn a_report_shows_when_the_host_was_down() {
    let spec = json!({"nodes": [
        {"id": "a", "type": "Script", "data": {"millis": 1_000}},
        {"id": "b", "type": "Script", "needs": ["a"], "data": {"millis": 5_000}},
        {"id": "c", "type": "Script", "needs": ["a"], "data": {"millis": 5_000}},
    ]});
    let (probe, store) = (Probe::default(), memory());
    let before = engine(&probe, &store);
    let run = start(&before, spec, json!(null)).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    before.shutdown(Duration::ZERO).await;
    drop(before);
    // One slot: one of the two steps starts only when the other is done.
    let one = || {
        LocalEngine::builder(registry(&probe))
            .with_executor(Executor::new().with_concurrent_steps(1))
            .with_store(Arc::clone(&store))
            .build()
    };
    // The clock of an engine begins with it, so time passes before it takes up the run.
    let stopped = one();
    tokio::time::sleep(Duration::from_secs(100)).await;
    stopped.recover().await.unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(stopped.run_report(run).await.unwrap().outages.len(), 1);
    // Lost, not stopped.
    drop(stopped);
    let last = one();
    tokio::time::sleep(Duration::from_secs(300)).await;
    last.recover().await.unwrap();
    let events = ended(&last, run).await;
    let outages = last.run_report(run).await.unwrap().outages;
    let times: Vec<_> = (outages.iter())
        .map(|outage| (outage.since, outage.until))
        .collect();
    let time_of = |name: &str| {
        let found = events.iter().filter(|event| event.kind.name() == name);
        found.map(|event| event.time).collect::<Vec<_>>()
    };
    let recovered: Vec<_> = (events.iter())
        .filter(|event| matches!(&event.kind, EventKind::NodeStarted(it) if it.reason == Some(StartReason::Recovered)))
        .collect();
    assert_eq!(recovered.len(), 3, "{:?}", brief(&events));
    let resumed = time_of("run.resumed")[0];
    assert_eq!(
        times,
        [
            (time_of("run.suspended")[0], resumed),
            (recovered[0].time, recovered[1].time)
        ]
    );
}
