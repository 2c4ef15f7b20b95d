//! How the program stops.
#![cfg(unix)]

mod support;

use std::time::{Duration, Instant};

use support::{ask_once, data, simulated};

#[tokio::test]
async fn asked_to_stop_it_ends_streams_lets_runs_end_and_says_it_went_well() {
    let server = simulated("20ms").await;
    let run = server.begin(&ask_once(), &"Why?".into()).await;
    let stream = server.get(&format!("/api/runs/{run}/events")).await;
    server.terminate();
    let events = data(&stream.text().await.unwrap());
    assert!(events.iter().all(|event| event["type"] != "run.completed"));
    let ended = server.end().await;
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("stopping"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("ERROR"), "{}", ended.stderr);
}

#[tokio::test]
async fn asked_twice_it_stops_at_once() {
    let server = simulated("1000ms").await;
    let run = server.begin(&ask_once(), &"Why?".into()).await;
    let stream = server.get(&format!("/api/runs/{run}/events")).await;
    let start = Instant::now();
    server.terminate();
    stream.text().await.unwrap();
    server.terminate();
    let ended = server.end().await;
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    assert!(start.elapsed() < Duration::from_secs(8));
}
