//! What went wrong in other engines, and does not here. Each test is named after the fault.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use serde_json::{Value, json};
use support::{
    Probe, brief, collect, failure, output_of, parsed, registry, run, run_all, workflow,
};
use workflow_core::{
    EventKind, Executor, LocalEngine, NewRun, Runs, StepEvent, Update, Workflows,
    event::StartReason,
};

fn names(events: &[StepEvent], wanted: &str) -> Vec<String> {
    let lines = brief(events).into_iter();
    lines
        .filter_map(|lines| lines.strip_prefix(&format!("{wanted} ")).map(str::to_owned))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_resume_runs_finished_steps_again_and_pays_for_them_again() {
    let probe = Probe::default();
    let chain = workflow(
        &probe,
        &[
            ("a", &[], json!({})),
            ("b", &["a"], json!({})),
            ("c", &["b"], json!({})),
        ],
    );
    let whole = run_all(&chain).await;
    for cut in 1..whole.len() {
        let done = names(&whole[..cut], "node.completed");
        probe.taken();
        let rest = collect(
            Executor::new()
                .resume(Arc::clone(&chain), &whole[..cut])
                .unwrap(),
        )
        .await;
        assert_eq!(output_of(&rest), "c");
        for step in done {
            assert_eq!(
                probe.count(&format!("start {step}")),
                0,
                "{step}, cut at {cut}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_kept_while_text_streams() {
    let probe = Probe::default();
    let nodes: &[(&str, &[&str], Value)] = &[
        ("a", &[], json!({})),
        ("b", &["a"], json!({"say": ["x", "y"], "millis": 10})),
    ];
    let streaming = workflow(&probe, nodes);
    let mut run = Executor::new().run(Arc::clone(&streaming), json!(null));
    let mut log = Vec::new();
    while let Some(update) = run.next().await {
        match update {
            Update::Event(event) => log.push(event),
            Update::Delta(delta) if delta.text == "y" => break,
            _ => {}
        }
    }
    drop(run);
    probe.taken();
    let rest = collect(Executor::new().resume(streaming, &log).unwrap()).await;
    assert_eq!(output_of(&rest), "b");
    assert_eq!(probe.taken(), ["start b", "end b"]);
}

#[tokio::test(start_paused = true)]
async fn streaming_runs_nodes_twice_or_one_after_another() {
    let probe = Probe::default();
    let say = json!({"say": ["1", "2", "3"], "millis": 10});
    let nodes: &[(&str, &[&str], Value)] = &[
        ("a", &[], say.clone()),
        ("b", &[], say.clone()),
        ("c", &[], say),
    ];
    let begun = tokio::time::Instant::now();
    run_all(&workflow(&probe, nodes)).await;
    assert_eq!(begun.elapsed(), Duration::from_millis(30), "all at once");
    for id in ["a", "b", "c"] {
        assert_eq!(probe.count(&format!("start {id}")), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_join_runs_once_per_branch() {
    let probe = Probe::default();
    let nodes: &[(&str, &[&str], Value)] = &[
        ("a", &[], json!({})),
        ("b", &["a"], json!({"millis": 5})),
        ("c", &["a"], json!({"millis": 10})),
        ("d", &["a"], json!({"millis": 15})),
        ("join", &["b", "c", "d"], json!({})),
    ];
    run_all(&workflow(&probe, nodes)).await;
    assert_eq!(probe.count("start join"), 1);
}

#[tokio::test(start_paused = true)]
async fn parallel_results_are_merged_in_order_of_completion() {
    let spec = json!({"nodes": [{"id": "each", "type": "MapNode", "data": {"over": "[30, 20, 10]", "nodes": [
        {"id": "slow", "type": "DelayNode", "when": "item == 30", "data": {"for": "30ms"}},
        {"id": "less", "type": "DelayNode", "needs": [], "when": "item == 20", "data": {"for": "20ms"}},
        {"id": "x", "type": "TransformNode", "needs": ["slow", "less"], "when": "true", "data": {"value": "{{ item }}"}},
        {"id": "y", "type": "TransformNode", "needs": [], "data": {"value": "{{ item }}"}}]}}]});
    let (_, events) = run(&spec, json!(null)).await;
    let output = output_of(&events);
    let order: Vec<&Value> = output
        .as_array()
        .unwrap()
        .iter()
        .map(|result| &result["y"])
        .collect();
    assert_eq!(order, [30, 20, 10]);
    let done: Vec<Value> = (events.iter())
        .filter(|event| event.kind.name() == "node.progress")
        .map(|event| serde_json::to_value(event).unwrap()["item"].clone())
        .collect();
    assert_eq!(
        json!(done),
        json!([null, 2, 1, 0]),
        "they were done the other way round"
    );
}

#[tokio::test(start_paused = true)]
async fn a_route_that_leads_nowhere_is_reported_as_success() {
    let spec = json!({"nodes": [
        {"id": "kind", "type": "TransformNode", "data": {"value": "other"}},
        {"id": "a", "type": "Script", "when": "kind.output == 'a'"},
        {"id": "b", "type": "Script", "needs": ["kind"], "when": "kind.output == 'b'"},
        {"id": "answer", "type": "PromptNode", "needs": ["a", "b"], "data": {"template": "{{ a.output | default(b.output) }}"}},
    ], "output": "{{ answer.output }}"});
    let (_, events) = run(&spec, json!(null)).await;
    assert_eq!(names(&events, "node.skipped"), ["a", "b", "answer"]);
    assert!(
        failure(&events).starts_with("output_error: `answer.output` is missing"),
        "{}",
        failure(&events)
    );
}

#[tokio::test(start_paused = true)]
async fn an_interrupt_cannot_be_resumed_past() {
    let spec = json!({"nodes": [
        {"id": "first", "type": "HumanNode", "data": {"message": "1?"}},
        {"id": "second", "type": "HumanNode", "data": {"message": "2?"}},
        {"id": "end", "type": "TransformNode", "data": {"value": ["{{ first.output }}", "{{ second.output }}"]}},
    ]});
    let workflow = parsed(&Probe::default(), &spec);
    let mut log = collect(Executor::new().run(Arc::clone(&workflow), json!(null))).await;
    for answer in ["a", "b"] {
        let wait = log.iter().rev().find_map(|event| match &event.kind {
            EventKind::NodeWaiting(waiting) => Some(waiting.wait_id),
            _ => None,
        });
        let run = Executor::new().signal(Arc::clone(&workflow), &log, wait.unwrap(), json!(answer));
        log.extend(collect(run.unwrap()).await);
    }
    assert_eq!(output_of(&log), json!(["a", "b"]));
    assert_eq!(names(&log, "node.waiting"), ["first", "second"]);
}

#[tokio::test(start_paused = true)]
async fn a_stream_runs_nothing_or_swallows_the_error() {
    let probe = Probe::default();
    let events = run_all(&workflow(&probe, &[("a", &[], json!({"failures": 1}))])).await;
    assert_eq!(probe.count("start a"), 1);
    assert_eq!(failure(&events), "scripted: attempt 1 of a fails");
}

#[tokio::test(start_paused = true)]
async fn events_are_dropped_when_a_reader_is_slow() {
    let engine = LocalEngine::builder(registry(&Probe::default())).build();
    let spec = json!({"nodes": [{"id": "each", "type": "MapNode", "data": {"over": "range(500)", "nodes": [{"id": "x", "type": "Script"}]}}]});
    let workflow = engine.create_workflow(spec).await.unwrap().record.id;
    let run = engine
        .start(NewRun::new(workflow, json!(null)))
        .await
        .unwrap();
    let mut updates = engine.events(run.id, 0).await.unwrap();
    let mut numbers = Vec::new();
    while let Some(update) = updates.next().await {
        if let Update::Event(event) = update {
            numbers.push(event.seq);
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
    assert_eq!(numbers.len(), 2 + 2 + 3 * 500 + 2);
}

#[tokio::test(start_paused = true)]
async fn there_is_a_hidden_limit_of_25_50_or_1000_steps() {
    let spec = json!({"nodes": [{"id": "rows", "type": "LoopNode", "data": {"max": 60, "until": "false", "nodes": [
        {"id": "columns", "type": "LoopNode", "data": {"max": 60, "until": "false", "nodes": [{"id": "x", "type": "Script"}]}}]}}]});
    let (probe, events) = run(&spec, json!(null)).await;
    assert_eq!(probe.count("end x"), 3_600);
    assert_eq!(output_of(&events), "x");
}

#[tokio::test(start_paused = true)]
async fn a_slow_branch_holds_back_a_fast_one() {
    let probe = Probe::default();
    let nodes: &[(&str, &[&str], Value)] = &[
        ("slow", &[], json!({"millis": 1_000})),
        ("fast", &[], json!({})),
        ("after", &["fast"], json!({})),
        ("later", &["after"], json!({})),
    ];
    run_all(&workflow(&probe, nodes)).await;
    let order = probe.taken();
    let at = |what: &str| order.iter().position(|noted| noted == what).unwrap();
    assert!(at("end later") < at("end slow"), "{order:?}");
}

#[tokio::test(start_paused = true)]
async fn text_after_a_restart_is_glued_to_the_first_half() {
    let nodes: &[(&str, &[&str], Value)] =
        &[("a", &[], json!({"say": ["one ", "two "], "millis": 10}))];
    let streaming = workflow(&Probe::default(), nodes);
    let whole = run_all(&streaming).await;
    let log = &whole[..3];
    let mut run = Executor::new().resume(streaming, log).unwrap();
    let mut offsets = Vec::new();
    while let Some(update) = run.next().await {
        match update {
            Update::Delta(delta) => offsets.push((delta.attempt, delta.offset, delta.text)),
            Update::Event(StepEvent {
                kind: EventKind::NodeStarted(started),
                ..
            }) => assert_eq!(started.reason, Some(StartReason::Recovered)),
            _ => {}
        }
    }
    assert_eq!(
        offsets,
        [(2, 0, "one ".to_owned()), (2, 4, "two ".to_owned())]
    );
}

#[tokio::test(start_paused = true)]
async fn retries_at_two_layers_multiply() {
    let failing = json!({"id": "x", "type": "Script", "retry": {"max_attempts": 3, "jitter": false}, "data": {"failures": 99, "retryable": true}});
    let spec = json!({"defaults": {"retry": 3}, "nodes": [{"id": "each", "type": "MapNode", "data": {"over": "[1]", "nodes": [
        {"id": "l", "type": "LoopNode", "data": {"max": 3, "until": "false", "nodes": [failing]}}]}}]});
    let (probe, _) = run(&spec, json!(null)).await;
    assert_eq!(probe.count("start x"), 3);
}

#[tokio::test(start_paused = true)]
async fn nested_containers_take_all_slots_and_deadlock() {
    let inner = json!([{"id": "x", "type": "Script", "data": {"millis": 1}}]);
    let nest = (0..8).fold(inner, |nodes, n| {
        json!([{"id": format!("m{n}"), "type": "MapNode", "data": {"over": "[1, 2]", "concurrency": 2, "nodes": nodes}}])
    });
    let probe = Probe::default();
    let run = Executor::new()
        .with_concurrent_steps(1)
        .run(parsed(&probe, &json!({ "nodes": nest })), json!(null));
    collect(run).await;
    assert_eq!(probe.count("end x"), 256);
}
