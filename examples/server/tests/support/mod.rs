//! Starts the program as a person does, and sends requests to it.
#![allow(dead_code, unused_imports, reason = "each test file uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod dialogue;
mod file;
pub(crate) mod log;
pub(crate) mod model;
pub(crate) mod provider;
mod server;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Output, Stdio},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{
    io::AsyncWriteExt,
    process::{Child, Command},
    time::timeout,
};

pub(crate) use self::{dialogue::Dialogue, file::File, server::Server};

/// The timeout of each action of the program.
const PATIENCE: Duration = Duration::from_secs(20);

/// The output of the program with this standard input.
pub(crate) async fn output_with_input(program: &mut Command, input: &str) -> Output {
    let program = program.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = program.stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).await.unwrap();
    drop(stdin);
    let output = timeout(PATIENCE, child.wait_with_output()).await;
    output.expect("the program ends").unwrap()
}

/// The program, in a directory and an environment without keys.
pub(crate) fn program() -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_workflow-server"));
    for name in [
        "GOOGLE_API_KEY",
        "GEMINI_API_KEY",
        "GEMINI_MODEL",
        "GOOGLE_GEMINI_BASE_URL",
        "GOOGLE_GENAI_API_VERSION",
        "WORKFLOW_API_KEYS",
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

/// A run with simulated replies without delay.
pub(crate) fn run(file: &Path) -> Command {
    let mut program = program();
    program.arg("run").arg(file);
    program.args(["--simulate", "--simulate-pace", "0ms"]);
    program
}

/// Runs the program to its end.
pub(crate) async fn output(program: &mut Command) -> Output {
    let output = timeout(PATIENCE, program.output()).await;
    output.expect("the program ends by itself").unwrap()
}

pub(crate) fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

/// The program with a simulated model that writes at this pace.
pub(crate) async fn simulated(pace: &str) -> Server {
    Server::start(program().args(["--simulate", "--simulate-pace", pace])).await
}

/// Sends a signal: `INT` or `TERM`.
pub(crate) fn signal(child: &Child, name: &str) {
    let id = child.id().unwrap().to_string();
    let mut kill = std::process::Command::new("kill");
    assert!(kill.args(["-s", name, &id]).status().unwrap().success());
}

/// A file of this repository.
pub(crate) fn in_repository(path: &str) -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.join(path)
}

/// The path of an example workflow.
pub(crate) fn example_file(name: &str) -> PathBuf {
    in_repository("examples/workflows").join(format!("{name}.json"))
}

/// An example workflow.
pub(crate) fn example(name: &str) -> Value {
    serde_json::from_slice(&fs::read(example_file(name)).unwrap()).unwrap()
}

/// The example `explain`.
pub(crate) fn explain() -> Value {
    example("explain")
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

/// The step at this path in a run's report.
pub(crate) fn step<'a>(report: &'a Value, path: &str) -> &'a Value {
    let steps = report["steps"].as_array().unwrap();
    let found = steps.iter().find(|step| step["path"] == path);
    found.unwrap_or_else(|| panic!("no step {path}: {report}"))
}

/// The status of each top-level step of a run: `classify completed`.
pub(crate) fn statuses(report: &Value) -> Vec<String> {
    let steps = report["steps"].as_array().unwrap().iter();
    steps
        .filter(|step| step["path"] == step["node"])
        .map(|step| format!("{} {}", word(&step["node"]), word(&step["status"])))
        .collect()
}

/// How many times a node ran, in all items, rounds and calls.
pub(crate) fn times(report: &Value, node: &str) -> usize {
    let steps = report["steps"].as_array().unwrap().iter();
    steps.filter(|step| step["node"] == node).count()
}

/// The value, which must be a string.
pub(crate) fn word(value: &Value) -> &str {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is no text"))
}
