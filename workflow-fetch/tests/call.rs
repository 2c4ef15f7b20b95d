//! The request of a node and its output.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod common;

use std::sync::Arc;

use common::{answering, end, error, events, local, only_request, output, registry, run, text};
use serde_json::{Value, json};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};
use workflow_core::{EventKind, Executor, Workflow};

#[tokio::test]
async fn url_query_and_headers_are_rendered() {
    let server = answering(text(200, "hi")).await;
    let data = json!({
        "url": format!("{}/{{{{ input.path }}}}?a=1#part", server.uri()),
        "query": {"q": "{{ input.q }}", "empty": "", "a": "2"},
        "headers": {"Accept": "text/{{ input.kind }}", "x-ray": "1"},
    });
    let input = json!({"path": "items", "q": "a b&c=ä", "kind": "plain"});
    end(run(local(&server.uri()), &data, input)).await;
    let sent = only_request(&server).await;
    assert_eq!(sent.method.as_str(), "GET");
    assert_eq!(sent.url.path(), "/items");
    let query = "a=1&q=a+b%26c%3D%C3%A4&empty=&a=2";
    assert_eq!(sent.url.query(), Some(query));
    assert_eq!(sent.headers["accept"], "text/plain");
    assert_eq!(sent.headers["x-ray"], "1");
    let agent = sent.headers["user-agent"].to_str().unwrap();
    assert!(agent.starts_with("workflow-fetch/"), "{agent}");
    assert!(sent.body.is_empty());
    assert!(!sent.headers.contains_key("idempotency-key"));
}

#[tokio::test]
async fn a_json_body_keeps_its_types() {
    let server = answering(text(201, "")).await;
    let data = json!({
        "method": "POST", "url": server.uri(),
        "json": {"b": "{{ input.n }}", "a": ["{{ input.s }}!", null, 1.5]},
    });
    let input = json!({"n": 7, "s": "x"});
    end(run(local(&server.uri()), &data, input)).await;
    let sent = only_request(&server).await;
    assert_eq!(sent.headers["content-type"], "application/json");
    let body = String::from_utf8(sent.body).unwrap();
    assert_eq!(body, r#"{"b":7,"a":["x!",null,1.5]}"#);
}

#[tokio::test]
async fn a_text_body_is_plain_text_unless_the_workflow_sets_a_type() {
    let server = answering(text(200, "")).await;
    for (headers, expected) in [
        (json!({}), "text/plain; charset=utf-8"),
        (json!({"content-type": "text/csv"}), "text/csv"),
    ] {
        let data = json!({"method": "PUT", "url": server.uri(), "body": "ä", "headers": headers});
        output(local(&server.uri()), &data).await;
        let sent = server.received_requests().await.unwrap().pop().unwrap();
        assert_eq!(sent.headers["content-type"], expected);
        assert_eq!((sent.method.as_str(), &*sent.body), ("PUT", "ä".as_bytes()));
    }
}

#[tokio::test]
async fn every_method_is_sent_and_a_change_has_an_idempotency_key() {
    let server = answering(text(200, "")).await;
    for (method, has_key) in [
        ("GET", false),
        ("HEAD", false),
        ("POST", true),
        ("PUT", false),
        ("PATCH", true),
        ("DELETE", false),
    ] {
        let data = json!({"method": method, "url": server.uri()});
        let done = events(run(local(&server.uri()), &data, Value::Null)).await;
        let sent = server.received_requests().await.unwrap().pop().unwrap();
        assert_eq!(sent.method.as_str(), method);
        let key = sent.headers.get("idempotency-key");
        let key = key.map(|key| key.to_str().unwrap().to_owned());
        let expected = format!("{}/call", done[0].run_id);
        assert_eq!(key, has_key.then_some(expected), "{method}");
    }
}

#[tokio::test]
async fn every_attempt_has_the_same_idempotency_key_and_a_workflow_can_set_it() {
    let server = MockServer::start().await;
    let busy = Mock::given(any()).respond_with(text(503, "busy"));
    busy.up_to_n_times(1).mount(&server).await;
    Mock::given(any())
        .respond_with(text(200, ""))
        .mount(&server)
        .await;
    let nodes = json!({"nodes": [{"id": "call", "type": "HttpNode",
        "retry": {"max_attempts": 2, "delay": "1ms"},
        "data": {"method": "POST", "url": server.uri()}}]});
    let workflow = Workflow::from_spec(&nodes, &registry(local(&server.uri()))).unwrap();
    events(Executor::new().run(Arc::new(workflow), Value::Null)).await;
    let sent = server.received_requests().await.unwrap();
    assert_eq!(sent.len(), 2);
    assert_eq!(
        sent[0].headers["idempotency-key"],
        sent[1].headers["idempotency-key"]
    );

    let data =
        json!({"method": "POST", "url": server.uri(), "headers": {"Idempotency-Key": "own"}});
    output(local(&server.uri()), &data).await;
    let sent = server.received_requests().await.unwrap().pop().unwrap();
    assert_eq!(sent.headers["idempotency-key"], "own");
}

#[tokio::test]
async fn the_output_has_status_headers_and_body() {
    let answer = ResponseTemplate::new(200)
        .set_body_raw(r#"{"b":[1],"a":null}"#, "application/json; charset=utf-8")
        .insert_header("X-Total", "7")
        .insert_header("Set-Cookie", "session=s3cret");
    let server = answering(answer).await;
    let output = output(local(&server.uri()), &json!({"url": server.uri()})).await;
    assert_eq!(output["status"], 200);
    assert_eq!(output["body"].to_string(), r#"{"b":[1],"a":null}"#);
    assert_eq!(output["headers"]["x-total"], "7");
    assert_eq!(
        output["headers"]["content-type"],
        "application/json; charset=utf-8"
    );
    assert!(!output.to_string().contains("s3cret"), "{output:#}");
}

#[tokio::test]
async fn a_body_is_text_json_or_nothing() {
    for (kind, body, expected) in [
        ("text/html", "<p>ä</p>", json!("<p>ä</p>")),
        ("application/problem+json", "{}", json!({})),
        ("application/json", "", Value::Null),
        ("text/plain", "", Value::Null),
    ] {
        let server = answering(ResponseTemplate::new(200).set_body_raw(body, kind)).await;
        let output = output(local(&server.uri()), &json!({"url": server.uri()})).await;
        assert_eq!(output["body"], expected, "{kind}");
    }
}

#[tokio::test]
async fn a_compressed_response_without_a_body_is_a_success() {
    for (method, status) in [("HEAD", 200), ("GET", 204), ("GET", 304)] {
        let packed = ResponseTemplate::new(status).insert_header("content-encoding", "gzip");
        let server = answering(packed).await;
        let data = json!({"method": method, "url": server.uri(), "expect_status": status});
        let output = output(local(&server.uri()), &data).await;
        assert_eq!(output["body"], Value::Null, "{method} {status}");
    }
}

#[tokio::test]
async fn the_workflow_chooses_the_expected_statuses() {
    for (expected, status, is_fine) in [
        (json!([200, 404]), 404, true),
        (json!([200, 404]), 204, false),
        (json!("4xx"), 410, true),
        (json!(["2xx", 409]), 409, true),
        (json!(304), 304, true),
    ] {
        let server = answering(text(status, "")).await;
        let data = json!({"url": server.uri(), "expect_status": expected});
        let end = end(run(local(&server.uri()), &data, Value::Null)).await;
        let is = end["type"] == "run.completed";
        assert_eq!(is, is_fine, "{expected} {status}: {end:#}");
        if is_fine {
            assert_eq!(end["output"]["status"], status);
        }
    }
}

#[tokio::test]
async fn a_failed_call_can_be_handled_by_the_workflow() {
    let server = answering(text(422, "no title")).await;
    let nodes = json!({"nodes": [
        {"id": "publish", "type": "HttpNode", "on_error": "continue", "data": {
            "method": "POST", "url": server.uri(), "json": {"title": "{{ input }}"}}},
        {"id": "report", "type": "TransformNode", "when": "publish.status == 'failed'",
         "data": {"value": {"alert": "{{ publish.error.detail }}"}}},
    ]});
    let workflow = Workflow::from_spec(&nodes, &registry(local(&server.uri()))).unwrap();
    let end = end(Executor::new().run(Arc::new(workflow), "x".into())).await;
    let alert = end["output"]["alert"].as_str().unwrap();
    assert!(
        alert.ends_with("answered 422 Unprocessable Entity, not 2xx: no title"),
        "{alert}"
    );
}

#[tokio::test]
async fn without_retry_there_is_one_attempt() {
    let server = answering(text(503, "")).await;
    let events = events(run(local(&server.uri()), &json!({"url": server.uri()}), "")).await;
    let retried = |kind: &EventKind| matches!(kind, EventKind::NodeRetrying(_));
    assert!(!events.iter().any(|event| retried(&event.kind)));
    only_request(&server).await;
}

#[test]
fn the_type_has_its_display_hints_and_policy() {
    let registry = registry(local("http://127.0.0.1"));
    assert_eq!(
        registry.get("HttpNode").unwrap().activity(),
        "Calling a web service"
    );
}

#[tokio::test]
async fn without_an_allowed_origin_nothing_is_called() {
    let server = answering(text(200, "")).await;
    let client = workflow_fetch::HttpClient::builder();
    let error = error(client, &json!({"url": server.uri()})).await;
    assert_eq!(error["code"], "origin_not_allowed");
    assert!(error["detail"].as_str().unwrap().contains(&server.uri()));
    assert!(error["hint"].as_str().unwrap().contains("with_origin"));
    assert!(server.received_requests().await.unwrap().is_empty());
}
