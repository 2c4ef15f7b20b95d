//! Redirects: every hop is checked, and another origin receives no credentials.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod common;

use common::{answering, error, local, only_request, output, redirect, text};
use serde_json::{Value, json};
use wiremock::{Mock, MockServer, matchers::path};
use workflow_fetch::HttpClientBuilder;

const SECRET: &str = "Bearer s3cret-token";

fn with_secret(client: HttpClientBuilder) -> HttpClientBuilder {
    client.with_secrets(|_: &str, _: &str| Some(SECRET.to_owned()))
}

/// A call with a secret and other credentials.
fn post(url: &str) -> Value {
    json!({
        "method": "POST", "url": url, "body": "hi",
        "headers": {
            "x-key": {"$secret": "KEY"}, "authorization": "Bearer own", "cookie": "a=b",
            "x-other": "o",
        },
    })
}

/// A server that redirects `/`.
async fn redirecting(status: u16, to: &str) -> MockServer {
    let server = MockServer::start().await;
    let from = Mock::given(path("/")).respond_with(redirect(status, to));
    from.mount(&server).await;
    let to = Mock::given(path("/two")).respond_with(text(200, "two"));
    to.mount(&server).await;
    server
}

#[tokio::test]
async fn within_an_origin_headers_and_body_are_sent_again() {
    let server = redirecting(307, "/two?q=1").await;
    let client = with_secret(local(&server.uri()));
    assert_eq!(output(client, &post(&server.uri())).await["body"], "two");
    let sent = server.received_requests().await.unwrap().pop().unwrap();
    assert_eq!((sent.method.as_str(), &*sent.body), ("POST", &b"hi"[..]));
    assert_eq!(sent.url.query(), Some("q=1"));
    assert_eq!(sent.headers["x-key"], SECRET);
    assert_eq!(sent.headers["authorization"], "Bearer own");
    assert!(!sent.headers.contains_key("referer"));
}

#[tokio::test]
async fn another_origin_receives_no_credentials() {
    let other = answering(text(200, "other")).await;
    let server = redirecting(307, &other.uri()).await;
    let client = with_secret(
        local(&server.uri())
            .with_origin(other.uri())
            .with_private_addresses(other.uri(), "127.0.0.1"),
    );
    assert_eq!(output(client, &post(&server.uri())).await["body"], "other");
    let sent = only_request(&other).await;
    assert_eq!((sent.method.as_str(), &*sent.body), ("POST", &b"hi"[..]));
    assert_eq!(sent.headers["x-other"], "o");
    for name in ["x-key", "authorization", "cookie", "referer"] {
        assert!(!sent.headers.contains_key(name), "{name}");
    }
    let text = format!("{:?}", sent.headers);
    assert!(!text.contains("s3cret"), "{text}");
}

#[tokio::test]
async fn a_redirect_back_to_the_origin_does_not_restore_the_secret() {
    let server = MockServer::start().await;
    let other = answering(redirect(307, &format!("{}/two", server.uri()))).await;
    let from = Mock::given(path("/")).respond_with(redirect(307, &other.uri()));
    from.mount(&server).await;
    let two = Mock::given(path("/two")).respond_with(text(200, "two"));
    two.mount(&server).await;
    let client = with_secret(
        local(&server.uri())
            .with_origin(other.uri())
            .with_private_addresses(other.uri(), "127.0.0.1"),
    );
    assert_eq!(output(client, &post(&server.uri())).await["body"], "two");
    let sent = server.received_requests().await.unwrap().pop().unwrap();
    assert!(!sent.headers.contains_key("x-key"));
}

#[tokio::test]
async fn a_post_becomes_a_get() {
    for status in [301, 302, 303] {
        let server = redirecting(status, "two").await;
        let client = with_secret(local(&server.uri()));
        assert_eq!(output(client, &post(&server.uri())).await["body"], "two");
        let sent = server.received_requests().await.unwrap().pop().unwrap();
        assert_eq!(
            (sent.method.as_str(), sent.body.len()),
            ("GET", 0),
            "{status}"
        );
        for name in ["content-type", "content-length", "idempotency-key"] {
            assert!(!sent.headers.contains_key(name), "{status} {name}");
        }
    }
}

#[tokio::test]
async fn an_origin_that_is_not_allowed_is_not_redirected_to() {
    let other = answering(text(200, "other")).await;
    let targets = [
        (other.uri(), "origin_not_allowed"),
        ("//evil.example.com/".to_owned(), "origin_not_allowed"),
        ("https://127.0.0.1/".to_owned(), "origin_not_allowed"),
        ("file:///etc/passwd".to_owned(), "invalid_url"),
        ("gopher://127.0.0.1:70/".to_owned(), "invalid_url"),
        (other.uri().replace("//", "//user:pass@"), "invalid_url"),
        ("http://[".to_owned(), "invalid_url"),
    ];
    for (target, code) in targets {
        let server = redirecting(302, &target).await;
        let error = error(with_secret(local(&server.uri())), &post(&server.uri())).await;
        assert_eq!(error["code"], code, "{target}: {error:#}");
        let detail = error["detail"].as_str().unwrap();
        assert!(detail.starts_with("the answer redirects, but"), "{detail}");
        assert!(!detail.contains("pass@"), "{detail}");
    }
    assert!(other.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn five_redirects_are_followed_and_no_more() {
    let server = MockServer::start().await;
    for hop in 0..6 {
        let next = redirect(302, &format!("/{}", hop + 1));
        let hop = Mock::given(path(format!("/{hop}"))).respond_with(next);
        hop.mount(&server).await;
    }
    let last = Mock::given(path("/6")).respond_with(text(200, "end"));
    last.mount(&server).await;
    let get = |from: u8| json!({"url": format!("{}/{from}", server.uri())});
    assert_eq!(output(local(&server.uri()), &get(1)).await["body"], "end");
    let error = error(local(&server.uri()), &get(0)).await;
    assert_eq!(error["code"], "too_many_redirects");
}

#[tokio::test]
async fn an_expected_redirect_is_the_output() {
    let server = redirecting(302, "/two").await;
    let data = json!({"url": server.uri(), "expect_status": "3xx"});
    let output = output(local(&server.uri()), &data).await;
    assert_eq!(
        (&output["status"], &output["headers"]["location"]),
        (&json!(302), &json!("/two"))
    );
    only_request(&server).await;
}

#[tokio::test]
async fn a_redirect_without_a_location_is_an_unexpected_status() {
    let server = answering(text(302, "where?")).await;
    let error = error(local(&server.uri()), &json!({"url": server.uri()})).await;
    assert_eq!(error["code"], "unexpected_status");
}
