//! The prices of models: `--prices FILE`.

#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod support;

use std::fs;

use serde_json::{Value, json};
use support::{Server, explain, in_repository, output, program, text};
use workflow_core::{price::PriceTable, value::Usd};

#[test]
fn the_example_is_a_table_of_prices() {
    let table = fs::read(in_repository("examples/prices.json")).unwrap();
    let table = PriceTable::from_json(&table).unwrap();
    for price in table.prices("gemini", "gemini-3.8-flash") {
        assert!(price.max_output().is_some() && price.source().is_some());
    }
    assert_eq!(table.prices("gemini", "gemini-3.8-flash").len(), 2);
}

#[tokio::test]
async fn a_table_with_a_fault_stops_the_start_with_its_place() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("prices.json");
    for (prices, said) in [
        (
            Some(r#"{"gemini/m": {"input": -1, "output": 2}}"#),
            "#/gemini~1m/input",
        ),
        (Some("{"), "not JSON"),
        (None, "failed to read"),
    ] {
        let _ = fs::remove_file(&file);
        if let Some(prices) = prices {
            fs::write(&file, prices).unwrap();
        }
        let mut program = program();
        let ended = output(program.args(["--simulate"]).env("WORKFLOW_PRICES", &file)).await;
        assert_eq!(ended.status.code(), Some(2));
        let error = text(ended.stderr);
        assert!(
            error.contains(said) && error.contains("prices.json"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn steps_report_what_they_cost() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("prices.json");
    fs::write(&file, r#"{"gemini/*": {"input": 1, "output": 2}}"#).unwrap();
    let mut program = program();
    program
        .args(["--simulate", "--simulate-pace=1ms", "--prices"])
        .arg(&file);
    let server = Server::start(&mut program).await;
    let workflow = server.create(&explain()).await;
    let run = server
        .post(
            &format!("/api/workflows/{workflow}/runs"),
            r#"{"input":"Rust"}"#,
        )
        .await;
    let run: Value = run.json().await.unwrap();
    let events = format!("/api/runs/{}/events", run["id"].as_str().unwrap());
    let events = server.get(&events).await.text().await.unwrap();
    let completed = support::data(&events)
        .into_iter()
        .rfind(|event| event["type"] == "node.completed");
    let completed = completed.unwrap();
    let usage = &completed["usage"];
    let tokens = |name: &str| usage[name].as_u64().unwrap_or(0);
    let nano = tokens("input_tokens") * 1_000 + tokens("output_tokens") * 2_000;
    assert!(nano > 0, "{completed}");
    assert_eq!(
        completed["cost"],
        json!({"usd": Usd::from_nano(nano)}),
        "{completed}"
    );
    server.terminate();
    let said = server.end().await.stdout;
    assert!(said.contains("Prices: 1 model\n"), "{said}");
}
