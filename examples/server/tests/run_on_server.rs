//! `workflow-server run FILE --server URL`.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod support;

use std::{path::Path, process::Output};

use serde_json::{Value, json};
use support::{Dialogue, File, Server, example_file, output, program, run, simulated, text, word};
use tokio::process::Command;

/// The program that runs a file on a server.
fn run_on(server: &Server, file: &Path) -> Command {
    let mut program = program();
    program.arg("run").arg(file);
    program
        .arg("--server")
        .arg(format!("http://{}", server.address()));
    program.env_remove("WORKFLOW_API_KEY");
    program
}

/// Standard error without times.
fn progress(output: &Output) -> Vec<String> {
    let text = String::from_utf8_lossy(&output.stderr);
    let without_time = |line: &str| match line.split_once(" completed in ") {
        Some((step, rest)) => {
            let (_, output) = rest.split_once(": ").unwrap();
            format!("{step} completed: {output}")
        }
        None => line.to_owned(),
    };
    text.lines().map(without_time).collect()
}

/// All workflows of the server.
async fn workflows(server: &Server) -> Vec<Value> {
    let list: Value = server.get("/api/workflows").await.json().await.unwrap();
    list["items"].as_array().unwrap().clone()
}

async fn runs(server: &Server) -> Vec<Value> {
    let list: Value = server.get("/api/runs").await.json().await.unwrap();
    list["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn it_prints_what_a_local_run_prints() {
    let server = simulated("0ms").await;
    let file = example_file("explain");
    let local = output(run(&file).args(["--input", "Tides"])).await;
    let remote = output(run_on(&server, &file).args(["--input", "Tides"])).await;
    assert_eq!(remote.status.code(), Some(0), "{remote:?}");
    assert_eq!(text(remote.stdout.clone()), text(local.stdout.clone()));
    let lines = progress(&remote);
    let id = runs(&server).await[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(
        lines[0],
        format!("Run http://{}/#/runs/{id}", server.address())
    );
    assert_eq!(lines[1..], progress(&local));
}

#[tokio::test]
async fn with_json_the_events_of_the_server_are_printed() {
    let server = simulated("0ms").await;
    let mut program = run_on(&server, &example_file("explain"));
    let remote = output(program.args(["--json", "--input", "Tides"])).await;
    assert_eq!(text(remote.stderr), "");
    let stdout = text(remote.stdout);
    let lines = stdout
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let seqs: Vec<u64> = lines.filter_map(|line| line["seq"].as_u64()).collect();
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>());
    assert!(stdout.lines().last().unwrap().contains("\"run.completed\""));
}

#[tokio::test]
async fn a_failed_run_has_the_exit_code_of_a_local_one() {
    let server = simulated("0ms").await;
    let file = File::new(
        "fail.json",
        &json!({"nodes": [
        {"id": "ask", "type": "LLMNode", "retry": 1, "data": {"prompt": "[[safety]]"}}]})
        .to_string(),
    );
    let local = output(&mut run(file.path())).await;
    let remote = output(&mut run_on(&server, file.path())).await;
    assert_eq!(
        (remote.status.code(), local.status.code()),
        (Some(1), Some(1))
    );
    assert_eq!(progress(&remote)[1..], progress(&local));
}

#[tokio::test]
async fn faults_of_workflow_and_input_are_printed_as_for_a_local_run() {
    let server = simulated("0ms").await;
    let invalid = File::new(
        "invalid.json",
        r#"{"nodes": [{"id": "a", "type": "PromtNode", "data": {}}, {"id": "a"}]}"#,
    );
    let typed = File::new(
        "typed.json",
        &json!({"input": {"type": "object", "required": ["a", "b"]}, "nodes": [
        {"id": "a", "type": "TransformNode", "data": {"value": 1}}]})
        .to_string(),
    );
    for (file, input) in [(&invalid, "1"), (&typed, "{}")] {
        let local = output(run(file.path()).args(["--input", input])).await;
        let remote = output(run_on(&server, file.path()).args(["--input", input])).await;
        assert_eq!(
            (remote.status.code(), local.status.code()),
            (Some(2), Some(2))
        );
        let faults = |output: &Output| progress(output)[1..].to_vec();
        assert_eq!(faults(&remote), faults(&local));
        assert!(faults(&remote).len() > 1, "{:?}", faults(&remote));
        let first = &progress(&remote)[0];
        assert!(
            first.starts_with("error: cannot run ") && first.contains("fault"),
            "{first}"
        );
    }
}

#[tokio::test]
async fn questions_are_answered_at_the_terminal() {
    let server = simulated("0ms").await;
    let mut program = run_on(&server, &example_file("review-with-person"));
    let mut run = Dialogue::start(program.args(["--input", "a greeting"]));
    run.wait_for_line("asks: Round 1 of 3. ").await;
    run.say("fine").await;
    let refused = run.wait_for_line("Invalid answer: ").await;
    assert!(refused.contains("is not of type \"object\""), "{refused}");
    run.say(r#"{"ok": false, "comment": "warmer"}"#).await;
    run.wait_for_line("asks: Round 2 of 3. ").await;
    run.say(r#"{"ok": true}"#).await;
    let ended = run.end().await;
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    let output: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(output["accepted"], true);
}

#[tokio::test]
async fn a_restart_of_the_server_is_not_noticed() {
    let place = tempfile::tempdir().unwrap();
    let serve = async |address: &str| {
        let mut program = program();
        program
            .args(["--simulate", "--simulate-pace", "20ms", "--data-dir"])
            .arg(place.path());
        Server::start_as(program.args(["--addr", address])).await
    };
    let server = serve("127.0.0.1:0").await;
    let address = server.address().to_owned();
    let mut program = run_on(&server, &example_file("explain"));
    let mut run = Dialogue::start(program.args(["--input", "Tides"]));
    run.wait_for_line("llm_step                 started").await;
    server.kill().await;
    let _server = serve(&address).await;
    let ended = run.end().await;
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    let said = &ended.stdout;
    assert!(
        said.starts_with("Tides ") && said.ends_with("(Simulated.)\n"),
        "{said}"
    );
    assert!(
        ended.stderr.contains("llm_step                 attempt 2"),
        "{}",
        ended.stderr
    );
}

#[cfg(unix)]
#[tokio::test]
async fn a_signal_cancels_the_run_on_the_server() {
    let server = simulated("1000ms").await;
    let mut program = run_on(&server, &example_file("explain"));
    let mut run = Dialogue::start(program.args(["--input", "Tides"]));
    run.wait_for_line("llm_step                 started").await;
    run.signal("INT");
    let ended = run.end().await;
    assert_eq!(ended.status.code(), Some(1));
    assert!(
        ended.stderr.ends_with("The run was cancelled.\n"),
        "{}",
        ended.stderr
    );
    assert_eq!(runs(&server).await[0]["status"], "cancelled");
}

#[cfg(unix)]
#[tokio::test]
async fn a_second_signal_leaves_a_server_that_does_not_respond() {
    let server = simulated("1000ms").await;
    let mut program = run_on(&server, &example_file("explain"));
    let mut run = Dialogue::start(program.args(["--input", "Tides"]));
    run.wait_for_line("llm_step                 started").await;
    server.signal("STOP");
    run.signal("INT");
    // Two signals that arrive together may be seen as one.
    run.wait_for_line("Cancelling").await;
    run.signal("INT");
    let ended = run.end().await;
    assert_eq!(ended.status.code(), Some(130), "{}", ended.stderr);
    server.signal("CONT");
}

#[cfg(unix)]
#[tokio::test]
async fn signals_work_while_an_answer_is_sent() {
    let server = simulated("0ms").await;
    let mut program = run_on(&server, &example_file("review-with-person"));
    let mut run = Dialogue::start(program.args(["--input", "a greeting"]));
    run.wait_for_line("Answer with a line of JSON").await;
    server.signal("STOP");
    run.say(r#"{"ok": true}"#).await;
    run.signal("INT");
    run.wait_for_line("Cancelling").await;
    run.signal("INT");
    let ended = run.end().await;
    assert_eq!(ended.status.code(), Some(130), "{}", ended.stderr);
    server.signal("CONT");
}

#[tokio::test]
async fn the_key_comes_from_the_environment() {
    let mut program = program();
    program.env("WORKFLOW_API_KEYS", "right-key-0123456789");
    let server = Server::start(program.arg("--simulate")).await;
    let file = example_file("explain");
    let keyless = output(&mut run_on(&server, &file)).await;
    assert_eq!(keyless.status.code(), Some(1));
    let stderr = text(keyless.stderr);
    assert!(stderr.contains("hint: set WORKFLOW_API_KEY"), "{stderr}");
    let wrong =
        output(run_on(&server, &file).env("WORKFLOW_API_KEY", "wrong-key-0123456789")).await;
    let stderr = text(wrong.stderr);
    assert!(
        wrong.status.code() == Some(1) && !stderr.contains("wrong-key"),
        "{stderr}"
    );
    let mut keyed = run_on(&server, &file);
    keyed
        .args(["--input", "Tides"])
        .env("WORKFLOW_API_KEY", "right-key-0123456789");
    let keyed = output(&mut keyed).await;
    assert_eq!(keyed.status.code(), Some(0), "{}", text(keyed.stderr));
}

#[tokio::test]
async fn a_workflow_is_stored_once_and_another_text_is_its_next_version() {
    let server = simulated("0ms").await;
    let spec = |text: &str| {
        json!({"name": "greet", "nodes": [
        {"id": "greet", "type": "PromptNode", "data": {"template": format!("{text} {{{{ input }}}}")}}]})
        .to_string()
    };
    for (text, version) in [("Hello", 1), ("Hello", 1), ("Good day", 2)] {
        let file = File::new("greet.json", &spec(text));
        let run = output(run_on(&server, file.path()).args(["--input", "Ada"])).await;
        assert_eq!(
            String::from_utf8_lossy(&run.stdout),
            format!("{text} Ada\n")
        );
        let title = progress(&run)[0].clone();
        assert!(
            title.ends_with(&format!(", version {version} of greet")),
            "{title}"
        );
        let stored = workflows(&server).await;
        assert_eq!(stored.len(), 1);
        assert_eq!(
            (word(&stored[0]["name"]), &stored[0]["version"]),
            ("greet", &json!(version))
        );
    }
}

#[tokio::test]
async fn called_workflows_are_stored_first() {
    let server = simulated("0ms").await;
    let called = File::new(
        "inner.json",
        &json!({"name": "inner", "nodes": [
        {"id": "a", "type": "PromptNode", "data": {"template": "inner {{ input }}"}}]})
        .to_string(),
    );
    let calling = File::new("outer.json", &json!({"nodes": [
        {"id": "call", "type": "WorkflowNode", "data": {"workflow": "inner", "input": "{{ input }}"}}]}).to_string());
    let mut program = run_on(&server, calling.path());
    program.args(["--input", "x", "--with"]).arg(called.path());
    let run = output(&mut program).await;
    assert_eq!(text(run.stdout), "inner x\n", "{}", text(run.stderr));
    let mut twice = run_on(&server, calling.path());
    twice
        .arg("--with")
        .arg(called.path())
        .arg("--with")
        .arg(called.path());
    let refused = output(&mut twice).await;
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(refused.stderr).contains("have the same name, `inner`"));
}

#[tokio::test]
async fn a_wrong_url_is_reported_at_once() {
    let file = example_file("explain");
    for (url, code, reason) in [
        (
            "http://127.0.0.1:1",
            1,
            "error: failed to create the workflow: the server did not respond: ",
        ),
        (
            "127.0.0.1:8000",
            2,
            "error: cannot use --server: invalid base URL",
        ),
        (
            "http://me:s3cret@127.0.0.1:1",
            2,
            "it must not contain a user name or password",
        ),
    ] {
        let run = output(program().arg("run").arg(&file).args(["--server", url])).await;
        let stderr = text(run.stderr);
        assert_eq!(run.status.code(), Some(code), "{stderr}");
        assert!(
            stderr.contains(reason) && !stderr.contains("s3cret"),
            "{stderr}"
        );
    }
}

#[tokio::test]
async fn a_run_on_a_server_is_recorded() {
    let server = simulated("0ms").await;
    let recording = File::new("recorded-on-server.jsonl", "");
    let mut program = run_on(&server, &example_file("explain"));
    let ran = output(
        program
            .args(["--input", "Tides", "--record"])
            .arg(recording.path()),
    )
    .await;
    assert_eq!(ran.status.code(), Some(0), "{ran:?}");
    let text = std::fs::read_to_string(recording.path()).unwrap();
    let events: Vec<Value> = (text.lines())
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(events.last().unwrap()["type"], "run.completed");
    assert_eq!(events.last().unwrap()["seq"], events.len());
    assert!(events.iter().any(|event| event["debug"].is_object()));
}
