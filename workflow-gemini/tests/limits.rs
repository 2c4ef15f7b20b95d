//! The state that all requests of a client share: cool-downs, the retry budget, and queues.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod common;

use std::time::Duration;

use common::{
    builder, client,
    fault::{self, Act, Seen, answer, stall},
    raw::OK_SSE,
};
use futures::{FutureExt, StreamExt, future::join_all};
use serde_json::{Value, json as value};
use workflow_core::{Executor, Registry, StepEvent, Update, Workflow};
use workflow_gemini::{Chunk, GeminiClient, GeminiError, GenerateRequest, Reply};

const REPLY: &str = include_str!("fixtures/reply.json");
const PER_MINUTE: &str = include_str!("fixtures/429-per-minute.json");
const PER_DAY: &str = include_str!("fixtures/429-per-day.json");
const BUSY: &str = include_str!("fixtures/503-overloaded.json");

fn fine() -> Act {
    answer("200 OK", "", REPLY)
}

fn limited() -> Act {
    answer("429 Too Many Requests", "", PER_MINUTE)
}

async fn ask(client: &GeminiClient, model: &str) -> Result<Reply, GeminiError> {
    let request = GenerateRequest::new("Hi").with_model(model);
    client.generate(&request).await
}

/// Advances the time without waiting.
async fn later(seconds: u64) {
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(seconds)).await;
    tokio::time::resume();
}

#[tokio::test]
async fn one_rate_limit_stops_the_other_requests_of_a_client() {
    let server = fault::serving(vec![limited(), fine()]).await;
    let client = client(&server.base_url);
    let first = ask(&client, "models/a").await.unwrap_err();
    assert_eq!(first.retry_after(), Some(Duration::from_secs(36)));

    let clones: Vec<GeminiClient> = vec![client.clone(); 50];
    let others = join_all(clones.iter().map(|client| ask(client, "a"))).await;
    let waits = others.into_iter().map(|other| {
        let error = other.unwrap_err();
        assert!(matches!(error, GeminiError::CoolingDown { .. }), "{error}");
        assert_eq!((error.code(), error.status()), ("rate_limited", Some(429)));
        assert!(error.is_retryable() && error.is_unavailable());
        error.retry_after().unwrap().as_millis()
    });
    let mut waits: Vec<u128> = waits.collect();
    assert!(
        waits.iter().all(|wait| (30_000..=39_600).contains(wait)),
        "{waits:?}"
    );
    waits.dedup();
    assert!(waits.len() > 1, "jitter");
    assert_eq!(server.seen().len(), 1);

    ask(&client, "another-model").await.unwrap();
    ask(&common::client(&server.base_url), "a").await.unwrap();
    later(37).await;
    ask(&client, "a").await.unwrap();
    assert_eq!(server.seen().len(), 4);
}

#[tokio::test]
async fn a_named_wait_applies_to_all_requests_and_so_does_a_repeated_limit() {
    let busy = answer("503 Service Unavailable", "retry-after: 7\r\n", BUSY);
    let server = fault::serving(vec![busy, fine()]).await;
    let client = client(&server.base_url);
    let wait = ask(&client, "a").await.unwrap_err().retry_after();
    assert_eq!(wait, Some(Duration::from_secs(7)));
    let left = ask(&client, "a").await.unwrap_err().retry_after().unwrap();
    assert!((6.0..=7.7).contains(&left.as_secs_f64()), "{left:?}");
    assert_eq!(server.seen().len(), 1);

    for (status, sent) in [("503 Service Unavailable", 3), ("429 Too Many Requests", 2)] {
        let server = fault::serving(vec![answer(status, "", "{}")]).await;
        let client = common::client(&server.base_url);
        for _ in 0..3 {
            ask(&client, "a").await.unwrap_err();
        }
        assert_eq!(server.seen().len(), sent, "{status}");
    }
}

#[tokio::test]
async fn an_exhausted_quota_is_tested_once_a_minute() {
    let exhausted = answer("429 Too Many Requests", "", PER_DAY);
    let server = fault::serving(vec![exhausted]).await;
    let client = client(&server.base_url);
    for wait in [0, 30, 31, 1] {
        later(wait).await;
        let error = ask(&client, "a").await.unwrap_err();
        let is = (error.code(), error.is_retryable(), error.retry_after());
        assert_eq!(is, ("daily_quota_exceeded", false, None));
    }
    assert_eq!(server.seen().len(), 2);
}

fn workflow(client: GeminiClient, nodes: &Value) -> Workflow {
    let mut registry = Registry::default();
    workflow_gemini::register(&mut registry, client);
    Workflow::from_spec(&value!({ "nodes": nodes }), &registry).unwrap()
}

fn event(update: Option<Update>) -> Option<StepEvent> {
    match update? {
        Update::Event(event) => Some(event),
        _ => None,
    }
}

fn of_kind<'a>(events: &'a [StepEvent], kind: &str) -> Vec<&'a StepEvent> {
    events
        .iter()
        .filter(|event| event.kind.name() == kind)
        .collect()
}

#[tokio::test]
async fn parallel_steps_wait_together_and_no_attempt_is_early() {
    let wait = "retry-after: 30\r\n";
    let limited = answer("429 Too Many Requests", wait, PER_MINUTE);
    let server = fault::serving(vec![limited, fine()]).await;
    // One at a time, so that the first request meets the limit before the others are sent.
    let client = builder(&server.base_url)
        .with_max_in_flight(1)
        .build()
        .unwrap();
    let step = |n| {
        value!({"id": format!("ask{n}"), "type": "LLMNode", "needs": [],
            "data": {"stream": false}, "retry": {"max_attempts": 2, "delay": "1ms"}})
    };
    let nodes: Value = (0..8).map(step).collect();
    let mut run = Executor::new().run(workflow(client, &nodes).into(), "Hi".into());
    let mut events = Vec::new();
    while of_kind(&events, "node.retrying").len() < 8 {
        events.extend(event(run.next().await));
    }
    while let Some(update) = run.next().now_or_never() {
        events.extend(event(update));
    }
    assert_eq!(server.seen().len(), 1, "all wait");
    later(34).await;
    let rest: Vec<Update> = run.collect().await;
    events.extend(rest.into_iter().filter_map(|update| event(Some(update))));
    assert_eq!(events.last().unwrap().kind.name(), "run.completed");
    assert_eq!(of_kind(&events, "node.completed").len(), 8);
    assert_eq!(server.seen().len(), 9);
    assert!(
        server.gaps()[0] >= Duration::from_secs(30),
        "{:?}",
        server.gaps()
    );
}

#[tokio::test]
async fn a_retry_budget_of_0_allows_no_retry_and_retries_drain_a_larger_one() {
    let busy = answer("503 Service Unavailable", "", BUSY);
    let server = fault::serving(vec![busy]).await;
    let client = builder(&server.base_url)
        .with_retry_budget(0)
        .build()
        .unwrap();
    let nodes = value!([{"id": "ask", "type": "LLMNode",
        "retry": {"max_attempts": 20, "delay": "1ms"}}]);
    let run = Executor::new().run(workflow(client.clone(), &nodes).into(), "Hi".into());
    let updates: Vec<Update> = run.collect().await;
    let events = updates.into_iter().filter_map(|update| event(Some(update)));
    let events: Vec<StepEvent> = events.collect();
    let failed = serde_json::to_value(of_kind(&events, "node.failed")[0]).unwrap();
    assert_eq!(
        (&failed["attempt"], &failed["error"]["code"]),
        (&value!(1), &value!("model_overloaded"))
    );
    assert!(
        failed["error"]["hint"]
            .as_str()
            .unwrap()
            .contains("retry budget")
    );
    assert_eq!(server.seen().len(), 1);

    let client = builder(&server.base_url)
        .with_retry_budget(1)
        .build()
        .unwrap();
    assert!(client.grants_retry());
    let error = ask(&client, "a").await.unwrap_err();
    assert!(
        error.is_retryable() && client.grants_retry(),
        "a first attempt takes no token"
    );
    let retry = GenerateRequest::new("Hi").with_model("a").with_retry();
    client.generate(&retry).await.unwrap_err();
    assert!(!client.grants_retry());
    later(2).await;
    assert!(client.grants_retry());
}

#[tokio::test]
async fn a_request_waits_until_another_has_ended_and_can_be_dropped_meanwhile() {
    let server = fault::serving(vec![stall(OK_SSE), fine()]).await;
    let client = builder(&server.base_url)
        .with_max_in_flight(1)
        .build()
        .unwrap();
    let mut first = client.stream(&GenerateRequest::new("Hi"));
    let mut server = server;
    tokio::select! {
        _ = first.next() => panic!("the server sends nothing"),
        () = server.until(|seen| seen.len() == 1) => {}
    }
    for _ in 0..3 {
        assert!(ask(&client, "a").now_or_never().is_none());
    }
    let second = ask(&client, "a");
    tokio::pin!(second);
    assert!(second.as_mut().now_or_never().is_none());
    drop(first);
    second.await.unwrap();
    server.until(|seen| seen[0].left.is_some()).await;
    assert_eq!(server.seen().len(), 2, "the dropped requests were not sent");
}

#[tokio::test]
async fn a_full_queue_refuses_a_request_and_a_step_retries_it() {
    let server = fault::serving(vec![stall(OK_SSE), fine()]).await;
    let client = builder(&server.base_url)
        .with_max_in_flight(1)
        .with_max_queued(1);
    let client = client.build().unwrap();
    let mut first = client.stream(&GenerateRequest::new("Hi"));
    let mut server = server;
    tokio::select! {
        _ = first.next() => panic!("the server sends nothing"),
        () = server.until(|seen| seen.len() == 1) => {}
    }
    let second = ask(&client, "a");
    tokio::pin!(second);
    assert!(second.as_mut().now_or_never().is_none(), "it waits");
    let error = ask(&client, "b").await.unwrap_err();
    assert_eq!((error.code(), error.is_retryable()), ("queue_full", true));
    let text = "the queue for b is full: its limit is 1 (`max_queued`)";
    assert_eq!(error.to_string(), text);

    let nodes = value!([{"id": "ask", "type": "LLMNode",
        "retry": {"max_attempts": 3, "delay": "1ms"}}]);
    let mut run = Executor::new().run(workflow(client.clone(), &nodes).into(), "Hi".into());
    let mut events = Vec::new();
    while of_kind(&events, "node.retrying").is_empty() {
        events.extend(event(run.next().await));
    }
    let retrying = serde_json::to_value(of_kind(&events, "node.retrying")[0]).unwrap();
    assert_eq!(retrying["error"]["code"], "queue_full");
    drop(first);
    second.await.unwrap();
    let rest: Vec<Update> = run.collect().await;
    events.extend(rest.into_iter().filter_map(|update| event(Some(update))));
    assert_eq!(events.last().unwrap().kind.name(), "run.completed");
}

#[tokio::test]
async fn requests_per_minute_are_limited() {
    let server = fault::serving(vec![fine()]).await;
    let client = builder(&server.base_url)
        .with_max_per_minute(2)
        .build()
        .unwrap();
    for _ in 0..2 {
        ask(&client, "a").await.unwrap();
    }
    for _ in 0..3 {
        assert!(
            ask(&client, "a").now_or_never().is_none(),
            "a request over the limit waits"
        );
    }
    let third = ask(&client, "a");
    tokio::pin!(third);
    assert!(third.as_mut().now_or_never().is_none());
    later(61).await;
    third.await.unwrap();
    let seen: Vec<Seen> = server.seen();
    assert_eq!(seen.len(), 3);
    assert!(seen[2].at - seen[0].at >= Duration::from_secs(60));
}

/// Runs steps to their end, and advances the time whenever nothing else happens.
async fn events_of(client: GeminiClient, nodes: &Value) -> Vec<StepEvent> {
    let mut run = Executor::new()
        .with_concurrent_steps(100)
        .run(workflow(client, nodes).into(), "Hi".into());
    let mut events = Vec::new();
    loop {
        tokio::select! {
            update = run.next() => match update {
                Some(update) => events.extend(event(Some(update))),
                None => return events,
            },
            () = tokio::time::sleep(Duration::from_millis(100)) => later(1).await,
        }
    }
}

fn json_of(events: &[StepEvent], kind: &str) -> Vec<Value> {
    let events = of_kind(events, kind).into_iter();
    events
        .map(|event| serde_json::to_value(event).unwrap())
        .collect()
}

#[tokio::test]
async fn steps_report_their_wait_in_a_queue_and_their_timeout_does_not_run() {
    let server = fault::serving(vec![fine()]).await;
    // Two requests a minute: the last of seven waits for three minutes.
    let client = builder(&server.base_url)
        .with_max_per_minute(2)
        .build()
        .unwrap();
    let step = |n| {
        value!({"id": format!("ask{n}"), "type": "LLMNode", "needs": [], "timeout": "30s",
            "data": {"stream": n % 2 == 0, "model": "gemini-x"}, "retry": 1})
    };
    let nodes: Value = (0..7).map(step).collect();
    let events = events_of(client, &nodes).await;
    assert_eq!(events.last().unwrap().kind.name(), "run.completed");
    let queued = json_of(&events, "node.queued");
    assert!(
        queued
            .iter()
            .all(|it| it["queue"] == "gemini-x" && it["attempt"] == 1)
    );
    let of_last: Vec<&Value> = queued.iter().filter(|it| it["path"] == "ask6").collect();
    let positions = of_last.iter().filter_map(|it| it["position"].as_u64());
    let positions: Vec<u64> = positions.collect();
    assert_eq!(positions[0], 5);
    assert!(
        positions.len() > 1 && positions.windows(2).all(|pair| pair[1] <= pair[0] / 2),
        "{positions:?}"
    );
    let admitted = json_of(&events, "node.admitted");
    assert_eq!(admitted.len(), 5);
    for completed in json_of(&events, "node.completed") {
        let waited = completed["queued_ms"].as_u64();
        let admitted = admitted.iter().find(|it| it["path"] == completed["path"]);
        assert_eq!(waited, admitted.and_then(|it| it["queued_ms"].as_u64()));
        let minutes = match completed["path"].as_str().unwrap() {
            "ask0" | "ask1" => None,
            "ask2" | "ask3" => Some(60_000),
            "ask4" | "ask5" => Some(120_000),
            _ => Some(180_000),
        };
        assert_eq!(waited.is_some(), minutes.is_some(), "{completed}");
        assert!(
            waited.unwrap_or_default() >= minutes.unwrap_or_default(),
            "{completed}"
        );
    }
}

#[tokio::test]
async fn an_overload_fails_no_step_that_has_attempts_left() {
    let busy = || answer("503 Service Unavailable", "", BUSY);
    // The overload meets twenty first attempts and the two retries that the budget allows at once.
    let mut acts: Vec<Act> = std::iter::repeat_with(busy).take(22).collect();
    acts.push(fine());
    let server = fault::serving(acts).await;
    let client = builder(&server.base_url)
        .with_retry_budget(2)
        .build()
        .unwrap();
    let step = |n| {
        value!({"id": format!("ask{n}"), "type": "LLMNode", "needs": [], "timeout": "1s",
            "data": {"stream": false}, "retry": {"max_attempts": 3, "delay": "1ms"}})
    };
    let nodes: Value = (0..20).map(step).collect();
    let events = events_of(client.clone(), &nodes).await;
    assert_eq!(events.last().unwrap().kind.name(), "run.completed");
    assert_eq!(of_kind(&events, "node.completed").len(), 20);
    let retrying = json_of(&events, "node.retrying");
    assert_eq!(retrying.len(), 22);
    let waits = retrying
        .iter()
        .filter(|it| it["waits_for"] == "retry_budget")
        .count();
    assert!(waits > 0, "{retrying:?}");
    let queued = json_of(&events, "node.queued");
    assert!(!queued.is_empty() && queued.iter().all(|it| it["queue"] == "retry_budget"));
    assert_eq!(server.seen().len(), 42);
}

#[tokio::test]
async fn a_stream_reports_its_queue_position() {
    let server = fault::serving(vec![stall(OK_SSE), fine()]).await;
    let client = builder(&server.base_url)
        .with_max_in_flight(1)
        .build()
        .unwrap();
    let mut first = client.stream(&GenerateRequest::new("Hi"));
    assert!(first.next().now_or_never().is_none());
    let mut second = client.stream(&GenerateRequest::new("Hi").with_model("models/gemini-x"));
    let chunk = second.next().await.unwrap().unwrap();
    let queued = Chunk::Queued {
        queue: "gemini-x".to_owned(),
        position: 1,
    };
    assert_eq!(chunk, queued);
    assert!(second.next().now_or_never().is_none());
    drop(first);
    assert_eq!(second.next().await.unwrap().unwrap(), Chunk::Admitted);
}
