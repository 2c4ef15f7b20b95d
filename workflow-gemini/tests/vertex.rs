//! Vertex AI: another path, and a token instead of a key.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod common;

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use common::{KEY, answering, json};
use workflow_gemini::{GeminiClient, GeminiClientBuilder, GenerateRequest};

const REPLY: &str = include_str!("fixtures/reply.json");
const TOKEN: &str = "ya29.not-a-real-token-0123456789";

fn vertex(base_url: &str) -> GeminiClientBuilder {
    GeminiClient::builder()
        .with_vertex("my-project", "europe-west4")
        .with_base_url(base_url)
}

#[tokio::test]
async fn a_token_is_sent_instead_of_a_key_to_the_path_of_vertex() {
    let server = answering(json(200, REPLY)).await;
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let client = vertex(&server.uri())
        .with_api_key(KEY)
        .with_bearer_token(move || {
            let number = counted.fetch_add(1, Ordering::Relaxed);
            async move { Ok::<_, io::Error>(format!("{TOKEN}-{number}\n")) }
        })
        .build()
        .unwrap();
    assert_eq!(asked.load(Ordering::Relaxed), 0);
    for model in ["gemini-4-neon", "models/gemini-4-neon"] {
        let request = GenerateRequest::new("Hi").with_model(model);
        client.generate(&request).await.unwrap();
    }
    let sent = server.received_requests().await.unwrap();
    for (number, sent) in sent.iter().enumerate() {
        assert_eq!(
            sent.url.path(),
            "/v1/projects/my-project/locations/europe-west4/publishers/google/models/gemini-4-neon:generateContent"
        );
        let token = format!("Bearer {TOKEN}-{number}");
        assert_eq!(sent.headers["authorization"], token.as_str());
        assert!(!sent.headers.contains_key("x-goog-api-key"));
    }
}

#[tokio::test]
async fn a_key_works_with_vertex_too() {
    let server = answering(json(200, REPLY)).await;
    let client = GeminiClient::builder()
        .with_api_key(KEY)
        .with_base_url(server.uri())
        .with_api_version("v1")
        .with_path_prefix("publishers/google")
        .build()
        .unwrap();
    client.generate(&GenerateRequest::new("Hi")).await.unwrap();
    let sent = common::only_request(&server).await;
    let path = "/v1/publishers/google/models/gemini-3.8-flash:generateContent";
    assert_eq!(
        (sent.url.path(), &sent.headers["x-goog-api-key"]),
        (path, &KEY.parse().unwrap())
    );
}

#[tokio::test]
async fn without_a_token_nothing_is_sent_and_a_later_attempt_may_succeed() {
    let server = answering(json(200, REPLY)).await;
    let none = || async { Err::<String, _>(io::Error::other("the metadata server is away")) };
    let odd = || async { Ok::<_, io::Error>("two\nlines".to_owned()) };
    for client in [
        vertex(&server.uri())
            .with_bearer_token(none)
            .build()
            .unwrap(),
        vertex(&server.uri())
            .with_bearer_token(odd)
            .build()
            .unwrap(),
    ] {
        let error = client
            .generate(&GenerateRequest::new("Hi"))
            .await
            .unwrap_err();
        assert_eq!(
            (error.code(), error.is_retryable()),
            ("token_unavailable", true)
        );
    }
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn no_error_contains_a_token_that_the_server_echoes() {
    let echo = format!(r#"{{"error":{{"code":401,"message":"bad {TOKEN}","status":"{TOKEN}"}}}}"#);
    let server = answering(json(401, echo)).await;
    let token = || async { Ok::<_, io::Error>(TOKEN.to_owned()) };
    let client = vertex(&server.uri())
        .with_bearer_token(token)
        .build()
        .unwrap();
    let error = client
        .generate(&GenerateRequest::new("Hi"))
        .await
        .unwrap_err();
    let shown = format!("{error} {error:?} {client:?}");
    assert!(
        shown.contains("bad ***") && !shown.contains("ya29"),
        "{shown}"
    );
}
