//! The workflows in `examples/workflows`, run.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod support;

use serde_json::{Value, json};
use support::simulated;

fn read(json: &str) -> Value {
    serde_json::from_str(json).unwrap()
}

#[tokio::test]
async fn explain_explains() {
    let server = simulated("0ms").await;
    let outcome = server.outcome(&support::explain(), "Tides".into()).await;
    assert_eq!(outcome["status"], "completed", "{outcome}");
    let output = outcome["output"].as_str().unwrap();
    assert!(
        output.starts_with("This is a simulated answer about Tides. "),
        "{output}"
    );
}

#[tokio::test]
async fn perspectives_are_asked_for_at_once_and_then_weighed() {
    let server = simulated("1ms").await;
    let spec = read(include_str!("../../workflows/perspectives.json"));
    let run = server
        .begin(&spec, &"Should we move to the sea?".into())
        .await;
    let events = server.events(&run).await;
    let steps = events.iter().filter(|event| event["type"] != "node.delta");
    let told: Vec<String> = steps
        .filter_map(|event| Some(format!("{} {}", event["node"].as_str()?, event["type"])))
        .collect();
    assert_eq!(
        told[..2],
        ["benefits \"node.started\"", "risks \"node.started\""]
    );
    assert_eq!(
        told[4..],
        ["verdict \"node.started\"", "verdict \"node.completed\""]
    );
    assert_eq!(events.last().unwrap()["type"], "run.completed");
}

#[tokio::test]
async fn a_ticket_becomes_data() {
    let server = simulated("0ms").await;
    let spec = read(include_str!("../../workflows/ticket.json"));
    let input = json!({"from": "ada@example.com", "text": "My invoice is wrong"});
    let outcome = server.outcome(&spec, input).await;
    assert_eq!(
        outcome["output"],
        json!({
            "from": "ada@example.com",
            "queue": "later",
            "title": "[refund] Simulated summary about My invoice is wrong",
            "products": [
                "Simulated products about My invoice is wrong",
                "Simulated products about My invoice is wrong",
            ],
        }),
        "{outcome}"
    );
}

#[tokio::test]
async fn a_ticket_takes_one_of_two_ways_to_its_answer() {
    let server = simulated("0ms").await;
    let spec = read(include_str!("../../workflows/support-triage.json"));
    let input = json!({"text": "I was charged twice"});
    let outcome = server.outcome(&spec, input).await;
    assert_eq!(outcome["output"]["kind"], "refund", "{outcome}");
    let statuses: Vec<_> = outcome["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["status"].as_str().unwrap())
        .collect();
    assert_eq!(statuses, ["completed", "completed", "skipped", "completed"]);
}
