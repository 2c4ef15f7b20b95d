//! A proxy in the environment is not used: it would connect to addresses without a check.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod common;

use std::{env, io::ErrorKind, net::TcpListener, process::Command};

use common::{answering, local, output, text};
use serde_json::json;

/// Runs this test binary again, with a proxy in its environment.
const CHILD: &str = "a_call_in_an_environment_with_a_proxy";

#[test]
fn a_proxy_is_not_used() {
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    proxy.set_nonblocking(true).unwrap();
    let url = format!("http://{}", proxy.local_addr().unwrap());
    let mut child = Command::new(env::current_exe().unwrap());
    child.args(["--exact", CHILD, "--ignored"]);
    for name in [
        "HTTP_PROXY",
        "http_proxy",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "all_proxy",
    ] {
        child.env(name, &url);
    }
    child.env_remove("NO_PROXY").env_remove("no_proxy");
    let ended = child.output().unwrap();
    let said = String::from_utf8_lossy(&ended.stdout);
    assert!(
        ended.status.success() && said.contains("1 passed"),
        "{said}"
    );
    let accepted = proxy.accept();
    assert!(accepted.is_err_and(|error| error.kind() == ErrorKind::WouldBlock));
}

#[tokio::test]
#[ignore = "run by the test above"]
async fn a_call_in_an_environment_with_a_proxy() {
    let server = answering(text(200, "hi")).await;
    let output = output(local(&server.uri()), &json!({"url": server.uri()})).await;
    assert_eq!(output["body"], "hi");
}
