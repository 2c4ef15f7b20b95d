//! All workflows in `examples/workflows` are valid and tested.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod support;

use std::{collections::BTreeSet, fs};

use serde_json::Value;
use support::{example, in_repository, simulated, word};

/// The tests that run them.
const TESTS: [&str; 2] = [
    include_str!("workflows.rs"),
    include_str!("workflows_with_people.rs"),
];

/// The names of the files, without `.json`.
fn names() -> BTreeSet<String> {
    let files = fs::read_dir(in_repository("examples/workflows")).unwrap();
    files
        .map(Result::unwrap)
        .filter(|file| file.file_type().unwrap().is_file())
        .map(|file| file.file_name().into_string().unwrap())
        .map(|name| name.strip_suffix(".json").unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn no_example_has_a_fault_or_warning() {
    let server = simulated("0ms").await;
    server.create(&example("product-brief")).await;
    for name in names() {
        let spec = example(&name).to_string();
        let checked = server.post("/api/workflows/validate", spec).await;
        let checked: Value = checked.json().await.unwrap();
        assert_eq!(checked["valid"], true, "{name}: {checked}");
        let warnings = checked["warnings"].as_array().unwrap().iter();
        let warned: Vec<String> = warnings
            .map(|it| format!("{} {}", word(&it["code"]), word(&it["pointer"])))
            .collect();
        // `report_failure` is there for its effect; nothing reads its output.
        let expected: &[&str] = match name.as_str() {
            "publish-article" => &["unused_node #/nodes/3"],
            _ => &[],
        };
        assert_eq!(warned, expected, "{name}");
    }
}

#[test]
fn each_example_has_the_name_of_its_file() {
    for name in names() {
        let spec = example(&name);
        // This example has no name on purpose: names are optional.
        let called = spec["name"].as_str().unwrap_or("explain");
        assert_eq!(called, name);
    }
}

#[test]
fn each_example_is_run_by_tests_of_one_file() {
    for name in names() {
        let test = format!("async fn {}_", name.replace('-', "_"));
        let files = TESTS.iter().filter(|file| file.contains(&test)).count();
        assert_eq!(files, 1, "tests that begin with {test:?}");
    }
}
