//! `workflow-server validate FILE`.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod support;

use std::path::Path;

use support::{File, example_file, output, output_with_input, program, text};

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
async fn called_workflows_are_read_with_the_option() {
    // Beside this copy are no other workflows.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("publish.json");
    std::fs::copy(example_file("publish-article"), &file).unwrap();
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
         #/nodes/3: nothing reads the output of `report_failure` [unused_node]\n  \
           hint: use `report_failure.output` where it is needed, or remove the node\n"
    );
    assert_eq!(output.status.code(), Some(0));
}

#[tokio::test]
async fn all_faults_are_printed_with_pointer_and_hint() {
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
async fn invalid_json_is_reported_with_line_and_column() {
    let validated = validate_text("not-json", "{\n  \"nodes\": [],,\n}").await;
    assert_eq!(validated.code, Some(1));
    assert_eq!(
        validated.said,
        "FILE: not JSON: key must be a string at line 2 column 15\n"
    );
}

/// A workflow with a name, and one node.
fn named(file: &str, name: &str, node: &str) -> File {
    let json = format!(r#"{{"name": "{name}", "nodes": [{node}]}}"#);
    File::new(file, &json)
}

const LEAF: &str = r#"{"id": "a", "type": "TransformNode", "data": {"value": "{{ input }}"}}"#;

#[tokio::test]
async fn a_misspelt_name_of_a_called_workflow_gets_a_suggestion() {
    let library = named("called.json", "publish", LEAF);
    let call = r#"{"id": "a", "type": "WorkflowNode", "data": {"workflow": "publsh"}}"#;
    let caller = named("caller.json", "caller", call);
    let mut program = program();
    let program = program.arg("validate").arg(caller.path());
    let said = output(program.arg("--with").arg(library.path())).await;
    assert_eq!(
        text(said.stdout).replace(caller.name(), "FILE"),
        "FILE: 1 fault\n\
         #/nodes/0/data/workflow: there is no workflow `publsh` [unknown_workflow]\n  \
           hint: did you mean `publish`?\n  \
           hint: give its file with --with FILE, or save it as NAME.json beside the file that calls it\n"
    );
}

#[tokio::test]
async fn two_called_workflows_of_one_name_are_refused() {
    let (one, other) = (
        named("one.json", "same", LEAF),
        named("other.json", "same", LEAF),
    );
    let caller = named("alone.json", "caller", LEAF);
    for command in ["validate", "run"] {
        let mut program = program();
        let program = program.arg(command).arg(caller.path());
        for file in [&one, &other] {
            program.arg("--with").arg(file.path());
        }
        let said = output(program).await;
        assert_eq!(said.status.code(), Some(2), "{command}");
        let expected = format!(
            "error: {} and {} have the same name, `same`: rename one\n",
            one.name(),
            other.name()
        );
        assert_eq!(text(said.stderr), expected, "{command}");
    }
}

#[tokio::test]
async fn a_workflow_may_come_from_standard_input() {
    let spec = format!(r#"{{"nodes": [{LEAF}]}}"#);
    for (input, code, expected) in [
        (spec.clone(), 0, "valid: 1 node\n"),
        (format!("\u{feff}{spec}"), 0, "valid: 1 node\n"),
        (
            "{".to_owned(),
            1,
            "standard input: not JSON: EOF while parsing an object at line 1 column 1\n",
        ),
        (
            r#"{"nodes": [], "nodes": []}"#.to_owned(),
            1,
            "standard input: 1 fault\n\
             #/nodes: the object has the key `nodes` twice [duplicate_field]\n  hint: remove one of them\n",
        ),
    ] {
        let said = output_with_input(program().args(["validate", "-"]), &input).await;
        assert_eq!(text(said.stdout), expected, "{}", text(said.stderr));
        assert_eq!(said.status.code(), Some(code));
    }
    let twice = ["validate", "-", "--with", "-"];
    let said = output_with_input(program().args(twice), &spec).await;
    assert_eq!(
        text(said.stderr),
        "error: standard input can be read only once: replace one `-` by a file\n"
    );
}

#[tokio::test]
async fn a_missing_file_is_reported() {
    let validated = validate(Path::new("no-such-workflow.json")).await;
    assert_eq!(validated.code, Some(2));
    assert!(
        validated
            .said
            .starts_with("error: failed to read no-such-workflow.json: No such file")
    );
}

#[tokio::test]
async fn files_may_have_comments_and_trailing_commas() {
    let folder = tempfile::tempdir().unwrap();
    let save = |name: &str, text: &str| {
        let file = folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        file
    };
    let inner = "{\"name\": \"inner\", /* called */ \"nodes\": [{\"id\": \"a\", \"type\": \"TransformNode\", \"data\": {\"value\": 1}},]}";
    save("inner.jsonc", inner);
    let main = "// Calls another file.\n{\n  \"nodes\": [\n    {\"id\": \"c\", \"type\": \"WorkflowNode\", \"data\": {\"workflow\": \"inner\", \"input\": null,}}, // here\n  ],\n}\n";
    let main = save("main.json", main);
    let valid = validate(&main).await;
    assert_eq!(valid.said, "valid: 1 node\n");
    // With `--with`, and run.
    let given = save(
        "given.json",
        &format!("/* copied */ {}", inner.replace("inner", "given")),
    );
    let calls = save(
        "calls.json",
        "{\"nodes\": [{\"id\": \"c\", \"type\": \"WorkflowNode\", \"data\": {\"workflow\": \"given\", \"input\": null}}] /* all */}",
    );
    let ran = output(
        program()
            .arg("run")
            .arg(calls)
            .arg("--with")
            .arg(given)
            .args(["--input", "x"]),
    )
    .await;
    assert_eq!(text(ran.stdout), "1\n", "{}", text(ran.stderr));
    // A fault has the place in the file as it is written.
    let broken = save(
        "broken.json",
        "// one\n/* two\n */ {\"nodes\": [ /* x */ oops ]}",
    );
    let said = validate(&broken).await.said;
    assert!(said.contains("line 3 column 25"), "{said}");
    // An input is data, and stays strict.
    let input = save("input.json", "{\"a\": 1,}");
    let input = format!("@{}", input.display());
    let refused = output(program().arg("run").arg(&main).args(["--input", &input])).await;
    assert!(text(refused.stderr).contains("trailing comma"));
}
