//! How the program stops.
#![cfg(unix)]

mod support;

use std::time::{Duration, Instant};

use support::{Server, ask_once, data, program, simulated};

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

#[tokio::test]
async fn each_signal_that_asks_it_to_stop_lets_runs_end() {
    for signal in ["TERM", "INT"] {
        lets_runs_end(simulated("20ms").await, signal).await;
    }
}

/// Also where these tests run with the signal ignored, as under `nohup`.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_hangup_lets_runs_end() {
    let mut env = tokio::process::Command::new("env");
    env.arg("--default-signal=HUP");
    env.arg(program().as_std().get_program());
    env.args(["--simulate", "--simulate-pace", "20ms"]);
    let server = Server::start(env.kill_on_drop(true)).await;
    lets_runs_end(server, "HUP").await;
}

async fn lets_runs_end(server: Server, signal: &str) {
    let run = server.begin(&ask_once(), &"Why?".into()).await;
    let stream = server.get(&format!("/api/runs/{run}/events")).await;
    server.signal(signal);
    stream.text().await.expect("the stream ends with its run");
    let ended = server.end().await;
    assert_eq!(ended.status.code(), Some(0), "{signal}: {}", ended.stderr);
    assert!(
        ended.stderr.contains("a run completed"),
        "{signal}: {}",
        ended.stderr
    );
}

/// As `nohup` starts it.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_hangup_that_is_ignored_stays_ignored() {
    let mut shell = tokio::process::Command::new("sh");
    shell.args(["-c", "trap '' HUP; exec \"$@\"", "sh"]);
    shell.arg(program().as_std().get_program());
    shell.arg("--simulate").kill_on_drop(true);
    let server = Server::start(&mut shell).await;
    server.signal("HUP");
    assert_eq!(server.get("/healthz").await.status(), 200);
    server.signal("TERM");
    assert_eq!(server.end().await.status.code(), Some(0));
}
