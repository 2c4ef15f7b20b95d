//! Answers of people over HTTP, and runs that wait for them.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use serde_json::{Value, json};
use support::{Api, Frames, request, serve};

/// A workflow that asks for approval, in the service's registry.
fn approval() -> Value {
    json!({"nodes": [
        {"id": "approve", "type": "HumanNode", "data": {"message": "Publish {{ input }}?", "expires": "24h",
            "schema": {"type": "object", "required": ["ok"], "properties": {"ok": {"type": "boolean"}}}}},
        {"id": "publish", "type": "TransformNode", "when": "approve.output.ok", "data": {"value": "done"}},
    ]})
}

/// A run that waits, its stream, and the path of its wait.
async fn waiting(api: &Api) -> (String, Frames, String) {
    let workflow = api.create(approval()).await;
    let run = api
        .post(&format!("{workflow}/runs"), json!({"input": "it"}))
        .await;
    let run = run.header("location").to_owned();
    let mut events = api.events(&run).await;
    events.until("run.suspended").await;
    let report = api.get(&run).await.json();
    assert_eq!(report["status"], "waiting");
    let wait = &report["waits"][0];
    assert_eq!(wait["message"], "Publish it?");
    assert_eq!(
        (&wait["path"], &wait["schema"]["type"]),
        (&json!("approve"), &json!("object"))
    );
    assert!(wait["expires_at"].is_string());
    let path = format!("{run}/waits/{}", wait["wait_id"].as_str().unwrap());
    (run, events, path)
}

#[tokio::test(start_paused = true)]
async fn an_answer_resumes_the_run_and_its_stream() {
    let api = Api::new();
    let (run, mut events, wait) = waiting(&api).await;
    let answered = api.post(&wait, json!({"ok": true})).await;
    assert_eq!(answered.status, 200);
    assert_eq!(answered.json()["links"]["self"], run);
    assert_eq!(events.event().await.unwrap().0, "run.resumed");
    let resumed = events.until("node.resumed").await;
    assert_eq!(resumed["payload"], json!({"ok": true}));
    assert_eq!(events.until("run.completed").await["output"], "done");
    assert!(events.event().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_repeated_answer_is_accepted_and_a_different_one_is_not() {
    let api = Api::new();
    let (_, _events, wait) = waiting(&api).await;
    assert_eq!(api.post(&wait, json!({"ok": true})).await.status, 200);
    assert_eq!(api.post(&wait, json!({"ok": true})).await.status, 200);
    let other = api.post(&wait, json!({"ok": false})).await;
    assert_eq!(other.refusal(), (409, "wait_answered".into()));
}

#[tokio::test(start_paused = true)]
async fn an_invalid_answer_is_refused_with_its_pointer() {
    let api = Api::new();
    let (run, _events, wait) = waiting(&api).await;
    let refused = api.post(&wait, json!({"ok": "yes"})).await;
    assert_eq!(refused.refusal(), (422, "invalid_answer".into()));
    assert_eq!(refused.problem()["errors"][0]["pointer"], "#/ok");
    assert_eq!(
        api.post(&wait, "{").await.refusal(),
        (400, "invalid_json".into())
    );
    assert_eq!(api.get(&run).await.json()["status"], "waiting");
}

#[tokio::test(start_paused = true)]
async fn a_late_answer_is_refused_with_a_reason() {
    let api = Api::new();
    let (_, mut events, wait) = waiting(&api).await;
    events.until("run.failed").await;
    let late = api.post(&wait, json!({"ok": true})).await;
    assert_eq!(late.refusal(), (410, "wait_expired".into()));

    let (run, _events, wait) = waiting(&api).await;
    assert_eq!(api.post(&format!("{run}/cancel"), "").await.status, 200);
    let late = api.post(&wait, json!({"ok": true})).await;
    assert_eq!(late.refusal(), (409, "wait_ended".into()));
}

#[tokio::test(start_paused = true)]
async fn an_unknown_wait_is_not_found() {
    let api = Api::new();
    let (run, _events, _) = waiting(&api).await;
    for wait in ["w1", "nope", "w99999999999999999999999"] {
        let answer = api.post(&format!("{run}/waits/{wait}"), "{}").await;
        assert_eq!(answer.refusal(), (404, "unknown_wait".into()), "{wait}");
    }
    let other = format!("/api/runs/{}/waits/w4", workflow_core::RunId::new());
    assert_eq!(
        api.post(&other, "{}").await.refusal(),
        (404, "unknown_run".into())
    );
    let get = api.get(&format!("{run}/waits/w4")).await;
    assert_eq!(get.refusal(), (405, "method_not_allowed".into()));
}

#[tokio::test]
async fn the_simple_stream_stays_open_while_a_run_waits() {
    let api = Api::new();
    let workflow = api.create(approval()).await;
    let (address, _serving) = serve(&api).await;
    let mut wire =
        support::Wire::post(address, &format!("{workflow}/run"), r#"{"input":"it"}"#).await;
    let head = wire.head().await;
    let run = head.iter().find_map(|line| line.strip_prefix("location: "));
    let run = run.unwrap().to_owned();
    api.events(&run).await.until("run.suspended").await;
    let wait = api.get(&run).await.json()["waits"][0]["wait_id"].clone();
    let path = format!("{run}/waits/{}", wait.as_str().unwrap());
    assert_eq!(api.post(&path, json!({"ok": true})).await.status, 200);
    let frames: Vec<Value> = (wire.frames().await.iter())
        .filter_map(|frame| frame.strip_prefix("data: "))
        .map(|data| serde_json::from_str(data).unwrap())
        .collect();
    let reported: Vec<_> = (frames.iter())
        .map(|frame| (frame["nodeId"].as_str(), frame["status"].as_str().unwrap()))
        .collect();
    assert_eq!(
        reported,
        [
            (Some("approve"), "running"),
            (Some("approve"), "info"),
            (Some("approve"), "success"),
            (Some("publish"), "running"),
            (Some("publish"), "success"),
            (None, "completed"),
        ]
    );
    assert_eq!(frames[1]["message"], "Waiting for a person: Publish it?");
}

#[tokio::test(start_paused = true)]
async fn steps_in_maps_are_reported_by_path() {
    let api = Api::new();
    let workflow = api
        .create(
            json!({"nodes": [{"id": "each", "type": "MapNode", "data": {"over": "input", "nodes": [
            {"id": "x", "type": "TransformNode", "data": {"value": "{{ item }}"}}]}}]}),
        )
        .await;
    let run = api
        .post(&format!("{workflow}/runs"), json!({"input": [1, 2]}))
        .await;
    let run = run.header("location").to_owned();
    let progress = api.events(&run).await.until("node.progress").await;
    assert_eq!(
        (&progress["items_done"], &progress["items"]),
        (&json!(0), &json!(2))
    );
    api.events(&run).await.until("run.completed").await;
    let report = api.get(&run).await.json();
    let reported: Vec<_> = (report["steps"].as_array().unwrap().iter())
        .map(|step| {
            (
                step["path"].as_str().unwrap(),
                step["type"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        reported,
        [
            ("each", "MapNode"),
            ("each/0/x", "TransformNode"),
            ("each/1/x", "TransformNode")
        ]
    );
    let frames = api
        .stream(support::with_body(
            request("POST", &format!("{workflow}/run")).header("content-type", "application/json"),
            r#"{"input":[1]}"#,
        ))
        .await
        .rest()
        .await
        .concat();
    assert!(frames.contains(r#""nodeId":"each/0/x""#), "{frames}");
}

#[tokio::test]
async fn creation_and_validation_return_warnings() {
    let api = Api::new();
    let spec = json!({"timeout": "1h", "nodes": [{"id": "ask", "type": "HumanNode", "data": {"message": "?", "expires": "2h"}}]});
    let created = api.post("/api/workflows", &spec).await;
    assert_eq!(created.status, 201);
    assert_eq!(created.json()["warnings"][0]["code"], "outlasts_timeout");
    let checked = api.post("/api/workflows/validate", &spec).await.json();
    assert_eq!(
        (&checked["valid"], &checked["warnings"]),
        (&json!(true), &created.json()["warnings"])
    );
}

#[tokio::test]
async fn the_schema_of_specifications_is_served() {
    let api = Api::new();
    let answer = api.get("/api/schema/workflow.json").await;
    assert_eq!(answer.header("content-type"), "application/schema+json");
    let schema = answer.json();
    let types = schema["$defs"]["NodeTypeName"]["enum"]
        .as_array()
        .unwrap()
        .clone();
    assert!(types.contains(&json!("MapNode")), "{types:?}");
}
