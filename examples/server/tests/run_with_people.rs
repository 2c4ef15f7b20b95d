//! `workflow-server run FILE`, and a person who answers or interrupts.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod support;

use serde_json::{Value, json};
use support::{Dialogue, File, example_file, program, run, word};

#[tokio::test]
async fn a_person_who_gives_no_fitting_answer_is_asked_again() {
    let mut program = run(&example_file("review-with-person"));
    let mut run = Dialogue::start(program.args(["--input", "a greeting"]));
    run.hear("asks: Round 1 of 3. ").await;
    run.hear(r#"Answer with a line of JSON that fits {"type":"object","#)
        .await;
    run.say("fine").await;
    let refused = run.hear("That is no answer: ").await;
    assert!(refused.contains("is not of type \"object\""), "{refused}");
    run.say(r#"{"ok": false, "comment": "warmer"}"#).await;
    run.hear("asks: Round 2 of 3. ").await;
    run.say(r#"{"ok": true}"#).await;
    let ended = run.end().await;
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    let output: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(output["accepted"], true);
    assert!(word(&output["text"]).contains("about warmer Your draft: "));
}

/// Two people are asked, the first of whom has hardly any time.
fn two_people() -> File {
    let spec = json!({"nodes": [
        {"id": "hurried", "type": "HumanNode", "on_error": "continue",
         "data": {"message": "Quick?", "expires": "10ms"}},
        {"id": "patient", "type": "HumanNode", "data": {"message": "Now?"}},
    ], "output": "{{ hurried.status }}, {{ patient.output }}"});
    File::new("people.json", &spec.to_string())
}

#[tokio::test]
async fn an_answer_goes_to_who_still_waits() {
    let workflow = two_people();
    let mut run = Dialogue::start(&mut run(workflow.path()));
    run.hear("asks: Now?").await;
    run.say("now").await;
    let ended = run.end().await;
    assert_eq!(ended.stdout, "failed, now\n", "{}", ended.stderr);
    assert_eq!(ended.status.code(), Some(0));
}

#[tokio::test]
async fn when_nobody_can_answer_any_more_the_run_is_cancelled() {
    let mut program = run(&example_file("review-with-person"));
    let mut run = Dialogue::start(program.args(["--input", "a greeting"]));
    run.hear("asks: ").await;
    run.hang_up();
    let ended = run.end().await;
    assert_eq!(ended.status.code(), Some(1));
    assert_eq!(ended.stdout, "");
    let told: Vec<&str> = ended.stderr.lines().collect();
    assert!(told.contains(&"Nobody answers: standard input has ended."));
    assert_eq!(told.last(), Some(&"The run was cancelled."));
}

#[tokio::test]
async fn a_run_that_asks_nobody_needs_no_standard_input() {
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
        run.hear("llm_step                 begins").await;
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
    run.hear("Answer with a line of JSON").await;
    run.signal("INT");
    let ended = run.end().await;
    assert_eq!(ended.status.code(), Some(1));
    let told = "rounds                   is stopped\nThe run was cancelled.\n";
    assert!(ended.stderr.ends_with(told), "{}", ended.stderr);
}
