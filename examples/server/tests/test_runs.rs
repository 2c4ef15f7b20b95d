//! `workflow-server test DIR`.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod support;

use std::{fs, path::Path, process::Output};

use serde_json::{Value, json};
use support::{in_repository, output, output_with_input, program, text};

/// A question to a person, and its answer.
fn workflow(message: &str) -> Value {
    json!({"name": "ask", "nodes": [
        {"id": "draft", "type": "PromptNode", "data": {"template": "For {{ input }}"}},
        {"id": "approve", "type": "HumanNode", "data": {"message": message, "schema": {"enum": ["yes", "no"]}}},
        {"id": "sent", "type": "TransformNode", "needs": ["approve"], "when": "approve.output == 'yes'",
         "data": {"value": "{{ draft.output }}"}},
        {"id": "dropped", "type": "TransformNode", "needs": ["approve"], "when": "approve.output == 'no'",
         "data": {"value": "{{ draft.output }}"}},
    ]})
}

fn write(directory: &Path, name: &str, json: &Value) {
    fs::write(directory.join(name), json.to_string()).unwrap();
}

/// A directory with the workflow, and a recording of it in which a person answers `yes`.
async fn recorded() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    write(
        directory.path(),
        "ask.json",
        &workflow("Send this? {{ draft.output }}"),
    );
    let mut run = program();
    run.arg("run")
        .arg(directory.path().join("ask.json"))
        .args(["--input", "Ada"]);
    run.arg("--record").arg(directory.path().join("ask.jsonl"));
    let ran = output_with_input(&mut run, "yes\n").await;
    assert_eq!(ran.status.code(), Some(0), "{ran:?}");
    directory
}

async fn test(path: &Path, options: &[&str]) -> Output {
    output(program().arg("test").arg(path).args(options)).await
}

/// Exit code and standard output, without the directory.
fn said(output: Output, directory: &Path) -> (Option<i32>, String) {
    let code = output.status.code();
    let said = text(output.stdout) + &text(output.stderr);
    (code, said.replace(&format!("{}/", directory.display()), ""))
}

#[tokio::test]
async fn tests_pass_with_the_recorded_answers() {
    let directory = recorded().await;
    let path = directory.path();
    fs::create_dir(path.join("more")).unwrap();
    write(
        path,
        "ask.test.json",
        &json!({"workflow": "ask.json", "run": "ask.jsonl", "expect": {
            "output": {"sent": "For Ada"}, "ran": ["approve"], "skipped": ["dropped"], "max_cost": 0,
        }}),
    );
    write(
        &path.join("more"),
        "no.test.json",
        &json!({"workflow": "../ask.json", "run": "../ask.jsonl",
        "overrides": {"approve": "no"}, "expect": {"ran": ["dropped"], "skipped": ["sent"]}}),
    );
    write(path, "other.json", &json!({}));
    assert_eq!(
        said(test(path, &[]).await, path),
        (
            Some(0),
            "ok     ask.test.json\nok     more/no.test.json\n2 tests: 2 passed, 0 failed\n".into()
        )
    );
    let json = test(&path.join("ask.test.json"), &["--json"]).await;
    let (code, line) = said(json, path);
    assert_eq!(code, Some(0));
    let line: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(
        line,
        json!({"test": "ask.test.json", "passed": true, "faults": []})
    );
}

#[tokio::test]
async fn a_failure_says_what_differs() {
    let directory = recorded().await;
    let path = directory.path();
    write(
        path,
        "ask.json",
        &workflow("Really send this? {{ draft.output }}"),
    );
    write(
        path,
        "ask.test.json",
        &json!({"workflow": "ask.json", "run": "ask.jsonl"}),
    );
    let expected = "FAILED ask.test.json\n\
        \x20      not_recorded: `approve`: the recorded step `approve` did something else\n\
        \x20        the whole: \"Send this? For Ada\" became \"Really send this? For Ada\"\n\
        \x20      status: the run is cancelled, not completed\n\
        1 test: 0 passed, 1 failed\n";
    assert_eq!(
        said(test(path, &[]).await, path),
        (Some(1), expected.into())
    );
}

#[tokio::test]
async fn a_cut_recording_is_used_and_named() {
    let directory = recorded().await;
    let path = directory.path();
    let whole = fs::read_to_string(path.join("ask.jsonl")).unwrap();
    fs::write(path.join("ask.jsonl"), &whole[..whole.len() - 20]).unwrap();
    write(
        path,
        "ask.test.json",
        &json!({"workflow": "ask.json", "run": "ask.jsonl"}),
    );
    assert_eq!(
        said(test(path, &[]).await, path),
        (Some(0), "ok     ask.test.json\n       note: the recording ends before its run did\n1 test: 1 passed, 0 failed\n".into())
    );
}

#[tokio::test]
async fn a_test_that_cannot_run_says_why() {
    let directory = recorded().await;
    let path = directory.path();
    write(
        path,
        "other.json",
        &json!({"nodes": [{"id": "a", "type": "PromptNode", "data": {"template": "{{ input }}"}}]}),
    );
    fs::write(path.join("broken.jsonl"), "{}\n").unwrap();
    for (test_json, reason) in [
        (json!({"workflow": "ask.json"}), "missing field `run`"),
        (
            json!({"workflow": "ask.json", "run": "ask.jsonl", "expects": {}}),
            "unknown field `expects`",
        ),
        (
            json!({"workflow": "ask.json", "run": "ask.jsonl", "expect": {"max_cost": -1}}),
            "an amount of dollars",
        ),
        (
            json!({"workflow": "no.json", "run": "ask.jsonl"}),
            "failed to read no.json: ",
        ),
        (
            json!({"workflow": "ask.json", "run": "no.jsonl"}),
            "no.jsonl: ",
        ),
        (
            json!({"workflow": "ask.json", "run": "broken.jsonl"}),
            "broken.jsonl: line 1 is not an event of a run: ",
        ),
        (
            json!({"workflow": "other.json", "run": "ask.jsonl"}),
            "the recording is of another workflow",
        ),
        (
            json!({"workflow": "ask.json", "run": "ask.jsonl", "overrides": {"aprove": "no"}}),
            "aprove",
        ),
        (
            json!({"workflow": "ask.json", "run": "ask.jsonl", "overrides": {"approve": 1}}),
            "#/overrides/approve",
        ),
    ] {
        write(path, "it.test.json", &test_json);
        let (code, said) = said(test(path, &[]).await, path);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains(reason), "{reason}: {said}");
    }
}

#[tokio::test]
async fn without_tests_the_exit_code_is_2() {
    let directory = tempfile::tempdir().unwrap();
    let (code, said_) = said(test(directory.path(), &[]).await, Path::new("/nowhere"));
    assert_eq!(code, Some(2));
    assert!(said_.contains("is named `*.test.json`"), "{said_}");
    let (code, _) = said(
        test(Path::new("/no/such/directory"), &[]).await,
        Path::new("/nowhere"),
    );
    assert_eq!(code, Some(2));
}

#[tokio::test]
async fn the_examples_pass_and_a_changed_prompt_does_not() {
    let examples = in_repository("examples/workflows");
    let (code, said_) = said(
        test(&examples.join("tests"), &["--simulate"]).await,
        &examples,
    );
    assert_eq!(code, Some(0), "{said_}");
    assert!(
        said_.ends_with("\n8 tests: 8 passed, 0 failed\n"),
        "{said_}"
    );

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let mut explain: Value =
        serde_json::from_slice(&fs::read(examples.join("explain.json")).unwrap()).unwrap();
    explain["nodes"][0]["data"]["template"] = json!("Describe {{ input }}");
    write(path, "explain.json", &explain);
    let recording = examples.join("tests/explain.jsonl");
    write(
        path,
        "it.test.json",
        &json!({"workflow": "explain.json", "run": recording}),
    );
    let (code, said) = said(test(path, &["--simulate"]).await, path);
    assert_eq!(code, Some(1));
    assert!(
        said.contains("/body/contents/0/parts/0/text: \"Explain this concept in one simple sentence: Quantum Computing\" became \"Describe Quantum Computing\""),
        "{said}"
    );
}
