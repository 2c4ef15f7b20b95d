//! `workflow-server run FILE`.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod support;

use std::{collections::BTreeSet, path::Path, process::Stdio};

use serde_json::{Value, json};
use support::{Dialogue, File, example_file, output_with_input, program, run, text, word};
use tokio::process::Command;

struct Said {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

async fn said(program: &mut Command) -> Said {
    let output = support::output(program).await;
    Said {
        code: output.status.code(),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

/// A workflow whose output is its input.
fn echo(name: &str) -> File {
    let node = json!({"id": "echo", "type": "TransformNode", "data": {"value": "{{ input }}"}});
    File::new(name, &json!({"nodes": [node]}).to_string())
}

#[tokio::test]
async fn the_output_goes_to_standard_output_and_progress_to_standard_error() {
    let concept = "Tides, their causes, and where in the world they are highest";
    let run = said(run(&example_file("explain")).args(["--input", concept])).await;
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let beginning = "“Tides, their causes, ";
    assert!(run.stdout.starts_with(beginning), "{}", run.stdout);
    assert_eq!(run.stdout.lines().count(), 1);
    let lines: Vec<&str> = run.stderr.lines().collect();
    let prompt = "Explain this concept in one simple sentence: Tides, their causes, ";
    assert_eq!(lines[0], "prompt_step              started");
    assert!(lines[1].starts_with("prompt_step              completed in "));
    assert!(lines[1].contains(prompt), "{}", lines[1]);
    assert_eq!(lines[2], "llm_step                 started");
    assert!(lines[3].contains(beginning), "{}", lines[3]);
    assert!(lines[3].ends_with('…'), "{}", lines[3]);
    assert_eq!(lines.len(), 4);
}

#[tokio::test]
async fn a_truncated_reply_is_reported() {
    let node = json!({"id": "ask", "type": "LLMNode", "data": {"max_output_tokens": 2}});
    let workflow = File::new("cut.json", &json!({"nodes": [node]}).to_string());
    let run = said(run(workflow.path()).args(["--input", "Tides"])).await;
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let lines = run.stderr.lines().last().unwrap();
    assert!(
        lines.contains(" ms, truncated at the token limit: "),
        "{lines}"
    );
}

#[tokio::test]
async fn an_output_other_than_a_string_is_indented() {
    let workflow = echo("echo.json");
    let run = said(run(workflow.path()).args(["--input", r#"{"a":[1]}"#])).await;
    assert_eq!(run.stdout, "{\n  \"a\": [\n    1\n  ]\n}\n");
}

#[tokio::test]
async fn with_json_only_events_are_printed() {
    let mut program = run(&example_file("explain"));
    let run = said(program.args(["--json", "--input", "Tides"])).await;
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    let lines = run.stdout.lines();
    let events: Vec<Value> = lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(events[0]["type"], "run.created");
    assert!(events.iter().any(|event| event["type"] == "node.delta"));
    let last = events.last().unwrap();
    assert_eq!(last["type"], "run.completed");
    assert!(word(&last["output"]).starts_with("Tides "));
}

#[tokio::test]
async fn a_failed_run_reports_reason_and_code() {
    let mut program = run(&example_file("explain"));
    let run = said(program.args(["--input", "Say [[400]]"])).await;
    assert_eq!((run.code, run.stdout.as_str()), (Some(1), ""));
    assert_eq!(
        run.stderr.lines().last().unwrap(),
        "The run failed: the Gemini API answered 400 INVALID_ARGUMENT: The prompt asked for a 400. \
         [invalid_request]"
    );
}

#[tokio::test]
async fn with_json_a_failed_run_ends_with_its_event() {
    let mut program = run(&example_file("explain"));
    let run = said(program.args(["--json", "--input", "Say [[400]]"])).await;
    assert_eq!(run.code, Some(1));
    let last: Value = serde_json::from_str(run.stdout.lines().last().unwrap()).unwrap();
    assert_eq!(last["type"], "run.failed");
    assert_eq!(last["error"]["code"], "invalid_request");
}

#[tokio::test]
async fn an_input_is_json_or_a_string_or_a_file() {
    let workflow = echo("inputs.json");
    let number = File::new("number", "7\n");
    let letter = File::new("letter", "Dear Ada,\n");
    for (input, output) in [
        ("7", "7\n"),
        (r#""7""#, "7\n"),
        ("[]", "[]\n"),
        ("seven", "seven\n"),
        ("{not json", "{not json\n"),
        ("-5", "-5\n"),
        ("-0.5e3", "-500.0\n"),
        (&format!("@{}", number.name()), "7\n"),
        (&format!("@{}", letter.name()), "Dear Ada,\n\n"),
    ] {
        let run = said(run(workflow.path()).args(["--input", input])).await;
        assert_eq!(run.stdout, output, "{input}: {}", run.stderr);
    }
    let without = said(&mut run(workflow.path())).await;
    assert_eq!(without.stdout, "null\n");
    let missing = said(run(workflow.path()).args(["--input", "@no-such-input"])).await;
    assert_eq!(missing.code, Some(2));
    assert!(
        missing
            .stderr
            .starts_with("error: failed to read no-such-input: ")
    );
}

#[tokio::test]
async fn invalid_json_in_a_file_is_not_used_as_a_string() {
    let workflow = echo("meant.json");
    for (name, content, outcome) in [
        ("broken.json", "Dear Ada", None),
        ("broken", " {\"a\": 1,}", None),
        ("broken.jsonl", "[1, 2", None),
        ("twice.txt", r#"{"a": 1, "a": 2}"#, None),
        ("deep.txt", &"[".repeat(1_000), None),
        ("quote.md", "[a](b)", Some("[a](b)\n")),
        ("template.txt", "{ not json", Some("{ not json\n")),
        ("letter", "Dear Ada", Some("Dear Ada\n")),
        ("marked.json", "\u{feff}[]", Some("[]\n")),
        ("marked.txt", "\u{feff}Dear Ada", Some("Dear Ada\n")),
    ] {
        let file = File::new(name, content);
        let input = format!("@{}", file.name());
        let run = said(run(workflow.path()).args(["--input", &input])).await;
        if let Some(output) = outcome {
            assert_eq!(run.stdout, output, "{name}: {}", run.stderr);
            continue;
        }
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{name}");
        let start = format!("error: {}", file.name());
        assert!(run.stderr.starts_with(&start), "{name}: {}", run.stderr);
    }
}

#[tokio::test]
async fn an_input_may_come_from_standard_input() {
    let workflow = echo("piped.json");
    for (input, output) in [("[7]", "[\n  7\n]\n"), ("Dear Ada", "Dear Ada\n")] {
        let mut program = run(workflow.path());
        let run = output_with_input(program.args(["--input", "@-"]), input).await;
        assert_eq!(text(run.stdout), output, "{}", text(run.stderr));
    }
    let mut program = program();
    let program = program.args(["run", "-", "--input", "7"]);
    let spec =
        json!({"nodes": [{"id": "a", "type": "TransformNode", "data": {"value": "{{ input }}"}}]});
    let run = output_with_input(program, &spec.to_string()).await;
    assert_eq!(text(run.stdout), "7\n", "{}", text(run.stderr));
}

#[tokio::test]
async fn json_that_a_parser_would_change_is_refused() {
    let workflow = echo("changed.json");
    for input in [r#"{"a": 1, "a": 2}"#, "123456789012345678901"] {
        let run = said(run(workflow.path()).args(["--input", input])).await;
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""));
        assert!(
            run.stderr.starts_with("error: invalid input: 1 fault\n"),
            "{}",
            run.stderr
        );
    }
}

#[tokio::test]
async fn only_a_workflow_that_calls_the_model_needs_a_key() {
    let without = echo("keyless.json");
    let run = said(program().arg("run").arg(without.path())).await;
    assert_eq!((run.code, run.stdout.as_str()), (Some(0), "null\n"));
    let body = json!([{"id": "x", "type": "LLMNode"}]);
    let map = json!({"id": "m", "type": "MapNode", "data": {"over": "input", "nodes": body}});
    let inside = File::new("inside.json", &json!({"nodes": [map]}).to_string());
    let run = said(program().arg("run").arg(inside.path())).await;
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.contains("GEMINI_API_KEY"), "{}", run.stderr);
}

#[tokio::test]
async fn without_an_input_the_first_example_is_used() {
    let explained = said(&mut run(&example_file("explain"))).await;
    let said_first = "The input is the first example of the workflow: Quantum Computing\n";
    assert!(
        explained.stderr.starts_with(said_first),
        "{}",
        explained.stderr
    );
    assert!(
        explained.stdout.starts_with("Quantum Computing "),
        "{}",
        explained.stdout
    );
    let given = said(run(&example_file("explain")).args(["--input", "Tides"])).await;
    assert!(!given.stderr.contains("example"), "{}", given.stderr);
}

#[tokio::test]
async fn called_workflows_are_found_beside_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let save = |name: &str, calls: &[&str]| {
        let nodes: Vec<Value> = calls
            .iter()
            .map(|call| json!({"id": call, "type": "WorkflowNode", "needs": [], "data": {"workflow": call, "input": null}}))
            .chain([json!({"id": "last", "type": "TransformNode", "needs": calls, "data": {"value": name}})])
            .collect();
        let file = folder.path().join(format!("{name}.json"));
        let spec = json!({"name": name, "nodes": nodes, "output": name});
        std::fs::write(&file, spec.to_string()).unwrap();
        file
    };
    // `c` is called by all others.
    let main = save("main", &["a", "b", "c"]);
    save("a", &["b", "c"]);
    save("b", &["c"]);
    let c = save("c", &[]);
    let ran = said(&mut run(&main)).await;
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (Some(0), "main\n"),
        "{}",
        ran.stderr
    );
    for step in ["a/b/c/last", "b/c/last", "c/last"] {
        assert!(ran.stderr.contains(step), "{step}: {}", ran.stderr);
    }
    let valid = said(program().arg("validate").arg(&main)).await;
    assert!(
        valid.stdout.starts_with("valid: 4 nodes\n"),
        "{}",
        valid.stdout
    );

    std::fs::remove_file(c).unwrap();
    let ran = said(&mut run(&main)).await;
    assert_eq!(ran.code, Some(2));
    let hint = "hint: give its file with --with FILE, or save it as NAME.json beside the file that calls it";
    assert!(ran.stderr.contains(hint), "{}", ran.stderr);
    // A circle of files is a fault, too.
    save("c", &["main"]);
    let ran = said(&mut run(&main)).await;
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("there is no workflow `main`"),
        "{}",
        ran.stderr
    );
}

#[tokio::test]
async fn called_workflows_are_read_with_the_option() {
    let mut program = run(&example_file("publish-article"));
    program.arg("--with").arg(example_file("product-brief"));
    let mut run = Dialogue::start(program.args(["--input", r#"{"topic": "bicycles"}"#]));
    run.wait_for_line("write/brief").await;
    run.wait_for_line("asks: Publish this?").await;
    run.say(r#"{"ok": false}"#).await;
    let ended = run.end().await;
    assert_eq!(ended.stdout, "{\n  \"published\": \"skipped\"\n}\n");
}

#[tokio::test]
async fn all_faults_of_a_workflow_are_printed() {
    let faulty = json!({"nodes": [
        {"id": "prompt_step", "type": "PromptNode", "data": {"template": "Say {{ inptu }}"}},
        {"id": "llm_step", "type": "LMNode"},
    ]});
    let faulty = File::new("faulty.json", &faulty.to_string());
    let run = said(&mut run(faulty.path())).await;
    assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""));
    assert_eq!(
        run.stderr.replace(faulty.name(), "FILE"),
        "error: cannot run FILE: 2 faults\n\
         #/nodes/0/data/template: `inptu` is not a node of this workflow [unknown_reference]\n  \
           hint: did you mean `input`?\n\
         #/nodes/1/type: `LMNode` is not a node type [unknown_type]\n  \
           hint: did you mean `LLMNode`?\n"
    );
}

#[tokio::test]
async fn all_faults_of_an_input_are_printed() {
    let mut program = run(&example_file("support-triage"));
    let run = said(program.args(["--input", r#"{"txt": "Hi"}"#])).await;
    assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""));
    let file = example_file("support-triage");
    let file = file.to_str().unwrap();
    let lines = run.stderr.replace(file, "FILE");
    let lines: BTreeSet<&str> = lines.lines().collect();
    let expected = [
        "#/input: \"text\" is a required property [invalid_value]",
        "#/input: Additional properties are not allowed ('txt' was unexpected) [invalid_value]",
        "error: cannot run FILE: the input is not valid for this workflow",
    ];
    assert_eq!(lines, expected.into());
}

#[tokio::test]
async fn an_unreadable_file_is_reported() {
    let not_json = File::new("not.json", "{");
    let not_json_name = not_json.name();
    for (file, start) in [
        (
            Path::new("no-such-workflow.json"),
            "error: failed to read no-such-workflow.json: ".to_owned(),
        ),
        (
            not_json.path(),
            format!("error: {not_json_name} is not JSON: "),
        ),
    ] {
        let run = said(&mut run(file)).await;
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""));
        assert!(run.stderr.starts_with(&start), "{}", run.stderr);
    }
}

#[tokio::test]
async fn a_missing_key_is_reported_with_a_hint() {
    let mut program = program();
    let run = said(program.arg("run").arg(example_file("explain"))).await;
    assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""));
    assert!(run.stderr.contains("--simulate"), "{}", run.stderr);
}

#[tokio::test]
async fn an_error_is_followed_by_its_hint() {
    // The second step has no input, since the first one has no output.
    let nodes = json!([
        {"id": "refused", "type": "LLMNode", "data": {"prompt": "[[400]] {{ input }}"}, "on_error": "continue"},
        {"id": "ask", "type": "LLMNode"},
    ]);
    let workflow = File::new("no-input.json", &json!({ "nodes": nodes }).to_string());
    let run = said(run(workflow.path()).args(["--input", "x"])).await;
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    let mut lines = run.stderr.lines().rev();
    let hint = "Hint: name what it should read in a template, or give it exactly one need";
    assert_eq!(lines.next(), Some(hint), "{}", run.stderr);
    let last = lines.next().unwrap_or_default();
    assert!(
        last.starts_with("The run failed: ") && last.ends_with(" [no_implicit_input]"),
        "{last}"
    );
}

#[tokio::test]
async fn a_closed_pipe_ends_the_program_silently() {
    for arguments in [&["--input", "Tides"][..], &["--input", "Tides", "--json"]] {
        let mut program = run(&example_file("explain"));
        program.args(arguments);
        program.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = program.spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().await.unwrap();
        assert_eq!(output.status.code(), Some(141));
        let lines = text(output.stderr);
        assert!(
            !lines.contains("panicked") && !lines.contains("pipe"),
            "{lines}"
        );
    }
    // The output is printed even if the progress is not read.
    let mut program = run(&example_file("explain"));
    program.args(["--input", "Tides"]);
    program.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = program.spawn().unwrap();
    drop(child.stderr.take());
    let output = child.wait_with_output().await.unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(text(output.stdout).ends_with("(Simulated.)\n"));
}

/// The events of a recording.
fn recorded(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.ends_with('\n'));
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[tokio::test]
async fn a_run_is_recorded_with_what_streams_omit() {
    let file = File::new(
        "recorded.jsonl",
        "what an earlier recording has, which is longer",
    );
    let mut program = run(&example_file("explain"));
    let run = said(
        program
            .args(["--input", "Tides", "--record"])
            .arg(file.path()),
    )
    .await;
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let events = recorded(file.path());
    assert!(
        events
            .iter()
            .zip(1..)
            .all(|(event, seq)| event["seq"] == seq)
    );
    let last = events.last().unwrap();
    assert_eq!(
        (&last["type"], &last["output"]),
        (&json!("run.completed"), &json!(run.stdout.trim_end()))
    );
    let answered = events
        .iter()
        .rfind(|event| event["type"] == "node.completed")
        .unwrap();
    assert!(
        answered["debug"].to_string().contains("Tides"),
        "{answered}"
    );
}

#[tokio::test]
async fn a_recording_that_cannot_be_written_is_reported_before_the_run() {
    let mut program = run(&example_file("explain"));
    let run = said(program.args(["--record", "/no/such/directory/run.jsonl"])).await;
    assert_eq!((run.code, run.stdout.as_str()), (Some(1), ""));
    assert!(
        run.stderr
            .starts_with("error: failed to write to /no/such/directory/run.jsonl: "),
        "{}",
        run.stderr
    );
    assert_eq!(run.stderr.lines().count(), 1);
}
