//! `workflow-server run FILE`, and a person who answers or interrupts.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod support;

use serde_json::{Value, json};
use support::{Dialogue, File, example_file, program, run, word};

#[tokio::test]
async fn an_invalid_answer_may_be_repeated() {
    let mut program = run(&example_file("review-with-person"));
    let mut run = Dialogue::start(program.args(["--input", "a greeting"]));
    run.wait_for_line("asks: Round 1 of 3. ").await;
    run.wait_for_line(r#"Answer with a line of JSON that matches {"type":"object","#)
        .await;
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
    assert!(word(&output["text"]).ends_with(" (Simulated, version 2.)"));
}

/// A workflow with two questions, the first of which expires almost immediately.
fn two_people() -> File {
    let spec = json!({"nodes": [
        {"id": "hurried", "type": "HumanNode", "on_error": "continue",
         "data": {"message": "Quick?", "expires": "10ms"}},
        {"id": "patient", "type": "HumanNode", "data": {"message": "Now?"}},
    ], "output": "{{ hurried.status }}, {{ patient.output }}"});
    File::new("people.json", &spec.to_string())
}

#[tokio::test]
async fn an_answer_goes_to_a_step_that_still_waits() {
    let workflow = two_people();
    let mut run = Dialogue::start(&mut run(workflow.path()));
    run.wait_for_line("asks: Now?").await;
    run.say("now").await;
    let ended = run.end().await;
    assert_eq!(ended.stdout, "failed, now\n", "{}", ended.stderr);
    assert_eq!(ended.status.code(), Some(0));
}

#[tokio::test]
async fn the_end_of_standard_input_cancels_a_waiting_run() {
    let mut program = run(&example_file("review-with-person"));
    let mut run = Dialogue::start(program.args(["--input", "a greeting"]));
    run.wait_for_line("asks: ").await;
    run.hang_up();
    let ended = run.end().await;
    assert_eq!(ended.status.code(), Some(1));
    assert_eq!(ended.stdout, "");
    let lines: Vec<&str> = ended.stderr.lines().collect();
    assert!(lines.contains(&"Cancelled: standard input ended before the step was answered."));
    assert_eq!(lines.last(), Some(&"The run was cancelled."));
}

#[tokio::test]
async fn a_run_without_questions_needs_no_standard_input() {
    let mut run = Dialogue::start(run(&example_file("explain")).args(["--input", "Tides"]));
    run.hang_up();
    let ended = run.end().await;
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
}

#[cfg(unix)]
#[tokio::test]
async fn a_signal_cancels_the_run() {
    for signal in ["INT", "TERM"] {
        let mut program = program();
        program.arg("run").arg(example_file("explain"));
        program.args(["--simulate", "--simulate-pace", "1000ms"]);
        let mut run = Dialogue::start(program.args(["--input", "Tides"]));
        run.wait_for_line("llm_step                 started").await;
        run.signal(signal);
        let ended = run.end().await;
        assert_eq!(ended.status.code(), Some(1), "{signal}");
        assert_eq!(ended.stdout, "");
        assert!(ended.stderr.ends_with("The run was cancelled.\n"));
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_signal_cancels_a_run_that_waits_for_a_person() {
    let mut program = run(&example_file("review-with-person"));
    let mut run = Dialogue::start(program.args(["--input", "a greeting"]));
    run.wait_for_line("Answer with a line of JSON").await;
    run.signal("INT");
    let ended = run.end().await;
    assert_eq!(ended.status.code(), Some(1));
    let lines = "rounds                   cancelled\nThe run was cancelled.\n";
    assert!(ended.stderr.ends_with(lines), "{}", ended.stderr);
}
