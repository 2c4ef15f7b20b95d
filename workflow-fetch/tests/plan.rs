//! What an `HttpNode` plans: its key, its effects, and the request that people see.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod common;

use common::{answering, local, only_request, text};
use serde_json::{Value, json};
use workflow_core::{Plan, node::Effects, testing::TestAttempt};
use workflow_fetch::{HttpClient, HttpNode};

fn node(data: Value) -> HttpNode {
    let client = HttpClient::builder().build().unwrap();
    HttpNode::new(client, serde_json::from_value(data).unwrap())
}

fn plan(data: Value) -> Plan {
    let attempt = TestAttempt::new(json!("Ada")).with_request();
    attempt.plan(&node(data)).unwrap()
}

fn key(data: Value) -> String {
    plan(data).key().unwrap().to_string()
}

/// Keys are stored. If this fails, raise `REVISION` unless the new keys mean the same.
#[test]
fn keys_do_not_change() {
    for (data, expected) in [
        (
            json!({"url": "https://a.example.com/?q={{ input }}"}),
            "155e99b35efe48a3f8c46e2718bafc308d1ae25439327e51f29b76969c3d0dca",
        ),
        (
            json!({
                "method": "POST", "url": {"$secret": "HOOK"}, "query": {"q": "{{ input }}"}, "json": {"b": 1, "a": "{{ input }}"},
                "headers": {"x-key": {"$secret": "KEY"}, "x-name": "{{ input }}"}, "expect_status": [200, "3xx"], "effects": "reads",
            }),
            "1ad0e600b9296c461b1e706d5d495a56e5b50fc58bb288e2eed307f84fefb0e5",
        ),
    ] {
        assert_eq!(key(data), expected);
    }
}

#[test]
fn all_that_can_change_the_answer_is_in_the_key() {
    let base = || json!({"method": "POST", "url": "https://a.example.com/a", "headers": {"x-key": "KEY"}, "body": "{{ input }}"});
    let with = |name: &str, it: Value| {
        let mut data = base();
        data[name] = it;
        data
    };
    let same = key(base());
    for (name, it) in [
        ("method", json!("PUT")),
        ("url", json!("https://a.example.com/b")),
        ("url", json!({"$secret": "URL"})),
        ("query", json!({"a": "b"})),
        ("headers", json!({"x-key": "OTHER"})),
        ("headers", json!({"x-key": {"$secret": "KEY"}})),
        ("headers", json!({"x-key": "KEY", "x-other": ""})),
        ("body", json!("other")),
        ("expect_status", json!(201)),
    ] {
        assert_ne!(key(with(name, it.clone())), same, "{name} {it}");
    }
    assert_eq!(key(with("effects", json!("none"))), same);
    assert_eq!(key(with("body", json!("Ada"))), same);
    assert_eq!(
        key(with("url", json!("https://A.example.com:443/a#part"))),
        same
    );
    // JSON is sent as it is written.
    let json =
        |body: Value| key(json!({"method": "POST", "url": "https://a.example.com", "json": body}));
    assert_ne!(json(json!({"a": 1, "b": 2})), json(json!({"b": 2, "a": 1})));
}

#[test]
fn the_method_says_whether_a_call_acts_unless_the_workflow_does() {
    let effects = |method: &str, declared: Value| {
        let mut data = json!({"url": "https://a.example.com", "method": method});
        if !declared.is_null() {
            data["effects"] = declared;
        }
        plan(data).effects().unwrap()
    };
    for (method, declared, expected) in [
        ("GET", Value::Null, Effects::Reads),
        ("HEAD", Value::Null, Effects::Reads),
        ("POST", Value::Null, Effects::Acts),
        ("PUT", Value::Null, Effects::Acts),
        ("PATCH", Value::Null, Effects::Acts),
        ("DELETE", Value::Null, Effects::Acts),
        ("POST", json!("reads"), Effects::Reads),
        ("POST", json!("none"), Effects::None),
        ("GET", json!("acts"), Effects::Acts),
    ] {
        assert_eq!(effects(method, declared), expected, "{method}");
    }
}

#[test]
fn people_see_the_request_with_secrets_by_name() {
    let plan = plan(json!({
        "method": "POST", "url": {"$secret": "HOOK"}, "query": {"q": "{{ input }}"},
        "headers": {"authorization": {"$secret": "TOKEN"}, "x-name": "{{ input }}"}, "json": {"to": "{{ input }}"},
    }));
    let expected = json!({
        "method": "POST", "url": {"$secret": "HOOK"}, "query": [["q", "Ada"]],
        "headers": {"authorization": {"$secret": "TOKEN"}, "x-name": "Ada", "content-type": "application/json"},
        "body": {"to": "Ada"},
    });
    assert_eq!(plan.request(), Some(&expected));
    let large = self::plan(
        json!({"method": "PUT", "url": "https://a.example.com", "body": "x".repeat(70_000)}),
    );
    assert_eq!(
        large.request().unwrap()["body"],
        json!({"omitted": {"bytes": 70_000}})
    );
    let unread = TestAttempt::new(json!(1)).plan(&node(json!({"url": "https://a.example.com"})));
    assert_eq!(unread.unwrap().request(), None);
}

#[test]
fn what_cannot_be_sent_is_an_error_of_the_plan() {
    for (data, code) in [
        (json!({"url": "{{ input.missing }}"}), "template_error"),
        (json!({"url": "no url"}), "invalid_url"),
        (
            json!({"url": "https://a.example.com", "headers": {"x": "a\nb"}}),
            "invalid_header",
        ),
        (
            json!({"url": {"$secret": "HOOK"}, "query": {"a": "b".repeat(20_000)}}),
            "request_too_large",
        ),
    ] {
        let error = TestAttempt::new(json!({})).plan(&node(data)).unwrap_err();
        assert_eq!(error.code(), code);
    }
}

#[tokio::test]
async fn the_log_keeps_the_request_and_the_key_of_repetition_is_added_when_it_is_sent() {
    let server = answering(text(200, "")).await;
    let client =
        local(&server.uri()).with_secrets(|_: &str, _: &str| Some("s3cret-value".to_owned()));
    let data = json!({"method": "POST", "url": server.uri(), "headers": {"x-key": {"$secret": "KEY"}}, "body": "Hi"});
    let node = HttpNode::new(
        client.build().unwrap(),
        serde_json::from_value(data).unwrap(),
    );
    let (output, report) = TestAttempt::new(json!(1)).run(&node).await;
    assert_eq!(output.unwrap()["status"], 200);
    let request = report.request.unwrap();
    let headers = json!({"x-key": {"$secret": "KEY"}, "content-type": "text/plain; charset=utf-8"});
    assert_eq!(
        (&request["headers"], &request["body"]),
        (&headers, &json!("Hi"))
    );
    let sent = only_request(&server).await;
    assert!(sent.headers.contains_key("idempotency-key"));
}
