//! Responses are compressed if that saves bytes; streams never are.

#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod support;

use std::io::Read;

use axum::{
    body::{Body, Bytes},
    http::HeaderMap,
};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use support::{Api, request, two_steps, with_body};

/// A response as it was sent.
struct Sent {
    status: u16,
    headers: HeaderMap,
    bytes: Bytes,
}

impl Sent {
    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// The decoded content.
    fn content(&self) -> Vec<u8> {
        let mut content = Vec::new();
        match self.header("content-encoding") {
            "br" => {
                let mut bytes = &*self.bytes;
                brotli::BrotliDecompress(&mut bytes, &mut content).unwrap();
            }
            "gzip" => {
                let mut decoder = flate2::read::GzDecoder::new(&*self.bytes);
                decoder.read_to_end(&mut content).unwrap();
            }
            "" => content.extend_from_slice(&self.bytes),
            other => panic!("{other} is not expected"),
        }
        content
    }
}

async fn get(api: &Api, path: &str, headers: &[(&str, &str)]) -> Sent {
    let mut request = request("GET", path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = api.send(with_body(request, Body::empty())).await;
    let (parts, body) = response.into_parts();
    Sent {
        status: parts.status.as_u16(),
        headers: parts.headers,
        bytes: body.collect().await.unwrap().to_bytes(),
    }
}

const CODINGS: [(&str, &str); 5] = [
    ("gzip, deflate, br, zstd", "br"),
    ("gzip", "gzip"),
    ("br;Q=0, GZIP", "gzip"),
    ("br;q=0, *;q=0", ""),
    ("identity", ""),
];

#[tokio::test]
async fn json_above_a_kibibyte_is_compressed() {
    let api = Api::new();
    for path in [
        "/api/openapi.json",
        "/api/schema/workflow.json",
        "/api/node-types",
        "/docs/api",
        "/docs/language",
    ] {
        let plain = get(&api, path, &[]).await;
        assert!(plain.bytes.len() > 1024, "{path}");
        assert_eq!(plain.header("content-encoding"), "", "{path}");
        assert_eq!(plain.header("vary"), "accept-encoding", "{path}");
        for (accepted, coding) in CODINGS {
            let sent = get(&api, path, &[("accept-encoding", accepted)]).await;
            assert_eq!(sent.status, 200, "{path} {accepted}");
            // Only files that are compressed in advance are sent in brotli.
            let coding = if coding == "br" { "gzip" } else { coding };
            assert_eq!(sent.header("content-encoding"), coding, "{path} {accepted}");
            assert_eq!(sent.header("vary"), "accept-encoding", "{path} {accepted}");
            assert_eq!(sent.content(), plain.bytes, "{path} {accepted}");
            if !coding.is_empty() {
                assert!(
                    sent.bytes.len() * 2 < plain.bytes.len(),
                    "{path} {accepted}"
                );
            }
        }
    }
    let small = get(&api, "/healthz", &[("accept-encoding", "gzip")]).await;
    assert_eq!(small.header("content-encoding"), "");
}

#[tokio::test]
async fn a_client_that_accepts_no_coding_gets_uncompressed_content() {
    let api = Api::new();
    for accepted in ["identity;q=0", "*;q=0", "zstd, identity;q=0", "br"] {
        let sent = get(&api, "/api/openapi.json", &[("accept-encoding", accepted)]).await;
        assert_eq!(
            (sent.status, sent.header("content-encoding")),
            (200, ""),
            "{accepted}"
        );
        let request = request("POST", "/api/workflows")
            .header("accept-encoding", accepted)
            .header("content-type", "application/json");
        let created = api.ask(with_body(request, two_steps().to_string())).await;
        assert_eq!(created.status, 201, "{accepted}");
    }
}

#[tokio::test]
async fn streams_are_never_compressed_or_delayed() {
    let api = Api::new();
    let run = api.start().await;
    let request = request("GET", &format!("{run}/events")).header("accept-encoding", "gzip, br");
    let response = api.send(with_body(request, Body::empty())).await;
    assert!(!response.headers().contains_key("content-encoding"));
    let mut frames = support::Frames::of(response.into_body());
    // Before the run ends.
    assert!(frames.next().await.unwrap().contains("retry: 1000"));
    api.script.finish("x".repeat(10_000));
    frames.until("run.completed").await;
}

#[cfg(feature = "ui")]
#[tokio::test]
async fn files_of_the_page_are_embedded_in_each_coding() {
    let api = Api::new();
    for path in [
        "/",
        "/assets/app.js",
        "/assets/app.css",
        "/assets/codemirror.js",
    ] {
        let plain = get(&api, path, &[]).await;
        let mut tags = vec![plain.header("etag").to_owned()];
        for (accepted, coding) in CODINGS {
            let sent = get(&api, path, &[("accept-encoding", accepted)]).await;
            assert_eq!(sent.header("content-encoding"), coding, "{path} {accepted}");
            assert_eq!(sent.header("vary"), "accept-encoding", "{path} {accepted}");
            assert_eq!(sent.content(), plain.bytes, "{path} {accepted}");
            if !coding.is_empty() {
                assert!(
                    sent.bytes.len() * 2 < plain.bytes.len(),
                    "{path} {accepted}"
                );
                tags.push(sent.header("etag").to_owned());
            }
        }
        let different: std::collections::BTreeSet<&String> = tags.iter().collect();
        assert_eq!(different.len(), 3, "each coding has its own tag: {tags:?}");
        for tag in &tags {
            for known in [tag.clone(), format!("\"other\", W/{tag}")] {
                let sent = get(
                    &api,
                    path,
                    &[("if-none-match", &known), ("accept-encoding", "br")],
                )
                .await;
                assert_eq!((sent.status, sent.bytes.len()), (304, 0), "{path} {known}");
                assert_eq!(sent.header("content-encoding"), "", "{path} {known}");
                assert!(!sent.header("etag").is_empty(), "{path}");
            }
        }
        let other = get(&api, path, &[("if-none-match", "\"other\"")]).await;
        assert_eq!(other.status, 200);
    }
}

#[cfg(feature = "ui")]
#[tokio::test]
async fn a_first_visit_costs_less_than_its_budget_on_the_wire() {
    let api = Api::new();
    let mut bytes = 0;
    for path in [
        "/",
        "/theme.js",
        "/icon.svg",
        "/assets/app.js",
        "/assets/app.css",
    ] {
        bytes += get(&api, path, &[("accept-encoding", "gzip, br")])
            .await
            .bytes
            .len();
    }
    assert!(bytes < 110_000, "{bytes} bytes");
}

#[cfg(feature = "ui")]
#[tokio::test]
async fn below_a_base_path_the_page_has_a_base_element() {
    let api = Api::with(workflow_http::Options::default().with_base_path("flows/a\"b"));
    let page = get(&api, "/", &[]).await;
    let html = String::from_utf8(page.content()).unwrap();
    assert!(
        html.contains("<head>\n    <base href=\"/flows/a&quot;b/\" />"),
        "{html}"
    );
    let coded = get(&api, "/", &[("accept-encoding", "gzip")]).await;
    assert_eq!(coded.header("content-encoding"), "gzip");
    assert_eq!(coded.content(), page.bytes);
    let again = get(&api, "/", &[("if-none-match", page.header("etag"))]).await;
    assert_eq!(again.status, 304);
    let root = get(&Api::new(), "/", &[]).await;
    assert_ne!(root.header("etag"), page.header("etag"));
    assert!(!String::from_utf8(root.content()).unwrap().contains("<base"));
}

/// The names in lists come from workflows, so an attacker could choose their size.
#[tokio::test]
async fn a_list_is_the_same_in_each_coding() {
    let api = Api::new();
    for _ in 0..20 {
        api.create(two_steps()).await;
    }
    let plain = get(&api, "/api/workflows", &[]).await;
    let coded = get(&api, "/api/workflows", &[("accept-encoding", "gzip")]).await;
    let read = |sent: &Sent| serde_json::from_slice::<Value>(&sent.content()).unwrap();
    assert_eq!(read(&plain), read(&coded));
    assert_ne!(read(&plain)["items"], json!([]));
}
