//! Nodes start the moment their needs are settled, and never before.

mod support;

use std::time::Duration;

use serde_json::json;
use support::{Probe, brief, output_of, parsed, run_all, workflow};
use workflow_core::{EventKind, Executor};

#[tokio::test(start_paused = true)]
async fn a_list_runs_in_its_order_and_pipes() {
    let probe = Probe::default();
    let spec = json!({"nodes": [
        {"id": "one", "type": "PromptNode", "data": {"template": "<{{ input }}>"}},
        {"id": "two", "type": "PromptNode", "data": {"template": "[{{ one.output }}]"}},
    ]});
    let events = run_all(&parsed(&probe, &spec)).await;
    assert_eq!(
        brief(&events),
        [
            "run.created",
            "run.started",
            "node.started one",
            "node.completed one",
            "node.started two",
            "node.completed two",
            "run.completed"
        ]
    );
    assert_eq!(
        events.iter().map(|event| event.seq).collect::<Vec<_>>(),
        [1, 2, 3, 4, 5, 6, 7]
    );
    assert_eq!(output_of(&events), "[<in>]");
}

#[tokio::test(start_paused = true)]
async fn branches_run_side_by_side_and_join_once() {
    let probe = Probe::default();
    let diamond = workflow(
        &probe,
        &[
            ("a", &[], json!({})),
            ("b", &["a"], json!({"millis": 30})),
            ("c", &["a"], json!({"millis": 10})),
            (
                "d",
                &["b", "c"],
                json!({"output": ["{{ b.output }}", "{{ c.output }}"]}),
            ),
        ],
    );
    let begun = tokio::time::Instant::now();
    let events = run_all(&diamond).await;
    assert_eq!(
        begun.elapsed(),
        Duration::from_millis(30),
        "b and c overlap"
    );
    assert_eq!(
        probe.taken(),
        [
            "start a", "end a", "start b", "start c", "end c", "end b", "start d", "end d"
        ]
    );
    assert_eq!(output_of(&events), json!(["b", "c"]));
}

#[tokio::test(start_paused = true)]
async fn a_slow_branch_does_not_hold_back_a_fast_one() {
    let probe = Probe::default();
    let branches = workflow(
        &probe,
        &[
            ("slow", &[], json!({"millis": 100})),
            ("fast", &[], json!({"millis": 1})),
            ("after_fast", &["fast"], json!({"millis": 1})),
        ],
    );
    run_all(&branches).await;
    assert_eq!(
        probe.taken(),
        [
            "start slow",
            "start fast",
            "end fast",
            "start after_fast",
            "end after_fast",
            "end slow"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn several_sinks_give_an_object_by_id() {
    let probe = Probe::default();
    let events = run_all(&workflow(
        &probe,
        &[("a", &[], json!({})), ("b-c", &[], json!({"output": [1]}))],
    ))
    .await;
    assert_eq!(output_of(&events), json!({"a": "a", "b-c": [1]}));
}

#[tokio::test(start_paused = true)]
async fn only_so_many_steps_work_at_once() {
    let probe = Probe::default();
    let ids: Vec<String> = (0..10).map(|n| format!("n{n}")).collect();
    let nodes: Vec<_> = ids
        .iter()
        .map(|id| (id.as_str(), [].as_slice(), json!({"millis": 10})))
        .collect();
    let wide = workflow(&probe, &nodes);
    let begun = tokio::time::Instant::now();
    let events = support::collect(
        Executor::new()
            .with_concurrent_steps(3)
            .run(wide, json!(null)),
    )
    .await;
    assert_eq!(
        begun.elapsed(),
        Duration::from_millis(40),
        "ten steps, three at once"
    );
    let (mut working, mut most) = (0_i32, 0);
    for event in &events {
        working += match event.kind {
            EventKind::NodeStarted(_) => 1,
            EventKind::NodeCompleted(_) => -1,
            _ => 0,
        };
        most = most.max(working);
    }
    assert_eq!(most, 3, "node.started means that it starts now");
}

#[tokio::test(start_paused = true)]
async fn a_chain_of_a_thousand_has_no_hidden_limit() {
    let probe = Probe::default();
    let nodes: Vec<_> = (0..1_000)
        .map(|n| json!({"id": format!("n{n}"), "type": "Script"}))
        .collect();
    let events = run_all(&parsed(&probe, &json!({ "nodes": nodes }))).await;
    assert_eq!(events.len(), 3 + 2_000);
    assert_eq!(output_of(&events), "n999");
}

#[tokio::test(start_paused = true)]
async fn deltas_come_between_start_and_end_with_their_offsets() {
    use futures::StreamExt;
    use workflow_core::Update;
    let probe = Probe::default();
    let talk = workflow(
        &probe,
        &[("a", &[], json!({"say": ["Hi ", "😀", "!"], "millis": 5}))],
    );
    let updates: Vec<Update> = Executor::new().run(talk, json!(null)).collect().await;
    let seen: Vec<String> = updates
        .iter()
        .map(|update| match update {
            Update::Delta(delta) => format!("{}@{}", delta.text, delta.offset),
            Update::Event(event) => event.kind.name().to_owned(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        seen,
        [
            "run.created",
            "run.started",
            "node.started",
            "Hi @0",
            "😀@3",
            "!@5",
            "node.completed",
            "run.completed"
        ]
    );
}
