//! The program on a Postgres database: a second instance waits, and takes over when the first one ends.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use std::{net::TcpListener, process::Stdio, time::Duration};

use serde_json::{Value, json};
use support::{Server, output, program, text};
use tokio::{
    process::Command,
    time::{sleep, timeout},
};
use workflow_test_services::Postgres;

/// How long a standby may take to notice and take over.
const SOON: Duration = Duration::from_secs(30);

fn on(url: &str) -> Command {
    let mut program = program();
    program.args(["--simulate", "--simulate-pace", "0ms"]);
    program.env("WORKFLOW_POSTGRES", url);
    program
}

/// Starts an instance and returns once it serves.
async fn serving(url: &str) -> Server {
    Server::start_as(on(url).args(["--addr", "127.0.0.1:0"])).await
}

/// Starts an instance that waits for another one.
async fn standby(url: &str) -> Server {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    drop(socket);
    let mut program = on(url);
    program.args(["--addr", &format!("127.0.0.1:{port}")]);
    let program = program.stdout(Stdio::null()).stderr(Stdio::null());
    Server::unread(program.spawn().unwrap(), port).await
}

/// Steps that take a while, so that instances end in the middle.
fn slow() -> Value {
    let nodes: Vec<Value> = (0..20)
        .map(
            |step| json!({"id": format!("s{step}"), "type": "DelayNode", "data": {"for": "100ms"}}),
        )
        .collect();
    json!({ "nodes": nodes })
}

async fn until_ready(server: &Server) {
    let ready = async {
        while server.get("/readyz").await.status() != 200 {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(SOON, ready).await.expect("the standby takes over");
}

#[tokio::test]
async fn a_standby_takes_over_the_runs_of_an_instance_that_was_killed() {
    let postgres = Postgres::start();
    let url = postgres.create_database();
    let first = serving(&url).await;
    let run = first.begin(&slow(), &Value::Null).await;
    let second = standby(&url).await;
    assert_eq!(second.get("/healthz").await.status(), 200);
    for path in ["/readyz", "/api/runs", "/"] {
        let refused = second.get(path).await;
        assert_eq!(refused.status(), 503, "{path}");
        assert_eq!(refused.headers()["retry-after"], "1");
        assert_eq!(refused.json::<Value>().await.unwrap()["code"], "standby");
    }
    sleep(Duration::from_millis(500)).await;
    first.signal("KILL");
    until_ready(&second).await;
    let events = second.events(&run).await;
    let report = second.report(&run).await;
    assert_eq!(report["status"], "completed", "{report}");
    let seqs: Vec<u64> = events
        .iter()
        .filter_map(|event| event["seq"].as_u64())
        .collect();
    assert_eq!(
        seqs,
        (1..=u64::try_from(seqs.len()).unwrap()).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn an_instance_that_is_asked_to_stop_hands_over_its_runs() {
    let postgres = Postgres::start();
    let url = postgres.create_database();
    let first = Server::start_as(on(&url).args(["--addr", "127.0.0.1:0", "--drain", "0s"])).await;
    let run = first.begin(&slow(), &Value::Null).await;
    let second = standby(&url).await;
    first.terminate();
    let ended = first.end().await;
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    let data = format!("Data: database \"test_0\" at 127.0.0.1:{}", postgres.port());
    assert!(ended.stdout.contains(&data), "{}", ended.stdout);
    until_ready(&second).await;
    second.events(&run).await;
    assert_eq!(second.report(&run).await["status"], "completed");
}

#[tokio::test]
async fn a_standby_that_is_asked_to_stop_ends() {
    let postgres = Postgres::start();
    let url = postgres.create_database();
    let _first = serving(&url).await;
    let second = standby(&url).await;
    second.terminate();
    assert_eq!(second.end().await.status.code(), Some(0));
}

#[tokio::test]
async fn an_instance_that_lost_the_database_to_another_ends() {
    let postgres = Postgres::start();
    let url = postgres.create_database();
    let first = serving(&url).await;
    let second = standby(&url).await;
    // A machine that sleeps: its connections are cut, and it does not know.
    first.signal("STOP");
    postgres.execute(
        "test_0",
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted",
    );
    until_ready(&second).await;
    first.signal("CONT");
    let ended = timeout(SOON, first.end()).await.unwrap();
    assert_eq!(ended.status.code(), Some(1));
    assert!(
        ended.stderr.contains("another instance serves database"),
        "{}",
        ended.stderr
    );
}

#[tokio::test]
async fn a_database_that_cannot_be_used_is_named_without_its_password() {
    let url = "postgres://user:s3cret@127.0.0.1:1/db";
    let ended = output(on(url).args(["--addr", "127.0.0.1:0"])).await;
    assert_eq!(ended.status.code(), Some(1));
    let (stdout, stderr) = (text(ended.stdout), text(ended.stderr));
    assert!(
        stderr.contains("database \"db\" at 127.0.0.1:1: no answer"),
        "{stderr}"
    );
    assert!(!format!("{stdout}{stderr}").contains("s3cret"));
}
