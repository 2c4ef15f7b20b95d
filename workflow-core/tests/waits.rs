//! Waits for people and times: a waiting run is suspended, and resumes from its log.

#![allow(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    reason = "a test may fail by panicking, and is easier to read"
)]

mod support;

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use serde_json::{Value, json};
use support::{Probe, brief, collect, failure, output_of, parsed, registry, run};
use workflow_core::{
    EngineError, EventKind, Executor, LocalEngine, NewRun, RunId, RunStatus, Runs, StepEvent,
    Update, Workflows, executor::SignalError, value::WaitId,
};

fn approval(data: Value) -> Value {
    json!({"nodes": [
        {"id": "draft", "type": "Script"},
        {"id": "approve", "type": "HumanNode", "data": data},
        {"id": "publish", "type": "Script", "when": "approve.output.ok", "data": {"output": "{{ approve.output }}"}},
    ]})
}

fn asking() -> Value {
    approval(
        json!({"message": "Publish {{ draft.output }}?", "expires": "24h", "schema":
        {"type": "object", "required": ["ok"], "properties": {"ok": {"type": "boolean"}}}}),
    )
}

fn wait_of(events: &[StepEvent]) -> WaitId {
    let waiting = events.iter().rev().find_map(|event| match &event.kind {
        EventKind::NodeWaiting(waiting) => Some(waiting.wait_id),
        _ => None,
    });
    waiting.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_run_that_waits_for_a_person_is_suspended_and_resumes_with_the_answer() {
    let probe = Probe::default();
    let workflow = parsed(&probe, &asking());
    let before = collect(Executor::new().run(Arc::clone(&workflow), json!(null))).await;
    assert_eq!(
        brief(&before)[4..],
        [
            "node.started approve",
            "node.waiting approve",
            "run.suspended"
        ]
    );
    let waiting = serde_json::to_value(&before[5]).unwrap();
    assert_eq!(waiting["message"], "Publish draft?");
    assert_eq!(waiting["schema"]["required"], json!(["ok"]));
    assert!(!waiting["wait_id"].as_str().unwrap().contains('/'));
    assert_eq!(
        waiting["expires_at"],
        serde_json::to_value(&before[6]).unwrap()["wake_at"]
    );

    probe.taken();
    let answer = json!({"ok": true, "note": "fine"});
    let after = Executor::new()
        .signal(workflow, &before, wait_of(&before), answer.clone())
        .unwrap();
    let after = collect(after).await;
    assert_eq!(
        brief(&after),
        [
            "run.resumed",
            "node.resumed approve",
            "node.completed approve",
            "node.started publish",
            "node.completed publish",
            "run.completed",
        ]
    );
    assert_eq!(output_of(&after), answer);
    assert_eq!(
        probe.taken(),
        ["start publish", "end publish"],
        "nothing is done again"
    );
    let numbers: Vec<u64> = before.iter().chain(&after).map(|event| event.seq).collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_suspended_run_emits_nothing_before_its_time() {
    let workflow = parsed(&Probe::default(), &asking());
    let log = collect(Executor::new().run(Arc::clone(&workflow), json!(null))).await;
    assert_eq!(
        collect(Executor::new().resume(workflow, &log).unwrap()).await,
        []
    );
}

#[tokio::test(start_paused = true)]
async fn an_answer_must_be_one() {
    let workflow = parsed(&Probe::default(), &asking());
    let log = collect(Executor::new().run(Arc::clone(&workflow), json!(null))).await;
    let signal = |log: &[StepEvent], wait: WaitId, payload: Value| {
        Executor::new().signal(Arc::clone(&workflow), log, wait, payload)
    };
    let wait = wait_of(&log);
    let invalid = signal(&log, wait, json!({"ok": "yes"})).unwrap_err();
    let SignalError::Invalid(faults) = invalid else {
        panic!("{invalid:?}")
    };
    assert_eq!(faults[0].pointer, "#/ok");
    let unknown = signal(&log, "w1".parse().unwrap(), json!({"ok": true})).unwrap_err();
    assert!(matches!(unknown, SignalError::NoSuchWait(_)), "{unknown:?}");
    assert!("17".parse::<WaitId>().is_err());
}

#[tokio::test(start_paused = true)]
async fn a_short_delay_does_not_suspend_the_run() {
    let spec = json!({"nodes": [
        {"id": "a", "type": "Script", "data": {"output": "{{ input }}"}},
        {"id": "pause", "type": "DelayNode", "data": {"for": "60s"}},
        {"id": "b", "type": "Echo"},
    ]});
    let begun = tokio::time::Instant::now();
    let (_, events) = run(&spec, json!("x")).await;
    assert_eq!(begun.elapsed(), Duration::from_secs(60));
    assert_eq!(
        output_of(&events),
        "x",
        "a delay gives on what it was given"
    );
    assert!(!brief(&events).contains(&"run.suspended".to_owned()));
    assert_eq!(
        brief(&events)[4..8],
        [
            "node.started pause",
            "node.waiting pause",
            "node.resumed pause",
            "node.completed pause"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_run_is_suspended_only_when_no_attempt_runs() {
    let spec = json!({"nodes": [
        {"id": "ask", "type": "HumanNode", "data": {"message": "Well?"}},
        {"id": "work", "type": "Script", "needs": [], "retry": {"max_attempts": 2, "jitter": false},
         "data": {"millis": 100, "failures": 1, "retryable": true}},
        {"id": "more", "type": "Script", "needs": ["work"], "data": {"millis": 100}},
    ]});
    let (_, events) = run(&spec, json!(null)).await;
    let lines = brief(&events);
    assert_eq!(lines[2..4], ["node.started ask", "node.waiting ask"]);
    assert_eq!(
        lines[lines.len() - 2..],
        ["node.completed more", "run.suspended"]
    );
}

/// An engine with a run of this specification that waits.
async fn waiting(probe: &Probe, spec: Value) -> (Arc<LocalEngine>, RunId) {
    let engine = LocalEngine::builder(registry(probe)).build();
    let stored = engine.create_workflow(spec).await.unwrap();
    let run = engine
        .start(NewRun::new(stored.record.id, json!(null)))
        .await
        .unwrap();
    let mut updates = engine.events(run.id, 0).await.unwrap();
    while let Some(update) = updates.next().await {
        if matches!(&update, Update::Event(event) if event.kind.name() == "run.suspended") {
            break;
        }
    }
    (Arc::new(engine), run.id)
}

async fn rest_of(engine: &LocalEngine, run: RunId, after: u64) -> Vec<StepEvent> {
    let updates = engine.events(run, after).await.unwrap();
    let events = updates.filter_map(|update| async {
        match update {
            Update::Event(event) => Some(event),
            _ => None,
        }
    });
    events.collect().await
}

#[tokio::test(start_paused = true)]
async fn a_reader_of_a_waiting_run_stays_and_sees_it_resume() {
    let (engine, run) = waiting(&Probe::default(), asking()).await;
    let report = engine.run_report(run).await.unwrap();
    let head = &report.record.head;
    assert_eq!(
        (head.status, head.awaiting_answers),
        (RunStatus::Waiting, 1)
    );
    assert_eq!(&*report.waits[0].message, "Publish draft?");
    let wait = report.waits[0].wait_id;
    let last = report.record.head.last_seq;

    let reader = tokio::spawn({
        let engine = Arc::clone(&engine);
        async move { rest_of(&engine, run, last).await }
    });
    tokio::time::sleep(Duration::from_secs(3_600)).await;
    assert!(!reader.is_finished());
    engine
        .answer(run, wait, json!({"ok": false}))
        .await
        .unwrap();
    let events = reader.await.unwrap();
    assert_eq!(
        brief(&events),
        [
            "run.resumed",
            "node.resumed approve",
            "node.completed approve",
            "node.skipped publish",
            "run.completed",
        ]
    );
    assert_eq!(events[0].seq, last + 1);
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_in_the_log_when_it_is_taken_and_the_same_again_changes_nothing() {
    let (engine, run) = waiting(&Probe::default(), asking()).await;
    let wait = engine.run_report(run).await.unwrap().waits[0].wait_id;
    let yes = json!({"ok": true});
    engine.answer(run, wait, yes.clone()).await.unwrap();
    let resumed = |events: &[StepEvent]| {
        let resumed = events.iter().filter(|it| it.kind.name() == "node.resumed");
        resumed.count()
    };
    assert_eq!(resumed(&engine.read_events(run, 0, 100).await.unwrap()), 1);
    engine.answer(run, wait, yes).await.unwrap();
    let other = engine.answer(run, wait, json!({"ok": false})).await;
    assert!(
        matches!(other, Err(EngineError::Signal(SignalError::Answered(_)))),
        "{other:?}"
    );
    assert_eq!(resumed(&rest_of(&engine, run, 0).await), 1);
}

#[tokio::test(start_paused = true)]
async fn of_many_answers_at_once_one_is_taken() {
    let spec = approval(json!({"message": "Well?"}));
    let (engine, run) = waiting(&Probe::default(), spec).await;
    let wait = engine.run_report(run).await.unwrap().waits[0].wait_id;
    let answers = (0..20).map(|n| {
        let engine = Arc::clone(&engine);
        async move { engine.answer(run, wait, json!({"ok": n})).await }
    });
    let results = futures::future::join_all(answers).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    let lines = brief(&rest_of(&engine, run, 0).await);
    assert_eq!(
        lines
            .iter()
            .filter(|it| *it == "node.resumed approve")
            .count(),
        1
    );
}

#[tokio::test(start_paused = true)]
async fn a_wait_without_an_answer_in_time_fails_the_step() {
    let mut spec = asking();
    spec["nodes"][1]["on_error"] = json!({"output": {"ok": true}});
    let probe = Probe::default();
    let (engine, run) = waiting(&probe, spec).await;
    let wait = engine.run_report(run).await.unwrap().waits[0].wait_id;
    probe.taken();
    tokio::time::sleep(Duration::from_secs(24 * 3_600 + 1)).await;
    let events = rest_of(&engine, run, 0).await;
    let failed = events
        .iter()
        .find(|event| event.kind.name() == "node.failed");
    let failed = serde_json::to_value(failed.unwrap()).unwrap();
    assert_eq!(failed["error"]["code"], "expired");
    assert_eq!(failed["handled"], true);
    assert_eq!(probe.taken(), ["start publish", "end publish"]);
    let late = engine.answer(run, wait, json!({"ok": true})).await;
    assert!(
        matches!(late, Err(EngineError::Signal(SignalError::Expired(_)))),
        "{late:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_long_delay_suspends_the_run_and_resumes_it() {
    let spec = json!({"nodes": [
        {"id": "pause", "type": "DelayNode", "data": {"for": "7d"}},
        {"id": "b", "type": "Script"},
    ]});
    let (engine, run) = waiting(&Probe::default(), spec).await;
    let head = engine.run_report(run).await.unwrap().record.head;
    assert_eq!(
        (head.status, head.awaiting_answers),
        (RunStatus::Waiting, 0)
    );
    assert_eq!(
        head.wake_at.unwrap().since(head.updated_at),
        Duration::from_secs(7 * 86_400)
    );
    let events = rest_of(&engine, run, 0).await;
    assert!(brief(&events).contains(&"run.resumed".to_owned()));
    assert_eq!(output_of(&events), "b");
    let taken = events.last().unwrap().time.since(events[0].time);
    assert_eq!(taken.as_secs(), 7 * 86_400);
}

#[tokio::test(start_paused = true)]
async fn a_waiting_run_can_be_cancelled() {
    let (engine, run) = waiting(&Probe::default(), asking()).await;
    let wait = engine.run_report(run).await.unwrap().waits[0].wait_id;
    let record = engine.cancel(run).await.unwrap();
    assert_eq!(record.head.status, RunStatus::Cancelled);
    let lines = brief(&rest_of(&engine, run, 0).await);
    assert_eq!(
        lines[lines.len() - 2..],
        ["node.cancelled approve", "run.cancelled"]
    );
    let late = engine.answer(run, wait, json!({"ok": true})).await;
    assert!(
        matches!(late, Err(EngineError::Signal(SignalError::Ended(_)))),
        "{late:?}"
    );
    assert_eq!(
        engine.cancel(run).await.unwrap().head.status,
        RunStatus::Cancelled
    );
}

#[tokio::test(start_paused = true)]
async fn a_waiting_run_fails_when_its_workflow_allows_no_more_time() {
    let mut spec = asking();
    spec["timeout"] = json!("1h");
    let (engine, run) = waiting(&Probe::default(), spec).await;
    let events = rest_of(&engine, run, 0).await;
    assert_eq!(
        failure(&events),
        "timeout: the run took longer than its workflow allows"
    );
    let taken = events.last().unwrap().time.since(events[0].time);
    assert_eq!(taken.as_secs(), 3_600);
}

#[tokio::test(start_paused = true)]
async fn a_step_is_answered_while_others_work() {
    let spec = json!({"nodes": [
        {"id": "ask", "type": "HumanNode", "data": {"message": "Well?"}},
        {"id": "work", "type": "Script", "needs": [], "data": {"millis": 60_000}},
        {"id": "both", "type": "TransformNode", "needs": ["ask", "work"], "data": {"value": ["{{ ask.output }}", "{{ work.output }}"]}},
    ]});
    let engine = LocalEngine::builder(registry(&Probe::default())).build();
    let stored = engine.create_workflow(spec).await.unwrap();
    let run = engine
        .start(NewRun::new(stored.record.id, json!(null)))
        .await
        .unwrap()
        .id;
    tokio::time::sleep(Duration::from_millis(10)).await;
    let report = engine.run_report(run).await.unwrap();
    assert_eq!(report.record.head.status, RunStatus::Running);
    engine
        .answer(run, report.waits[0].wait_id, json!("yes"))
        .await
        .unwrap();
    let events = rest_of(&engine, run, 0).await;
    assert_eq!(output_of(&events), json!(["yes", "work"]));
    assert!(!brief(&events).contains(&"run.suspended".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn human_steps_work_within_maps_and_loops() {
    let spec = json!({"nodes": [{"id": "each", "type": "MapNode", "timeout": "48h", "data": {"over": "['a', 'b']", "nodes": [
        {"id": "rounds", "type": "LoopNode", "data": {"max": 5, "until": "ask.output == 'good'", "nodes": [
            {"id": "ask", "type": "HumanNode", "data": {"message": "{{ item }}{{ index }}?"}}]}}]}}]});
    let (engine, run) = waiting(&Probe::default(), spec).await;
    let mut asked = Vec::new();
    for answer in ["bad", "good", "good"] {
        let waits = engine.run_report(run).await.unwrap().waits;
        let mut messages: Vec<String> = waits.iter().map(|wait| wait.message.to_string()).collect();
        messages.sort();
        asked.push(messages);
        let first = waits
            .iter()
            .min_by_key(|wait| wait.message.clone())
            .unwrap();
        engine
            .answer(run, first.wait_id, json!(answer))
            .await
            .unwrap();
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
    assert_eq!(asked, [vec!["a0?", "b0?"], vec!["a1?", "b0?"], vec!["b0?"]]);
    assert_eq!(
        output_of(&rest_of(&engine, run, 0).await),
        json!(["good", "good"])
    );
}

#[tokio::test(start_paused = true)]
async fn a_map_that_waits_too_long_fails() {
    let spec = json!({"nodes": [{"id": "each", "type": "MapNode", "timeout": "48h", "on_error": "continue", "data": {"over": "[1, 2]", "nodes": [
        {"id": "ask", "type": "HumanNode", "data": {"message": "{{ item }}?"}}]}},
        {"id": "why", "type": "TransformNode", "data": {"value": "{{ each.error.code }}"}}]});
    let (engine, run) = waiting(&Probe::default(), spec).await;
    let events = rest_of(&engine, run, 0).await;
    assert_eq!(output_of(&events), "timeout");
    let lines = brief(&events);
    for cancelled in ["node.cancelled each/0/ask", "node.cancelled each/1/ask"] {
        assert!(lines.contains(&cancelled.to_owned()), "{lines:?}");
    }
    let taken = events.last().unwrap().time.since(events[0].time);
    assert_eq!(taken.as_secs(), 48 * 3_600);
}

#[tokio::test(start_paused = true)]
async fn stopping_the_engine_lets_the_readers_of_waiting_runs_go() {
    let (engine, run) = waiting(&Probe::default(), asking()).await;
    let reader = tokio::spawn({
        let engine = Arc::clone(&engine);
        async move { rest_of(&engine, run, 0).await }
    });
    tokio::task::yield_now().await;
    let begun = tokio::time::Instant::now();
    engine.shutdown(Duration::from_secs(10)).await;
    assert_eq!(
        begun.elapsed(),
        Duration::ZERO,
        "nothing works, so nothing is waited for"
    );
    assert_eq!(
        reader.await.unwrap().last().unwrap().kind.name(),
        "run.suspended"
    );
}
