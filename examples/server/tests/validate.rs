//! `workflow-server validate FILE`.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod support;

use std::{env, fs, path::PathBuf, process};

use support::{output, program, text};

struct Validated {
    code: Option<i32>,
    said: String,
}

async fn validate(file: &PathBuf) -> Validated {
    let output = output(program().arg("validate").arg(file)).await;
    Validated {
        code: output.status.code(),
        said: text(output.stdout) + &text(output.stderr),
    }
}

async fn validate_text(name: &str, json: &str) -> Validated {
    let file = env::temp_dir().join(format!("workflow-{}-{name}.json", process::id()));
    fs::write(&file, json).unwrap();
    let mut validated = validate(&file).await;
    validated.said = validated.said.replace(file.to_str().unwrap(), "FILE");
    fs::remove_file(&file).unwrap();
    validated
}

#[tokio::test]
async fn each_example_is_valid_and_needs_no_key() {
    let examples = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../workflows");
    for (name, nodes) in [("explain", 2), ("perspectives", 3), ("ticket", 2)] {
        let validated = validate(&examples.join(format!("{name}.json"))).await;
        assert_eq!(validated.said, format!("valid: {nodes} nodes\n"));
        assert_eq!(validated.code, Some(0));
    }
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
    let validated = validate(&PathBuf::from("no-such-workflow.json")).await;
    assert_eq!(validated.code, Some(2));
    assert!(
        validated
            .said
            .starts_with("no-such-workflow.json could not be read: No such file")
    );
}
