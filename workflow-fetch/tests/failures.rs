//! The code of every failure, and whether it is retryable.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod common;

use std::{io, io::Write, net::IpAddr, sync::Arc};

use async_trait::async_trait;
use common::{answering, error, events, local, output, registry, resolving, run, saying, text};
use flate2::{Compression, write::GzEncoder};
use futures::StreamExt;
use serde_json::{Value, json};
use wiremock::ResponseTemplate;
use workflow_core::{EventKind, Executor, Update, Workflow, event::NodeRetrying};
use workflow_fetch::{HttpClient, HttpClientBuilder, Resolver};
use workflow_httpkit::testing::Then;

const MIB: usize = 1024 * 1024;

fn get(url: &str) -> Value {
    json!({ "url": url })
}

/// The `node.retrying` event after the first attempt, if the engine retries.
async fn retrying(client: HttpClientBuilder, url: &str) -> Option<NodeRetrying> {
    let nodes = json!({"nodes": [{"id": "call", "type": "HttpNode", "data": get(url),
        "retry": {"max_attempts": 2, "delay": "1ms", "jitter": false}}]});
    let workflow = Workflow::from_spec(&nodes, &registry(client)).unwrap();
    let mut run = Executor::new().run(Arc::new(workflow), Value::Null);
    while let Some(update) = run.next().await {
        if let Update::Event(event) = update
            && let EventKind::NodeRetrying(retrying) = event.kind
        {
            return Some(*retrying);
        }
    }
    None
}

#[tokio::test]
async fn the_status_decides_whether_a_call_is_retryable() {
    for (status, again) in [
        (400, false),
        (401, false),
        (403, false),
        (404, false),
        (408, true),
        (409, false),
        (422, false),
        (429, true),
        (500, true),
        (501, false),
        (502, true),
        (503, true),
        (504, true),
    ] {
        let server = answering(text(status, "why")).await;
        let error = error(local(&server.uri()), &get(&server.uri())).await;
        assert_eq!(error["code"], "unexpected_status");
        let detail = error["detail"].as_str().unwrap();
        assert!(
            detail.contains(&status.to_string()) && detail.ends_with(": why"),
            "{detail}"
        );
        let retrying = retrying(local(&server.uri()), &server.uri()).await;
        assert_eq!(retrying.is_some(), again, "{status}");
    }
}

#[tokio::test]
async fn a_requested_wait_is_respected() {
    let busy = text(503, "").insert_header("retry-after", "7");
    let server = answering(busy).await;
    let retrying = retrying(local(&server.uri()), &server.uri()).await.unwrap();
    assert_eq!(retrying.next_in_ms, 7_000);
    let error = error(local(&server.uri()), &get(&server.uri())).await;
    assert_eq!(error["retry_after_ms"], 7_000);
}

#[tokio::test]
async fn the_body_of_a_refusal_is_shortened() {
    let server = answering(text(400, "ab\n".repeat(MIB))).await;
    let error = error(local(&server.uri()), &get(&server.uri())).await;
    let detail = error["detail"].as_str().unwrap();
    assert!(detail.contains("not 2xx: ab ab"), "{detail}");
    assert!(detail.len() < 700, "{}", detail.len());
    assert!(error["hint"].as_str().unwrap().contains("expect_status"));
}

#[tokio::test]
async fn an_invalid_url_is_not_shown() {
    for url in [
        "",
        "/relative?s3cret",
        "example.com/s3cret",
        "http://",
        "https://?s3cret",
        "ftp://example.com/s3cret",
        "file:///s3cret",
        "data:text/plain,s3cret",
        "https://user:s3cret@example.com/",
        "https://s3cret@example.com/",
        "http://[s3cret]/",
        "https://example.com:99999/s3cret",
    ] {
        let error = error(local("https://example.com"), &get(url)).await;
        assert_eq!(error["code"], "invalid_url", "{url}: {error:#}");
        assert!(!error.to_string().contains("s3cret"), "{url}: {error:#}");
    }
}

#[tokio::test]
async fn an_origin_is_scheme_host_and_port() {
    for url in [
        "http://cms.example.com/",
        "https://cms.example.com:8443/",
        "https://cms.example.com.evil.example/",
        "https://evil.example/https://cms.example.com",
        "https://cms.example.com.",
        "https://cms.example.com\\.evil.example",
        "https://evil.example#cms.example.com",
        "https://evil.example\\@cms.example.com",
    ] {
        // Refused before name resolution.
        let client = HttpClient::builder()
            .with_origin("https://cms.example.com")
            .with_resolver(resolving(&[]));
        let error = error(client, &get(url)).await;
        let code = error["code"].as_str().unwrap();
        // The allowed origin, where no server listens.
        let expected = if url == "https://cms.example.com\\.evil.example" {
            "connection_failed"
        } else {
            "origin_not_allowed"
        };
        assert_eq!(code, expected, "{url}: {error:#}");
    }
}

#[tokio::test]
async fn the_rendered_value_of_a_header_is_checked() {
    let server = answering(text(200, "")).await;
    let data = json!({"url": server.uri(), "headers": {"x-name": "{{ input }}"}});
    let mut end = common::end(run(local(&server.uri()), &data, "a\r\nx-evil: s3cret")).await;
    let error = end["error"].take();
    assert_eq!(error["code"], "invalid_header");
    assert!(!error.to_string().contains("s3cret"), "{error:#}");
    assert!(error["detail"].as_str().unwrap().contains("`x-name`"));
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn the_size_of_a_request_is_limited() {
    let server = answering(text(200, "")).await;
    let most = "x".repeat(255 * 1024);
    let parts = json!({"a": most, "b": most, "c": most, "d": most, "e": most});
    for data in [
        json!({"url": format!("{}/{{{{ input }}}}", server.uri())}),
        json!({"url": server.uri(), "query": {"q": "{{ input }}"}}),
        json!({"url": server.uri(), "headers": {"x-a": "{{ input }}"}}),
        json!({"method": "POST", "url": server.uri(), "json": parts}),
    ] {
        let mut end = common::end(run(local(&server.uri()), &data, "x".repeat(100 * 1024))).await;
        let error = end["error"].take();
        assert_eq!(error["code"], "request_too_large", "{error:#}");
    }
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn the_size_of_a_response_is_limited() {
    let fits = answering(text(200, "x".repeat(MIB - 1_000))).await;
    output(local(&fits.uri()), &get(&fits.uri())).await;
    let server = answering(text(200, "x".repeat(MIB + 1))).await;
    let error = error(local(&server.uri()), &get(&server.uri())).await;
    assert_eq!(error["code"], "response_too_large");
    assert!(
        retrying(local(&server.uri()), &server.uri())
            .await
            .is_none()
    );
}

fn gzipped(bytes: &[u8]) -> ResponseTemplate {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    let packed = encoder.finish().unwrap();
    ResponseTemplate::new(200)
        .set_body_raw(packed, "text/plain")
        .insert_header("content-encoding", "gzip")
}

#[tokio::test]
async fn the_size_of_a_response_is_limited_after_decompression() {
    let server = answering(gzipped(b"hi")).await;
    assert_eq!(
        output(local(&server.uri()), &get(&server.uri())).await["body"],
        "hi"
    );
    let server = answering(gzipped(&vec![b' '; 64 * MIB])).await;
    let error = error(local(&server.uri()), &get(&server.uri())).await;
    assert_eq!(error["code"], "response_too_large");
}

#[tokio::test]
async fn a_response_that_is_not_utf8_or_not_json_is_an_error() {
    for (kind, body, code) in [
        ("image/png", &b"\x89PNG\r\n"[..], "body_not_text"),
        (
            "text/plain; charset=iso-8859-1",
            b"gr\xfcn",
            "body_not_text",
        ),
        ("application/json", b"<html>", "body_not_json"),
        ("application/json", b"{\"a\":", "body_not_json"),
    ] {
        let server = answering(ResponseTemplate::new(200).set_body_raw(body, kind)).await;
        let error = error(local(&server.uri()), &get(&server.uri())).await;
        assert_eq!(error["code"], code, "{kind}");
        assert!(
            retrying(local(&server.uri()), &server.uri())
                .await
                .is_none()
        );
    }
}

#[tokio::test]
async fn texts_of_the_server_are_shortened() {
    let long = "x".repeat(10_000);
    let host = format!("https://{}example.com", "x.".repeat(5_000));
    for (answer, code) in [
        (
            ResponseTemplate::new(200).set_body_raw(b"\xff", &long),
            "body_not_text",
        ),
        (common::redirect(302, &host), "origin_not_allowed"),
    ] {
        let server = answering(answer).await;
        let error = error(local(&server.uri()), &get(&server.uri())).await;
        assert_eq!(error["code"], code);
        assert!(error["detail"].as_str().unwrap().len() < 600, "{error:#}");
    }
}

#[tokio::test]
async fn a_connection_error_is_retryable_and_does_not_show_the_url() {
    let closed = local("http://127.0.0.1:1");
    let unknown = local("http://no-such-host.invalid").with_resolver(resolving(&[]));
    let nowhere = local("http://nowhere.example.com").with_resolver(resolving(&[&[]]));
    let silent = saying("", Then::Close).await;
    let cut = saying(
        "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhi",
        Then::Close,
    )
    .await;
    for (client, url, code, reason) in [
        (closed, "http://127.0.0.1:1", "connection_failed", "refused"),
        (
            unknown,
            "http://no-such-host.invalid",
            "connection_failed",
            "no such name",
        ),
        (
            nowhere,
            "http://nowhere.example.com",
            "connection_failed",
            "no address",
        ),
        (
            local(&silent.base_url),
            &silent.base_url,
            "connection_failed",
            "closed",
        ),
        (
            local(&cut.base_url),
            &cut.base_url,
            "response_interrupted",
            "end of file",
        ),
    ] {
        let url = format!("{url}/private?s3cret");
        let retrying = retrying(client, &url).await.unwrap();
        let detail = &retrying.error.detail;
        assert_eq!(retrying.error.code, code, "{detail}");
        assert!(detail.contains(reason), "{detail}");
        assert!(
            !detail.contains("private") && !detail.contains("s3cret"),
            "{detail}"
        );
    }
}

/// A resolver that never answers.
struct Endless;

#[async_trait]
impl Resolver for Endless {
    async fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn the_connect_timeout_applies() {
    let origin = "http://api.example.com";
    let client = HttpClient::builder()
        .with_origin(origin)
        .with_resolver(Endless);
    let retrying = retrying(client, origin).await.unwrap();
    let detail = &retrying.error.detail;
    assert_eq!(retrying.error.code, "timeout", "{detail}");
    assert!(
        detail.ends_with("did not take the connection within 10s"),
        "{detail}"
    );
}

#[tokio::test(start_paused = true)]
async fn the_timeout_of_a_call_applies() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhi";
    for bytes in ["", head] {
        let server = saying(bytes, Then::Stall).await;
        // Without a connect timeout: the time is virtual, but the socket is real.
        let client = local(&server.base_url).with_connect_timeout(std::time::Duration::MAX);
        let error = error(client, &get(&server.base_url)).await;
        assert_eq!(error["code"], "timeout", "{error:#}");
        let detail = error["detail"].as_str().unwrap();
        assert!(detail.ends_with("did not answer within 30s"), "{detail}");
        server.hung_up.await.unwrap();
    }
}

#[tokio::test]
async fn a_template_that_fails_fails_the_step() {
    let data = json!({"url": "https://example.com/{{ input.missing }}"});
    let events = events(run(local("https://example.com"), &data, json!({}))).await;
    let failed = serde_json::to_value(events.last().unwrap()).unwrap();
    assert_eq!(failed["error"]["code"], "template_error");
}
