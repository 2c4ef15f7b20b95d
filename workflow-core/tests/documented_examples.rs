//! The examples of the language page give what the page says.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use serde_json::{Value, json};
use support::{output_of, run};

const PAGE: &str = include_str!("../../docs/LANGUAGE.md");

/// The workflow of the page that contains a text.
fn example(contains: &str) -> Value {
    let blocks = PAGE.split("```json\n").skip(1);
    let mut blocks = blocks.filter_map(|block| block.split("```").next());
    let found = blocks.find(|block| block.contains(contains)).unwrap();
    serde_json::from_str(found).unwrap()
}

async fn output(contains: &str, input: Value) -> Value {
    let (_, events) = run(&example(contains), input).await;
    output_of(&events)
}

#[tokio::test(start_paused = true)]
async fn text_patterns_and_objects() {
    let page = example("source.name");
    let order = output("source.name", page["input"]["examples"][0].clone()).await;
    let expected = json!({
        "number": 417,
        "text": "Order #417 of (address),…",
        "data": {"paid": true, "seen": true, "source": {"name": "mail"}},
    });
    assert_eq!(order, expected);
}

#[tokio::test(start_paused = true)]
async fn missing_values() {
    let short = output("was_long", json!({"text": "No ticket"})).await;
    let expected = json!({"ticket": "none", "text": "No ticket", "was_long": false, "limit": 3, "done": {"by": "example"}});
    assert_eq!(short, expected);
    let text = "Please look at #417 before noon";
    let long = output("was_long", json!({"text": text, "limit": 5})).await;
    let expected = json!({"ticket": "417", "text": "Please look at #417…", "was_long": true, "limit": 5, "done": {"by": "example"}});
    assert_eq!(long, expected);
}

#[tokio::test(start_paused = true)]
async fn dates() {
    let text = output("dateformat", json!({"due": "2026-01-31T12:00:00Z"})).await;
    assert_eq!(text, json!("Please answer until 31 January 2026, 13:00."));
    // Without a date the delay is a day long, and the run rests.
    let (_, events) = run(&example("dateformat"), json!({})).await;
    let wait = events.iter().find_map(|event| match &event.kind {
        workflow_core::EventKind::NodeWaiting(waiting) => {
            Some(waiting.resumes_at.unwrap().since(event.time).as_secs())
        }
        _ => None,
    });
    assert!((86_300..=86_400).contains(&wait.unwrap()), "{wait:?}");
}
