//! The JSON Schema of specifications.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod support;

use std::{env, fs};

use jsonschema::Validator;
use serde_json::{Value, json};
use support::{example, in_repository, simulated};

const GOLDEN: &str = "docs/workflow.schema.json";

async fn served() -> Value {
    let server = simulated("0ms").await;
    let answer = server.get("/api/schema/workflow.json").await;
    assert_eq!(answer.headers()["content-type"], "application/schema+json");
    answer.json().await.unwrap()
}

async fn validator() -> Validator {
    jsonschema::draft202012::new(&served().await).unwrap()
}

fn faults(validator: &Validator, spec: &Value) -> Vec<String> {
    let errors = validator.iter_errors(spec);
    errors
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

#[tokio::test]
async fn the_committed_schema_is_the_served_one() {
    let served = format!("{:#}\n", served().await);
    let file = in_repository(GOLDEN);
    if env::var("UPDATE_GOLDEN").is_ok_and(|update| update == "1") {
        fs::write(&file, &served).unwrap();
    }
    let committed = fs::read_to_string(&file).unwrap_or_default();
    let differs = served
        .lines()
        .zip(committed.lines())
        .position(|(a, b)| a != b);
    assert!(
        served == committed,
        "{GOLDEN} is not what the server serves, from line {} on: \
         if the language changed on purpose, write it anew with \
         `UPDATE_GOLDEN=1 cargo test -p llm-workflow-server --test schema`, and commit it",
        differs.map_or(committed.lines().count(), |line| line + 1),
    );
}

#[tokio::test]
async fn the_language_page_documents_every_field_of_data() {
    let page = fs::read_to_string(in_repository("docs/LANGUAGE.md")).unwrap();
    let schema = served().await;
    let types = schema["$defs"].as_object().unwrap();
    let mut seen = 0;
    for (name, data) in types {
        let Some(name) = name.strip_suffix(".data") else {
            continue;
        };
        // The row of the type, or else a section of its own.
        let row = page.split_once(&format!("\n| `{name}` |"));
        let row = row.and_then(|(_, rest)| rest.lines().next()).unwrap();
        let section = page.split_once(&format!("\n### {name}\n"));
        let section = section.map_or(row, |(_, rest)| rest.split("\n#").next().unwrap());
        for field in data["properties"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, _)| name)
        {
            seen += 1;
            assert!(section.contains(&format!("`{field}`")), "{name}: {field}");
        }
    }
    assert!(seen > 30, "{seen}");
}

#[tokio::test]
async fn the_schema_accepts_every_example() {
    let validator = validator().await;
    for file in fs::read_dir(in_repository("examples/workflows")).unwrap() {
        let path = file.unwrap().path();
        if path.is_dir() {
            continue;
        }
        let name = path.file_stem().unwrap().to_str().unwrap();
        let faults = faults(&validator, &example(name));
        assert_eq!(faults, [""; 0], "{name}");
    }
}

/// A workflow of one node.
fn only(node: &Value) -> Value {
    json!({"nodes": [node]})
}

#[tokio::test]
async fn the_schema_refuses_invalid_specifications() {
    let body = json!([{"id": "a", "type": "LLMNode"}]);
    let ask = |extra: Value| {
        let mut node = json!({"id": "a", "type": "LLMNode"});
        let fields = extra.as_object().unwrap().clone();
        node.as_object_mut().unwrap().extend(fields);
        only(&node)
    };
    let validator = validator().await;
    assert_eq!(faults(&validator, &ask(json!({"retry": 3}))), [""; 0]);
    for (what, broken) in [
        ("no nodes", json!({"nodes": []})),
        ("an unknown field", json!({"nodes": body, "edges": []})),
        ("an unknown field of a node", ask(json!({"need": []}))),
        (
            "an unknown field of data",
            ask(json!({"data": {"promt": "Hi"}})),
        ),
        (
            "data of the wrong type",
            ask(json!({"data": {"prompt": 1}})),
        ),
        ("data that is a list", ask(json!({"data": []}))),
        ("0 attempts", ask(json!({"retry": 0}))),
        ("a duration without a unit", ask(json!({"timeout": "30"}))),
        ("an unknown word", ask(json!({"on_error": "ignore"}))),
        (
            "an id that is no name",
            only(&json!({"id": "1", "type": "LLMNode"})),
        ),
        (
            "an unknown type",
            only(&json!({"id": "a", "type": "LMNode"})),
        ),
        ("no type", only(&json!({"id": "a"}))),
        (
            "no `data.template`",
            only(&json!({"id": "a", "type": "PromptNode"})),
        ),
        (
            "no `data.over`",
            only(&json!({"id": "m", "type": "MapNode", "data": {"nodes": body}})),
        ),
        (
            "no `data.max`",
            only(&json!({"id": "l", "type": "LoopNode", "data": {"until": "true", "nodes": body}})),
        ),
        (
            "an unknown type in a body",
            only(&json!({"id": "m", "type": "MapNode", "data": {
                "over": "input",
                "nodes": [{"id": "a", "type": "LMNode"}],
            }})),
        ),
    ] {
        assert_ne!(faults(&validator, &broken), [""; 0], "{what}: {broken}");
    }
}
