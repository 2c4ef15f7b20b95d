//! The command `health`.

#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod support;

use std::fs;

use support::{Server, output, program, text};
use wiremock::MockServer;

/// The exit code of `health` and its message, for an address of the environment.
async fn health(addr: &str) -> (Option<i32>, String) {
    let mut program = program();
    let output = output(program.arg("health").env("WORKFLOW_ADDR", addr)).await;
    assert_eq!(text(output.stdout), "");
    (output.status.code(), text(output.stderr))
}

#[tokio::test]
async fn health_is_that_of_the_service_at_the_address_of_the_settings() {
    let mut program = program();
    let program = program.args(["--simulate", "--memory", "--addr", "0.0.0.0:0"]);
    // No health check needs the key.
    let server = Server::start_as(program.env("WORKFLOW_API_KEYS", "0123456789abcdef")).await;
    let port = server.port().to_owned();
    for addr in [format!("0.0.0.0:{port}"), format!("127.0.0.1:{port}")] {
        assert_eq!(health(&addr).await, (Some(0), String::new()), "{addr}");
    }
    server.terminate();
    server.end().await;
    let (code, message) = health(&format!("0.0.0.0:{port}")).await;
    assert_eq!(code, Some(1));
    let expected = format!("error: no healthy service at 127.0.0.1:{port}: ");
    assert!(message.starts_with(&expected), "{message}");
    assert!(message.contains("refused"), "{message}");
}

#[tokio::test]
async fn another_service_is_not_healthy() {
    let other = MockServer::start().await;
    let (code, message) = health(&other.address().to_string()).await;
    assert_eq!(code, Some(1));
    assert!(message.contains("404"), "{message}");
}

#[tokio::test]
async fn the_address_can_be_in_the_configuration_file() {
    let place = tempfile::tempdir().unwrap();
    let other = MockServer::start().await;
    let file = format!("addr = \"{}\"\nmax_running = 3\n", other.address());
    fs::write(place.path().join("workflow.toml"), file).unwrap();
    let mut program = program();
    program
        .current_dir(place.path())
        .args(["health", "--config", "workflow.toml"]);
    let message = text(output(&mut program).await.stderr);
    assert!(message.contains(&other.address().to_string()), "{message}");
}
