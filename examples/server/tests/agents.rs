//! Agents with simulated replies, in the terminal and on a server.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod support;

use std::fs;

use serde_json::{Value, json};
use support::{
    Dialogue, File, in_repository, output, output_with_input, program, run, simulated, step, text,
    word,
};

/// An agent that finds an order and pays it back, if a person approves.
fn support() -> Value {
    let number = json!({"type": "object", "required": ["number"], "properties": {"number": {"type": "string"}}});
    json!({"nodes": [{"id": "support", "type": "AgentNode", "data": {
    "prompt": "Where is my order A-17?",
    "tools": [
        {"name": "order", "description": "Finds an order.", "input": number,
         "nodes": [{"id": "get", "type": "TransformNode", "data": {"value": {"order": "{{ args.number }}", "state": "sent"}}}]},
        {"name": "refund", "description": "Pays an order back.", "input": number,
         "approve": {"message": "Refund {{ args.number }}?"},
         "nodes": [{"id": "pay", "type": "PromptNode", "data": {"template": "paid {{ args.number }}"}}]},
    ]}}]})
}

fn file() -> File {
    File::new("support.json", &support().to_string())
}

/// Says these lines to the question, and returns the output and the progress.
async fn dialogue(lines: &[(&str, &str)]) -> (String, String) {
    let workflow = file();
    let mut run = Dialogue::start(&mut run(workflow.path()));
    run.wait_for_line("asks: Refund A-17?").await;
    for (line, before) in lines {
        run.wait_for_line(before).await;
        run.say(line).await;
    }
    let ended = run.end().await;
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    (ended.stdout, ended.stderr)
}

const FORM: &str =
    "Answer with a line: yes, no, no and a reason, or other arguments as JSON that matches {";

#[tokio::test]
async fn the_terminal_shows_turns_and_calls_and_asks_for_approval() {
    let (output, progress) = dialogue(&[("yes", FORM)]).await;
    assert_eq!(
        output,
        "“Where is my order A-17?”: order found {\"order\":\"A-17\",\"state\":\"sent\"}. refund found paid A-17. (Simulated.)\n"
    );
    for line in [
        "support                  turn 1 of at most 10",
        "  calls order with {\"number\":\"A-17\"}",
        "support/0/refund-1       asks: Refund A-17?",
        "  calls refund with {\"number\":\"A-17\"}",
        "support/0/refund-1/pay   started",
        "support                  turn 2 of at most 10",
    ] {
        assert!(progress.lines().any(|it| it == line), "{line}: {progress}");
    }
    let turn = progress
        .lines()
        .find(|it| it.starts_with("support/0/turn           completed in"));
    assert!(
        turn.is_some_and(|it| it.ends_with("ms: I use order and refund. (Simulated.)")),
        "{progress}"
    );
    let end = progress
        .lines()
        .find(|it| it.starts_with("support                  completed in"));
    assert!(
        end.is_some_and(|it| it.contains(" in 2 turns: ")),
        "{progress}"
    );
}

#[tokio::test]
async fn a_refused_call_is_never_made_and_the_model_is_told() {
    let (output, progress) = dialogue(&[("no, it was sent", FORM)]).await;
    assert!(
        output.contains("refund failed with refused: a person refused the call: it was sent."),
        "{output}"
    );
    assert!(!progress.contains("refund-1/pay"), "{progress}");
    assert!(
        progress.contains("failed, and the model gets the error: a person refused the call"),
        "{progress}"
    );
}

#[tokio::test]
async fn a_call_is_made_with_the_arguments_of_the_person_if_they_fit() {
    let (output, _) = dialogue(&[
        ("sure", FORM),
        (r#"{"number": 17}"#, "Invalid answer: write `yes`, `no`"),
        (r#"{"number": "B-1"}"#, "Invalid answer: "),
    ])
    .await;
    assert!(output.contains("refund found paid B-1"), "{output}");
}

#[tokio::test]
async fn a_recorded_agent_is_a_test_without_a_key() {
    let directory = tempfile::tempdir().unwrap();
    let workflow = directory.path().join("support.json");
    fs::write(&workflow, support().to_string()).unwrap();
    let recording = directory.path().join("support.jsonl");
    let mut program = run(&workflow);
    let mut recorded = Dialogue::start(program.arg("--record").arg(&recording));
    recorded.wait_for_line(FORM).await;
    recorded.say("yes").await;
    let ended = recorded.end().await;
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    let log = fs::read_to_string(&recording).unwrap();
    let turns = log.lines().filter(|line| {
        line.contains(r#""path":"support/0/turn""#) && line.contains("thoughtSignature")
    });
    assert!(turns.count() > 0, "the state of a turn is in the recording");

    let test = directory.path().join("support.test.json");
    let spec = json!({"workflow": "support.json", "run": "support.jsonl",
        "expect": {"status": "completed", "output": ended.stdout.trim_end()}});
    fs::write(&test, spec.to_string()).unwrap();
    let mut tests = support::program();
    let tested = output(tests.arg("test").arg(&test).arg("--simulate")).await;
    assert_eq!(
        tested.status.code(),
        Some(0),
        "{}{}",
        text(tested.stdout),
        text(tested.stderr)
    );
}

#[tokio::test]
async fn an_agent_with_a_schema_answers_in_that_form() {
    let mut spec = support();
    let data = &mut spec["nodes"][0]["data"];
    data["tools"].as_array_mut().unwrap().truncate(1);
    data["schema"] = json!({"type": "object", "required": ["state"], "properties": {
        "state": {"enum": ["sent", "lost"]}, "summary": {"type": "string"}}});
    let server = simulated("0ms").await;
    let report = server.outcome(&spec, Value::Null).await;
    assert_eq!(report["status"], "completed", "{report}");
    assert!(
        ["sent", "lost"].contains(&word(&report["output"]["state"])),
        "{report}"
    );
    // It calls, says what it found, and gives that its form.
    assert_eq!(step(&report, "support")["turns"], 3, "{report}");
}

#[tokio::test]
async fn faults_of_the_api_are_retried_in_the_turn_and_no_call_is_repeated() {
    let mut spec = support();
    let data = &mut spec["nodes"][0]["data"];
    data["prompt"] = json!("Where is my order A-17? [[429]]");
    data["tools"].as_array_mut().unwrap().truncate(1);
    let server = simulated("0ms").await;
    let run = server.begin(&spec, &Value::Null).await;
    let events = server.events(&run).await;
    let of = |kind: &str, path: &str| {
        let events = events
            .iter()
            .filter(|it| it["type"] == kind && it["path"] == path);
        events.count()
    };
    assert_eq!(of("node.retrying", "support/0/turn"), 1, "{events:?}");
    assert_eq!(of("node.started", "support/0/order-0/get"), 1);
    assert_eq!(of("run.completed", "support"), 0);
    assert_eq!(server.report(&run).await["status"], "completed");
    let shown = format!("{events:?}");
    assert!(
        !shown.contains("thoughtSignature") && shown.contains("sha256"),
        "{shown}"
    );
}

#[tokio::test]
async fn a_workflow_with_an_agent_needs_a_key() {
    let inner = json!({"nodes": [{"id": "each", "type": "MapNode", "data": {"over": "[1]", "nodes": support()["nodes"]}}]});
    for spec in [support(), inner] {
        let file = File::new("agent.json", &spec.to_string());
        let refused = output(program().arg("run").arg(file.path())).await;
        assert_eq!(refused.status.code(), Some(2));
        assert!(text(refused.stderr).starts_with("error: no Gemini API key"));
    }
}

/// The blocks of JSON in the chapter on agents of the language page.
fn documented() -> Vec<Value> {
    let page = fs::read_to_string(in_repository("docs/LANGUAGE.md")).unwrap();
    let (_, chapter) = page.split_once("\n## Agents\n").unwrap();
    let chapter = chapter.split("\n## ").next().unwrap();
    let blocks = chapter.split("```json\n").skip(1);
    let blocks = blocks.map(|block| block.split("```").next().unwrap());
    blocks
        .map(|block| serde_json::from_str(block).unwrap())
        .collect()
}

#[tokio::test]
async fn the_workflows_of_the_chapter_run() {
    let workflows: Vec<Value> = documented()
        .into_iter()
        .filter(|it| it["nodes"].is_array())
        .collect();
    assert_eq!(workflows.len(), 3);
    let mut progress = Vec::new();
    for workflow in workflows {
        let file = File::new("chapter.json", &workflow.to_string());
        let ended = output_with_input(&mut run(file.path()), "yes\n").await;
        let said = text(ended.stderr);
        assert_eq!(ended.status.code(), Some(0), "{said}");
        assert!(!ended.stdout.is_empty(), "{said}");
        progress.push(said);
    }
    let shows = |index: usize, path: &str| {
        let mut lines = progress[index].lines();
        let is_there = lines.any(|line| line.split(' ').next() == Some(path));
        assert!(is_there, "{path}: {}", progress[index]);
    };
    for path in [
        "support",
        "support/0/turn",
        "support/0/order-0",
        "support/0/order-0/get",
        "support/0/refund-1",
        "support/1/turn",
    ] {
        shows(0, path);
    }
    shows(1, "editor/0/research-0/look/0/turn");
}

#[tokio::test]
async fn the_question_before_a_call_is_as_the_chapter_shows_it() {
    let mut blocks = documented();
    let question = blocks
        .iter()
        .position(|it| it["type"] == "node.waiting")
        .unwrap();
    let question = blocks.swap_remove(question);
    let spec = &blocks[0];
    let server = simulated("0ms").await;
    let run = server.begin(spec, &spec["input"]["examples"][0]).await;
    let path = word(&question["path"]);
    let wait = server.asked(&run, path).await;
    for (name, value) in question.as_object().unwrap() {
        if name != "type" {
            assert_eq!(&wait[name], value, "{name}: {wait}");
        }
    }
    let refused = json!({"action": "refuse", "reason": "too late"});
    assert_eq!(server.answer(&run, &wait, &refused).await.status(), 200);
    server.events(&run).await;
    let report = server.report(&run).await;
    assert_eq!(step(&report, path)["error"]["code"], "refused");
    assert_eq!(step(&report, "support")["turns"], 2);
}
