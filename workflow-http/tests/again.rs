//! Retries, idempotency keys, versions, and deletion.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use axum::{
    body::Body,
    http::{StatusCode, header::CONTENT_TYPE},
};
use serde_json::{Value, json};
use support::{Answer, Api, request, two_steps};

async fn keyed(api: &Api, path: &str, key: &str, body: Value) -> Answer {
    let request = request("POST", path)
        .header(CONTENT_TYPE, "application/json")
        .header("idempotency-key", key);
    api.ask(request.body(Body::from(body.to_string())).unwrap())
        .await
}

async fn put(api: &Api, path: &str, if_match: Option<&str>, spec: &Value) -> Answer {
    let mut request = request("PUT", path).header(CONTENT_TYPE, "application/json");
    if let Some(tag) = if_match {
        request = request.header("if-match", tag);
    }
    api.ask(request.body(Body::from(spec.to_string())).unwrap())
        .await
}

/// The path of an ended run of the two steps.
async fn ended(api: &Api) -> String {
    let run = api.start().await;
    api.script.finish("It is.");
    api.events(&run).await.until("run.completed").await;
    run
}

#[tokio::test]
async fn a_run_is_retried_from_a_step() {
    let api = Api::new();
    let run = ended(&api).await;
    let again = api
        .post(&format!("{run}/retry"), json!({"from": "llm_step"}))
        .await;
    assert_eq!(again.status, StatusCode::CREATED, "{}", again.text);
    let path = again.header("location").to_owned();
    assert_eq!(
        format!("/api/runs/{}", again.json()["retry_of"].as_str().unwrap()),
        run
    );
    api.script.finish("It is again.");
    let mut events = api.events(&path).await;
    let created = events.until("run.created").await;
    assert_eq!(created["retry_of"], again.json()["retry_of"]);
    assert_eq!(created.get("reused"), None, "a reused output is shown once");
    let reused = events.until("node.completed").await;
    assert_eq!(
        (&reused["node"], &reused["reused"]),
        (&json!("prompt_step"), &json!(true))
    );
    let done = events.until("run.completed").await;
    assert_eq!(done["output"], "It is again.");
}

#[tokio::test]
async fn a_retry_without_a_body_repeats_the_whole_run() {
    let api = Api::new();
    let run = ended(&api).await;
    let request = request("POST", &format!("{run}/retry"));
    let again = api.ask(request.body(Body::empty()).unwrap()).await;
    assert_eq!(again.status, StatusCode::CREATED, "{}", again.text);
    assert_eq!(again.json()["input_excerpt"], "Rust");
}

#[tokio::test]
async fn an_invalid_retry_reports_its_faults() {
    let api = Api::new();
    let running = api.start().await;
    let refused = api.post(&format!("{running}/retry"), "{}").await;
    assert_eq!(refused.refusal(), (409, "run_not_ended".into()));
    assert_eq!(
        api.delete(&running).await.refusal(),
        (409, "run_not_ended".into())
    );
    api.script.finish("It is.");
    api.events(&running).await.until("run.completed").await;

    let retry = |body: Value| {
        let path = format!("{running}/retry");
        let api = &api;
        async move { api.post(&path, body).await.problem() }
    };
    let both = retry(json!({"from": "llm_step", "input": 1})).await;
    assert_eq!(both["errors"][0]["hint"], "leave out `from` or `input`");
    let unknown = retry(json!({"from": "lm_step"})).await;
    assert_eq!(unknown["status"], 422);
    assert_eq!(unknown["errors"][0]["pointer"], "#/from");
    assert_eq!(unknown["errors"][0]["hint"], "did you mean `llm_step`?");
    let faulty = retry(json!({"from": 7, "version": -1, "why": 1})).await;
    let pointers = faulty["errors"].as_array().unwrap();
    let pointers: Vec<_> = pointers.iter().map(|error| &error["pointer"]).collect();
    assert_eq!(pointers, ["#/from", "#/version", "#/why"]);
}

#[tokio::test]
async fn one_idempotency_key_gives_one_run_also_in_the_simple_stream() {
    let api = Api::new();
    let workflow = api.create(two_steps()).await;
    let runs = format!("{workflow}/runs");
    let first = keyed(&api, &runs, "order-66", json!({"input": 1})).await;
    assert_eq!(first.status, StatusCode::ACCEPTED);
    let same = keyed(&api, &runs, "order-66", json!({"input": 1})).await;
    assert_eq!(same.header("location"), first.header("location"));
    api.script.finish("It is.");
    let run = first.header("location");
    api.events(run).await.until("run.completed").await;

    let streamed = keyed(
        &api,
        &format!("{workflow}/run"),
        "order-66",
        json!({"input": 1}),
    )
    .await;
    assert_eq!(streamed.header("location"), run);
    assert!(
        streamed.text.starts_with("data: "),
        "its stream from the start"
    );
    assert!(streamed.text.contains("workflowStatus"));

    let other = keyed(&api, &runs, "order-66", json!({"input": 2})).await;
    assert_eq!(other.refusal(), (422, "idempotency_key_reused".into()));
    for key in ["", "two words", "ü", &"x".repeat(256)] {
        let refused = keyed(&api, &runs, key, json!({"input": 1})).await;
        assert_eq!(
            refused.refusal(),
            (400, "invalid_idempotency_key".into()),
            "{key:?}"
        );
    }
}

#[tokio::test]
async fn a_workflow_has_versions() {
    let api = Api::new();
    let created = api.post("/api/workflows", two_steps()).await;
    assert_eq!(created.header("etag"), "\"1\"");
    let path = created.header("location").to_owned();
    let mut spec = two_steps();
    spec["name"] = json!("Explain more");
    let saved = put(&api, &path, Some("\"1\""), &spec).await;
    assert_eq!(
        (saved.status, saved.header("etag")),
        (StatusCode::OK, "\"2\"")
    );
    assert_eq!(saved.json()["version"], 2);

    let stale = put(&api, &path, Some("\"1\""), &spec).await;
    assert_eq!(stale.refusal(), (412, "other_version".into()));
    assert!(
        stale.problem()["detail"]
            .as_str()
            .unwrap()
            .contains("is 2, not 1")
    );
    assert_eq!(
        put(&api, &path, Some("\"x\""), &spec).await.refusal().0,
        412
    );
    for tag in ["\"1\", \"2\"", "2", "x", "", "\"2"] {
        let odd = put(&api, &path, Some(tag), &spec).await;
        assert_eq!(odd.refusal(), (400, "invalid_if_match".into()), "{tag}");
    }
    let old = request("DELETE", &path).header("if-match", "\"1\"");
    let old = api.ask(old.body(Body::empty()).unwrap()).await;
    assert_eq!(old.refusal(), (412, "other_version".into()));
    for tag in [None, Some("*")] {
        assert_eq!(put(&api, &path, tag, &spec).await.status, StatusCode::OK);
    }
    let faulty = put(&api, &path, None, &json!({"nodes": []})).await;
    assert_eq!(faulty.refusal(), (422, "invalid_workflow".into()));

    assert_eq!(api.get(&path).await.header("etag"), "\"4\"");
    assert_eq!(
        api.get(&format!("{path}?version=1")).await.json()["name"],
        "Explain"
    );
    let known = request("GET", &path).header("if-none-match", "\"4\"");
    let known = api.ask(known.body(Body::empty()).unwrap()).await;
    assert_eq!(
        (known.status, known.text.as_str()),
        (StatusCode::NOT_MODIFIED, "")
    );

    let list = api.get(&format!("{path}/versions?limit=3")).await.json();
    let versions: Vec<_> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["version"])
        .collect();
    assert_eq!(versions, [4, 3, 2]);
    let cursor = list["next_cursor"].as_str().unwrap();
    let rest = api
        .get(&format!("{path}/versions?cursor={cursor}"))
        .await
        .json();
    assert_eq!(
        (&rest["items"][0]["version"], &rest["next_cursor"]),
        (&json!(1), &Value::Null)
    );
    assert_eq!(rest["items"][0].get("spec"), None);

    api.delete(&path).await;
    for gone in [
        api.get(&format!("{path}/versions")).await,
        put(&api, &path, None, &spec).await,
    ] {
        assert_eq!(gone.refusal(), (404, "unknown_workflow".into()));
    }
}

#[tokio::test]
async fn runs_are_found_counted_and_deleted() {
    let api = Api::new();
    let run = ended(&api).await;
    let list = api.get("/api/runs?q=rUs").await.json();
    assert_eq!(list["items"][0]["input_excerpt"], "Rust");
    assert_eq!(list["counts"]["completed"], 1);
    let spans = list["items"][0]["spans"].as_array().unwrap();
    assert_eq!(
        (&spans[0]["state"], &spans[1]["state"]),
        (&json!("queued"), &json!("running"))
    );
    let none = api.get("/api/runs?q=python").await.json();
    assert_eq!(
        (&none["items"], &none["counts"]["completed"]),
        (&json!([]), &json!(0))
    );

    let deleted = api.delete(&run).await;
    assert_eq!(
        (deleted.status, deleted.text.as_str()),
        (StatusCode::NO_CONTENT, "")
    );
    for gone in [
        api.get(&run).await,
        api.delete(&run).await,
        api.get(&format!("{run}/events")).await,
    ] {
        assert_eq!(gone.refusal(), (404, "unknown_run".into()));
    }
}

#[tokio::test]
async fn readiness_follows_the_engine() {
    let ready = Api::new().get("/readyz").await;
    assert_eq!(
        (ready.status, ready.json()),
        (StatusCode::OK, json!({"status": "ready"}))
    );
}

#[tokio::test]
async fn a_version_may_be_any_json_number_with_an_integer_value() {
    let api = Api::new();
    let runs = format!("{}/runs", api.create(two_steps()).await);
    for one in ["1", "1.0", "1e0", "10e-1"] {
        let started = api
            .post(&runs, format!(r#"{{"input":1,"version":{one}}}"#))
            .await;
        assert_eq!(started.status, 202, "{one}");
    }
    for none in ["1.5", "-1.0", "1e300", "\"1\"", "4294967297.0"] {
        let refused = api
            .post(&runs, format!(r#"{{"input":1,"version":{none}}}"#))
            .await;
        assert_eq!(refused.refusal(), (422, "invalid_body".into()), "{none}");
    }
}
