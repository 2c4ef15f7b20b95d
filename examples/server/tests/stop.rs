//! Shutdown by signals.
#![cfg(unix)]

mod support;

use std::time::{Duration, Instant};

use support::{Server, ask_once, data, program, simulated};

#[tokio::test]
async fn a_signal_ends_streams_waits_for_runs_and_exits_with_success() {
    let server = simulated("20ms").await;
    let run = server.begin(&ask_once(), &"Why?".into()).await;
    let stream = server.get(&format!("/api/runs/{run}/events")).await;
    server.terminate();
    let events = data(&stream.text().await.unwrap());
    assert!(events.iter().all(|event| event["type"] != "run.completed"));
    let ended = server.end().await;
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("shutting down"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("ERROR"), "{}", ended.stderr);
}

#[tokio::test]
async fn a_second_signal_stops_without_waiting() {
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
async fn each_stop_signal_waits_for_runs() {
    for signal in ["TERM", "INT"] {
        lets_runs_end(simulated("20ms").await, signal).await;
    }
}

/// Resets the signal first, since the tests may run under `nohup`.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_hangup_waits_for_runs() {
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
async fn an_ignored_hangup_stays_ignored() {
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
