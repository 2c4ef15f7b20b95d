//! `workflow-server validate FILE`.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod support;

use std::path::Path;

use support::{File, example_file, output, program, text};

struct Validated {
    code: Option<i32>,
    said: String,
}

async fn validate(file: &Path) -> Validated {
    let output = output(program().arg("validate").arg(file)).await;
    Validated {
        code: output.status.code(),
        said: text(output.stdout) + &text(output.stderr),
    }
}

async fn validate_text(name: &str, json: &str) -> Validated {
    let file = File::new(name, json);
    let mut validated = validate(file.path()).await;
    validated.said = validated.said.replace(file.name(), "FILE");
    validated
}

#[tokio::test]
async fn an_example_is_valid_and_needs_no_key() {
    let validated = validate(&example_file("support-triage")).await;
    assert_eq!(validated.said, "valid: 4 nodes\n");
    assert_eq!(validated.code, Some(0));
}

#[tokio::test]
async fn a_called_workflow_is_given_along() {
    let file = example_file("publish-article");
    let alone = validate(&file).await;
    assert_eq!(alone.code, Some(1));
    assert!(alone.said.contains("[unknown_workflow]"), "{}", alone.said);

    let called = example_file("product-brief");
    let mut program = program();
    let program = program.arg("validate").arg(file).arg("--with").arg(called);
    let output = output(program).await;
    assert_eq!(
        text(output.stdout),
        "valid: 4 nodes\n\
         1 warning\n\
         #/nodes/3: nothing reads what `report_failure` gives [unused_node]\n  \
           hint: name `report_failure.output` where it is wanted, or take the node out\n"
    );
    assert_eq!(output.status.code(), Some(0));
}

#[tokio::test]
async fn every_fault_is_said_with_its_place_and_the_way_out() {
    let faulty = r#"{"nodes": [
        {"id": "prompt_step", "type": "PromptNode", "data": {"template": "Say {{ inptu }}"}},
        {"id": "llm_step", "type": "LMNode"}
    ]}"#;
    let validated = validate_text("faulty", faulty).await;
    assert_eq!(validated.code, Some(1));
    assert_eq!(
        validated.said,
        "FILE: 2 faults\n\
         #/nodes/0/data/template: `inptu` is not a node of this workflow [unknown_reference]\n  \
           hint: did you mean `input`?\n\
         #/nodes/1/type: `LMNode` is not a node type [unknown_type]\n  \
           hint: did you mean `LLMNode`?\n"
    );
}

#[tokio::test]
async fn what_is_not_json_is_said_with_line_and_column() {
    let validated = validate_text("not-json", "{\n  \"nodes\": [],\n}").await;
    assert_eq!(validated.code, Some(1));
    assert_eq!(
        validated.said,
        "FILE: not JSON: trailing comma at line 3 column 1\n"
    );
}

#[tokio::test]
async fn a_file_that_is_not_there_is_said_not_to_be_there() {
    let validated = validate(Path::new("no-such-workflow.json")).await;
    assert_eq!(validated.code, Some(2));
    assert!(
        validated
            .said
            .starts_with("no-such-workflow.json could not be read: No such file")
    );
}
