//! The recording of a run: its whole log, one event per line.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use axum::{
    body::Body,
    http::{StatusCode, header::ACCEPT},
};
use serde_json::{Value, json};
use support::{Answer, Api, request, with_body};

const NDJSON: &str = "application/x-ndjson";

async fn recorded(api: &Api, run: &str, query: &str) -> Answer {
    let request = request("GET", &format!("{run}/events{query}")).header(ACCEPT, NDJSON);
    api.ask(with_body(request, Body::empty())).await
}

fn lines(answer: &Answer) -> Vec<Value> {
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (StatusCode::OK, NDJSON),
        "{}",
        answer.text
    );
    assert!(answer.text.is_empty() || answer.text.ends_with('\n'));
    let lines = answer.text.lines();
    lines.map(|it| serde_json::from_str(it).unwrap()).collect()
}

fn names(events: &[Value]) -> Vec<&str> {
    events
        .iter()
        .map(|it| it["type"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_recording_is_the_whole_log_with_what_streams_omit() {
    let api = Api::new();
    let run = api.start().await;
    api.script.record_debug(json!({"prompt": "Explain Rust"}));
    api.script.finish("It is.");
    api.events(&run).await.until("run.completed").await;

    let answer = recorded(&api, &run, "").await;
    assert_eq!(answer.header("vary"), "accept");
    let events = lines(&answer);
    let numbers: Vec<_> = events
        .iter()
        .map(|it| it["seq"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(events[5]["debug"], json!({"prompt": "Explain Rust"}));
    assert_eq!(events[6]["type"], "run.completed");

    let page = request("GET", &format!("{run}/events")).header(ACCEPT, "application/json");
    let page = api.ask(with_body(page, Body::empty())).await.json();
    assert_eq!(page["items"][5].get("debug"), None, "a page omits it");
}

#[tokio::test]
async fn a_recording_has_the_results_that_a_run_reuses() {
    let api = Api::new();
    let run = api.start().await;
    api.script.finish("It is.");
    api.events(&run).await.until("run.completed").await;
    let retry = json!({"from": "llm_step"});
    let again = api.post(&format!("{run}/retry"), retry).await;
    let again = again.header("location").to_owned();
    api.script.finish("It is again.");
    api.events(&again).await.until("run.completed").await;

    let events = lines(&recorded(&api, &again, "").await);
    assert_eq!(
        events[0]["reused"],
        json!([{"node": "prompt_step", "output": "Explain Rust"}])
    );
}

#[tokio::test]
async fn the_recording_of_a_run_that_has_not_ended_is_continued_later() {
    let api = Api::new();
    let run = api.start().await;
    let mut frames = api.events(&run).await;
    while frames.until("node.started").await["node"] != "llm_step" {}

    let begin = lines(&recorded(&api, &run, "").await);
    assert_eq!(names(&begin).last(), Some(&"node.started"));
    let none = recorded(&api, &run, "?after=5").await;
    assert_eq!((none.status, none.text.as_str()), (StatusCode::OK, ""));

    api.script.finish("It is.");
    frames.until("run.completed").await;
    let rest = lines(&recorded(&api, &run, "?after=5").await);
    assert_eq!(names(&rest), ["node.completed", "run.completed"]);
    assert_eq!(
        [begin, rest].concat(),
        lines(&recorded(&api, &run, "").await)
    );
}

#[tokio::test]
async fn a_long_log_is_recorded_in_many_pieces() {
    let api = Api::new();
    let nodes: Vec<_> = (0..50)
        .map(|id| json!({"id": format!("n{id}"), "type": "PromptNode", "data": {"template": "{{ input }}"}}))
        .collect();
    let workflow = api.create(json!({"nodes": nodes})).await;
    let started = api
        .post(&format!("{workflow}/runs"), json!({"input": 1}))
        .await;
    let run = started.header("location").to_owned();
    api.events(&run).await.until("run.completed").await;
    let events = lines(&recorded(&api, &run, "").await);
    assert_eq!(events.len(), 103);
    assert!(
        events
            .iter()
            .zip(1..)
            .all(|(event, seq)| event["seq"] == seq)
    );
}

#[tokio::test]
async fn refusals_are_problems() {
    let api = Api::new();
    let run = api.start().await;
    assert_eq!(
        recorded(&api, &run, "?after=99").await.refusal(),
        (400, "beyond_the_end".into())
    );
    let unknown = "/api/runs/0197f9d2-6f3e-7000-8000-000000000001";
    assert_eq!(
        recorded(&api, unknown, "").await.refusal(),
        (404, "unknown_run".into())
    );
}
