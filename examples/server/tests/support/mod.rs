//! The program as a person starts it, and what is asked of it.
#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod server;

use std::{env, process::Output, time::Duration};

use serde_json::{Value, json};
use tokio::{process::Command, time::timeout};

pub(crate) use self::server::Server;

/// The program, in a place and an environment without any key.
pub(crate) fn program() -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_workflow-server"));
    for name in [
        "GOOGLE_API_KEY",
        "GEMINI_API_KEY",
        "GEMINI_MODEL",
        "GOOGLE_GEMINI_BASE_URL",
        "GOOGLE_GENAI_API_VERSION",
        "http_proxy",
        "HTTP_PROXY",
        "all_proxy",
        "ALL_PROXY",
    ] {
        program.env_remove(name);
    }
    program.current_dir(env::temp_dir()).kill_on_drop(true);
    program
}

/// Runs the program to its end.
pub(crate) async fn output(program: &mut Command) -> Output {
    let output = timeout(Duration::from_secs(20), program.output()).await;
    output.expect("the program ends by itself").unwrap()
}

pub(crate) fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

/// The program with a simulated model that writes at this pace.
pub(crate) async fn simulated(pace: &str) -> Server {
    Server::start(program().args(["--simulate", "--simulate-pace", pace])).await
}

/// The prototype's example.
pub(crate) fn explain() -> Value {
    serde_json::from_str(include_str!("../../../workflows/explain.json")).unwrap()
}

/// One step that asks the model once.
pub(crate) fn ask_once() -> Value {
    json!({"nodes": [{"id": "ask", "type": "LLMNode", "retry": 1, "data": {}}]})
}

/// The `data` of each frame of a stream.
pub(crate) fn data(stream: &str) -> Vec<Value> {
    let lines = stream
        .lines()
        .filter_map(|line| line.strip_prefix("data: "));
    lines
        .map(|data| serde_json::from_str(data).unwrap())
        .collect()
}
