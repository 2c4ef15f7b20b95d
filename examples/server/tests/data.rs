//! The data directory, and errors of it.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use support::{Server, explain, output, program, text};
use tokio::{process::Command, time::sleep};

fn simulating() -> Command {
    let mut program = program();
    program.args(["--simulate", "--simulate-pace", "0ms"]);
    program
}

async fn items(server: &Server, path: &str) -> usize {
    let list: Value = server.get(path).await.json().await.unwrap();
    list["items"].as_array().unwrap().len()
}

#[tokio::test]
async fn workflows_and_runs_survive_a_restart() {
    let place = tempfile::tempdir().unwrap();
    // The directory is created.
    let place = place.path().join("new");
    let server = Server::keeping(&mut simulating(), &place).await;
    let outcome = server.outcome(&explain(), "Tides".into()).await;
    let run = outcome["id"].as_str().unwrap();
    let events = server.events(run).await;
    server.terminate();
    let ended = server.end().await;
    assert_eq!(ended.status.code(), Some(0));
    assert!(
        ended.stdout.contains(&format!("Data: {}", place.display())),
        "{}",
        ended.stdout
    );
    assert!(
        !place.join("workflows.db-wal").exists(),
        "all data is in one file"
    );

    let server = Server::keeping(&mut simulating(), &place).await;
    assert_eq!(server.report(run).await, outcome);
    let stored = |events: Vec<Value>| -> Vec<Value> {
        events
            .into_iter()
            .filter(|event| event["type"] != "node.delta")
            .collect()
    };
    assert_eq!(stored(server.events(run).await), stored(events));
    assert_eq!(items(&server, "/api/workflows").await, 1);
    assert_eq!(items(&server, "/api/runs").await, 1);
}

#[tokio::test]
async fn a_store_in_memory_writes_no_file() {
    let place = tempfile::tempdir().unwrap();
    let mut program = simulating();
    let server = Server::start(program.current_dir(place.path())).await;
    server.outcome(&explain(), "Tides".into()).await;
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
    server.terminate();
    assert!(server.end().await.stdout.contains("Data: in memory only"));
}

#[tokio::test]
async fn ended_runs_are_deleted_by_the_retention_settings() {
    let place = tempfile::tempdir().unwrap();
    let mut program = simulating();
    let server = Server::keeping(program.args(["--keep-runs", "2"]), place.path()).await;
    for _ in 0..5 {
        server.outcome(&explain(), "Tides".into()).await;
    }
    server.terminate();
    server.end().await;
    let mut program = simulating();
    let server = Server::keeping(program.args(["--keep-runs", "2"]), place.path()).await;
    assert_eq!(items(&server, "/api/runs").await, 2);
}

/// The exit code and standard error of a start with this unusable directory.
async fn refusal(place: &Path) -> (Option<i32>, String) {
    let mut program = simulating();
    program
        .args(["--addr", "127.0.0.1:0", "--data-dir"])
        .arg(place);
    let output = output(&mut program).await;
    (output.status.code(), text(output.stderr))
}

#[tokio::test]
async fn an_unusable_data_directory_is_reported() {
    let place = tempfile::tempdir().unwrap();
    let _first = Server::keeping(&mut simulating(), place.path()).await;
    let (code, stderr) = refusal(place.path()).await;
    assert_eq!(code, Some(1));
    assert!(stderr.contains("in use by another process"), "{stderr}");

    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("file"), "").unwrap();
    let (code, stderr) = refusal(&place.path().join("file")).await;
    assert_eq!(code, Some(1));
    assert!(stderr.contains("cannot be opened"), "{stderr}");

    fs::write(
        place.path().join("workflows.db"),
        "not a database".repeat(400),
    )
    .unwrap();
    let (code, stderr) = refusal(place.path()).await;
    assert_eq!(code, Some(1));
    assert!(stderr.contains("is not a store of workflows"), "{stderr}");
}

/// Limits the size of files of the process, with `prlimit`.
fn limit(server: &Server, bytes: &str) {
    let mut prlimit = std::process::Command::new("prlimit");
    prlimit.args([
        "--pid",
        &server.pid().to_string(),
        &format!("--fsize={bytes}:unlimited"),
    ]);
    assert!(prlimit.status().unwrap().success());
}

#[tokio::test]
async fn a_full_disk_is_reported_and_loses_nothing() {
    let place = tempfile::tempdir().unwrap();
    // With the signal ignored, a write beyond the limit is an error, as on a full disk.
    let mut shell = Command::new("sh");
    let binary = env!("CARGO_BIN_EXE_workflow-server");
    let script = "trap '' XFSZ; exec \"$@\"";
    shell.args([
        "-c",
        script,
        "sh",
        binary,
        "--simulate",
        "--simulate-pace",
        "0ms",
    ]);
    let server = Server::keeping(shell.kill_on_drop(true), place.path()).await;
    let before = server.outcome(&explain(), "Tides".into()).await;
    let workflow = before["workflow"]["id"].as_str().unwrap();
    let start = format!("/api/workflows/{workflow}/runs");
    let input = json!({"input": "x".repeat(100_000)}).to_string();

    limit(&server, "200000");
    let refused = loop {
        let answer = server.post(&start, input.clone()).await;
        if answer.status() != 202 {
            break answer;
        }
    };
    assert_eq!(refused.status(), 503);
    assert_eq!(refused.headers()["retry-after"], "5");
    let problem: Value = refused.json().await.unwrap();
    assert_eq!(problem["code"], "store_unavailable");
    let ready = server.get("/readyz").await;
    assert_eq!(ready.status(), 503);
    assert_eq!(server.get("/healthz").await.status(), 200);
    // Reads still work.
    assert_eq!(server.report(before["id"].as_str().unwrap()).await, before);

    limit(&server, "unlimited");
    // Readiness caches its last result, and runs retry their appends after a delay.
    let begun = Instant::now();
    while server.get("/readyz").await.status() != 200 {
        assert!(begun.elapsed() < Duration::from_secs(20));
        sleep(Duration::from_millis(50)).await;
    }
    let list: Value = server
        .get("/api/runs?limit=200")
        .await
        .json()
        .await
        .unwrap();
    for run in list["items"].as_array().unwrap() {
        let events = server.events(run["id"].as_str().unwrap()).await;
        assert_eq!(events.last().unwrap()["type"], "run.completed", "{run}");
    }
}

/// Waits until the service is not ready any more, for at most a second.
async fn is_not_ready_within_a_second(server: &Server) {
    let begun = Instant::now();
    while server.get("/readyz").await.status() == 200 {
        assert!(begun.elapsed() < Duration::from_secs(1));
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn no_run_ends_while_its_data_directory_is_gone() {
    let place = tempfile::tempdir().unwrap();
    let place = place.path().join("data");
    let mut program = program();
    program.args(["--simulate", "--simulate-pace", "20ms", "--drain", "0s"]);
    let server = Server::keeping(&mut program, &place).await;
    let run = server.begin(&explain(), &"Tides".into()).await;
    let mut stream = server.get(&format!("/api/runs/{run}/events")).await;
    stream.chunk().await.unwrap();
    assert_eq!(server.get("/readyz").await.status(), 200);

    fs::remove_dir_all(&place).unwrap();
    is_not_ready_within_a_second(&server).await;
    assert_eq!(server.get("/healthz").await.status(), 200);
    let refused = server.post("/api/workflows", explain().to_string()).await;
    assert_eq!(refused.status(), 503);
    let problem: Value = refused.json().await.unwrap();
    assert_eq!(problem["code"], "store_unavailable");
    // The model has replied by now.
    sleep(Duration::from_secs(3)).await;
    server.terminate();
    let shown = stream.text().await.unwrap_or_default();
    assert!(!shown.contains("run.completed"), "{shown}");
    let ended = server.end().await;
    assert!(ended.stderr.contains("put it back"), "{}", ended.stderr);
    assert!(
        !ended.stderr.contains("a run completed"),
        "{}",
        ended.stderr
    );
}

#[tokio::test]
async fn a_second_server_is_refused_whatever_the_name_of_the_file() {
    let place = tempfile::tempdir().unwrap();
    let server = Server::keeping(&mut simulating(), place.path()).await;
    let before = server.outcome(&explain(), "Tides".into()).await;
    let other = tempfile::tempdir().unwrap();
    let link = other.path().join("workflows.db");
    fs::hard_link(place.path().join("workflows.db"), &link).unwrap();
    let (code, stderr) = refusal(other.path()).await;
    assert_eq!(code, Some(1));
    assert!(stderr.contains("in use by another process"), "{stderr}");
    assert_eq!(server.report(before["id"].as_str().unwrap()).await, before);
}

#[tokio::test]
async fn the_file_is_checked_after_the_start() {
    let place = tempfile::tempdir().unwrap();
    let server = Server::keeping(&mut simulating(), place.path()).await;
    let run = server.outcome(&explain(), "Tides".into()).await;
    server.terminate();
    server.end().await;
    let path = place.path().join("workflows.db");
    let mut bytes = fs::read(&path).unwrap();
    let text = b"\"type\":\"node.completed\"";
    let at = bytes.windows(text.len()).position(|window| window == text);
    bytes[at.unwrap() + 9] ^= 1;
    fs::write(&path, bytes).unwrap();

    let server = Server::keeping(&mut simulating(), place.path()).await;
    let id = run["id"].as_str().unwrap();
    let report: Value = server
        .get(&format!("/api/runs/{id}"))
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(report["blocked"]["code"], "damaged_log", "{report}");
    server.terminate();
    let ended = server.end().await;
    assert!(ended.stderr.contains("cannot be read"), "{}", ended.stderr);
}
