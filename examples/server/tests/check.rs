//! `workflow-server check FILE`.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod support;

use serde_json::{Value, json};
use support::{File, example_file, output, program, text};

/// A text, a model, a person, and a call that acts.
fn workflow() -> File {
    let nodes = json!([
        {"id": "ask", "type": "LLMNode", "data": {"prompt": "Write to {{ input }}", "model": "gemini-x"}},
        {"id": "post", "type": "HttpNode", "needs": [],
         "data": {"method": "POST", "url": "https://cms.example.com/posts", "body": "{{ input }}"}},
        {"id": "approve", "type": "HumanNode", "needs": [], "data": {"message": "Write to {{ input }}?"}},
        {"id": "text", "type": "PromptNode", "needs": [], "data": {"template": "Dear {{ input }}"}},
        {"id": "join", "type": "TransformNode", "needs": ["ask", "text"], "data": {"value": ["{{ ask.output }}", "{{ text.output }}"]}},
    ]);
    File::new("check.json", &json!({"nodes": nodes}).to_string())
}

#[tokio::test]
async fn it_says_what_a_run_would_do_without_a_key() {
    let file = workflow();
    let mut check = program();
    check.arg("check").arg(file.path()).args([
        "--input",
        "Ada",
        "--allow-origin",
        "https://cms.example.com",
    ]);
    let checked = output(&mut check).await;
    let (said, stderr) = (text(checked.stdout), text(checked.stderr));
    assert_eq!(
        (checked.status.code(), stderr.as_str()),
        (Some(0), ""),
        "{said}"
    );
    for line in [
        "ask                      LLMNode        runs: gemini-x",
        "post                     HttpNode       runs: cms.example.com",
        "text                     PromptNode     computed",
        "models: gemini-x",
        "hosts: cms.example.com",
        "asks a person: approve",
        "acts: post",
        "cost: no bound:",
    ] {
        assert!(said.lines().any(|it| it == line), "{line}: {said}");
    }
}

#[tokio::test]
async fn the_prediction_is_printed_as_json() {
    let mut check = program();
    check
        .arg("check")
        .arg(example_file("explain"))
        .args(["--input", "Tides", "--json"]);
    let checked = output(&mut check).await;
    assert_eq!(checked.status.code(), Some(0));
    let prediction: Value = serde_json::from_str(&text(checked.stdout)).unwrap();
    assert_eq!(
        (
            &prediction["steps"][0]["status"],
            &prediction["steps"][1]["status"]
        ),
        (&json!("computed"), &json!("runs"))
    );
}

#[tokio::test]
async fn an_input_that_does_not_fit_is_refused() {
    let mut check = program();
    check
        .arg("check")
        .arg(example_file("explain"))
        .args(["--input", "{}"]);
    let refused = output(&mut check).await;
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(refused.stderr).starts_with("error: cannot run "));
}
