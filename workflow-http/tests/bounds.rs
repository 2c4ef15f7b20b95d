//! The size of responses is bounded, whatever is stored.

#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod support;

use serde_json::{Value, json};
use support::{Api, idle, request, with_body};

const MIB: usize = 1024 * 1024;

/// Starts a run of this workflow, waits until it is idle, and returns its path.
async fn run(api: &Api, spec: Value, input: Value) -> String {
    let workflow = api.create(spec).await;
    let started = api
        .post(&format!("{workflow}/runs"), json!({"input": input}))
        .await;
    assert_eq!(started.status, 202, "{}", started.text);
    idle().await;
    started.header("location").to_owned()
}

/// A map that asks a question for each item, with the item and its number.
fn questions(schema: Option<Value>) -> Value {
    let mut data = json!({"message": "{{ item }}"});
    if let Some(schema) = schema {
        data["schema"] = schema;
    }
    json!({"nodes": [{"id": "each", "type": "MapNode", "data": {
        "over": "input", "concurrency": 100,
        "nodes": [{"id": "ask", "type": "HumanNode", "data": data}],
    }}]})
}

#[tokio::test(start_paused = true)]
async fn a_report_truncates_messages_to_two_kibibytes_and_a_step_does_not() {
    let api = Api::new();
    for (message, shown, truncated) in [
        ("short".to_owned(), 5, false),
        ("x".repeat(2048), 2048, false),
        ("x".repeat(2049), 2048, true),
        // The text is not cut within a character.
        ("é".repeat(2000), 2048, true),
        (format!("x{}", "é".repeat(2000)), 2047, true),
        ("🦀".repeat(100_000), 2048, true),
    ] {
        let run = run(&api, questions(None), json!([message])).await;
        let report = api.get(&run).await.json();
        let wait = &report["waits"][0];
        let text = wait["message"].as_str().unwrap();
        assert_eq!(text.len(), shown);
        assert!(message.starts_with(text));
        assert_eq!(wait["message_truncated"] == true, truncated, "{shown}");
        let step = api
            .get(&format!("{run}/steps/{}", wait["path"].as_str().unwrap()))
            .await
            .json();
        assert_eq!(step["wait"]["message"], *message);
        assert_eq!(step["wait"]["wait_id"], wait["wait_id"]);
        assert!(step["wait"]["message_truncated"].is_null());
        let id = wait["wait_id"].as_str().unwrap();
        let answered = api.post(&format!("{run}/waits/{id}"), "1").await;
        assert_eq!(answered.status, 200);
        idle().await;
        let step = api
            .get(&format!("{run}/steps/{}", wait["path"].as_str().unwrap()))
            .await
            .json();
        assert!(step["wait"].is_null(), "it waits no more");
    }
}

#[tokio::test(start_paused = true)]
async fn a_report_full_of_waits_stays_small() {
    let api = Api::new();
    let spec = json!({"nodes": [{"id": "each", "type": "MapNode", "data": {
        "over": "input.items", "concurrency": 100,
        "nodes": [{"id": "ask", "type": "HumanNode", "data": {"message": "{{ input.text }}{{ item }}"}}],
    }}]});
    // A control character has six bytes as JSON.
    let text = "\u{1}".repeat(160_000);
    let items: Vec<u32> = (0..100).collect();
    let run = run(&api, spec, json!({"text": text, "items": items})).await;
    let report = api.get(&run).await;
    let waits = report.json()["waits"].as_array().unwrap().len();
    assert_eq!(waits, 100);
    let input = 160_000 * 6;
    let waits = 100 * (2048 * 6 + 1000);
    assert!(report.text.len() < input + waits, "{}", report.text.len());
}

#[tokio::test(start_paused = true)]
async fn waits_with_large_schemas_are_omitted_above_the_limit() {
    let api = Api::new();
    let words: Vec<String> = (0..9_000).map(|n| format!("{n:0100}")).collect();
    let spec = questions(Some(json!({"enum": words})));
    let run = run(&api, spec, json!((0..60).collect::<Vec<_>>())).await;
    let report = api.get(&run).await;
    assert!(report.text.len() < 18 * MIB, "{}", report.text.len());
    let report = report.json();
    assert_eq!(report["waits_omitted"], true);
    let waits = report["waits"].as_array().unwrap().len();
    assert!((10..60).contains(&waits), "{waits}");
    let step = api.get(&format!("{run}/steps/each/59/ask")).await;
    assert_eq!(step.status, 200);
    assert!(step.json()["wait"]["schema"].is_object());
}

#[tokio::test(start_paused = true)]
async fn a_page_of_events_is_bounded_and_has_a_cursor() {
    let api = Api::new();
    let steps: Vec<Value> = (0..12)
        .map(|n| json!({"id": format!("s{n}"), "type": "TransformNode", "data": {"value": "{{ input }}"}}))
        .collect();
    let text = "x".repeat(MIB - 1000);
    let run = run(&api, json!({"nodes": steps}), text.into()).await;
    let (mut after, mut events, mut pages) = (0, 0, 0);
    loop {
        let page = request("GET", &format!("{run}/events?limit=200&after={after}"));
        let page = api
            .ask(with_body(page.header("accept", "application/json"), ""))
            .await;
        assert!(page.text.len() <= 8 * MIB + 1000, "{}", page.text.len());
        let page = page.json();
        let items = page["items"].as_array().unwrap();
        assert_eq!(items[0]["seq"], after + 1);
        events += items.len();
        pages += 1;
        match page["next_cursor"].as_str() {
            Some(next) => after = next.parse().unwrap(),
            None => break,
        }
    }
    assert!(pages >= 2, "{pages}");
    assert_eq!(events, 3 + 2 * 12);
}

#[tokio::test(start_paused = true)]
async fn lists_have_records_of_a_bounded_size() {
    let api = Api::new();
    let name = "n".repeat(200);
    let spec = json!({"name": name, "description": "d".repeat(2_000), "nodes": [
        {"id": "a", "type": "TransformNode", "data": {"value": "{{ input }}"}},
    ]});
    let workflow = api.create(spec).await;
    for _ in 0..200 {
        let body = json!({"input": "\u{1}".repeat(10_000), "metadata": "m".repeat(10_000)});
        let started = api.post(&format!("{workflow}/runs"), body).await;
        assert_eq!(started.status, 202);
    }
    idle().await;
    let runs = api.get("/api/runs?limit=200").await;
    assert_eq!(runs.json()["items"].as_array().unwrap().len(), 200);
    assert!(runs.text.len() < MIB, "{}", runs.text.len());
    let workflows = api.get("/api/workflows?limit=200").await;
    assert!(workflows.text.len() < 1000, "{}", workflows.text.len());
}
