//! Answers that are longer than one request allows.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod common;

use common::{check, client, json, sse};
use futures::StreamExt;
use serde_json::{Value, json as value};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate, matchers::method};
use workflow_core::value::Usage;
use workflow_gemini::{Chunk, FinishReason, GenerateRequest};

const LONG: &str = include_str!("fixtures/continuation.json");

/// Sends the first hop to a request without a token, and the hop of its token to any other.
struct Hops {
    streamed: bool,
    answers: Vec<(Option<&'static str>, Value)>,
}

impl Respond for Hops {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        assert_eq!(check::faults(&request.body), [""; 0]);
        let body: Value = request.body_json().unwrap();
        let token = body["continuationToken"].as_str();
        let found = self.answers.iter().find(|(known, _)| *known == token);
        let answer = &found.expect("a token of ours").1;
        if self.streamed {
            sse(format!("data: {answer}\r\n\r\n"))
        } else {
            json(200, answer.to_string())
        }
    }
}

fn hop(text: &str, reason: &str, token: Option<&str>, output: u64) -> Value {
    let mut answer = value!({"candidates": [{"finishReason": reason}],
        "usageMetadata": {"promptTokenCount": 10, "candidatesTokenCount": output},
        "responseId": format!("id-{output}")});
    if !text.is_empty() {
        answer["candidates"][0]["content"] = value!({"parts": [{"text": text}]});
    }
    if let Some(token) = token {
        answer["candidates"][0]["continuationToken"] = value!(token);
    }
    answer
}

fn three_hops() -> Vec<(Option<&'static str>, Value)> {
    vec![
        (None, hop("Once", "CONTINUATION", Some("b25l"), 1)),
        // Thoughts only, no text.
        (Some("b25l"), hop("", "CONTINUATION", Some("dHdv"), 2)),
        (Some("dHdv"), hop(" upon a time.", "STOP", None, 4)),
    ]
}

async fn serving(streamed: bool, answers: Vec<(Option<&'static str>, Value)>) -> MockServer {
    let server = MockServer::start().await;
    let hops = Hops { streamed, answers };
    Mock::given(method("POST"))
        .respond_with(hops)
        .mount(&server)
        .await;
    server
}

#[tokio::test]
async fn a_long_answer_is_continued_until_its_end() {
    for streamed in [false, true] {
        let server = serving(streamed, three_hops()).await;
        let client = client(&server.uri());
        let request = GenerateRequest::new("A novel.").with_max_output_tokens(200_000);
        let reply = if streamed {
            let chunks: Vec<Chunk> = client.stream(&request).map(Result::unwrap).collect().await;
            let Some(Chunk::Done(reply)) = chunks.last().cloned() else {
                panic!("{chunks:?}");
            };
            let used = chunks.iter().filter_map(|chunk| match chunk {
                Chunk::Usage(usage) => Some(usage.output_tokens),
                _ => None,
            });
            assert_eq!(
                used.collect::<Vec<_>>(),
                [1, 3, 7],
                "a running total over all requests"
            );
            *reply
        } else {
            client.generate(&request).await.unwrap()
        };
        assert_eq!(reply.text, "Once upon a time.");
        assert_eq!(reply.finish_reason, FinishReason::Stop);
        assert!(!reply.is_truncated());
        assert_eq!(reply.usage, Usage::new(30, 7), "each request is billed");
        assert_eq!((reply.requests, reply.prompt_tokens), (3, 10));
        assert_eq!(reply.response_id.as_deref(), Some("id-4"));
    }
}

#[tokio::test]
async fn the_same_request_is_sent_again_without_the_partial_answer() {
    let server = serving(false, three_hops()).await;
    let request = GenerateRequest::new("A novel.")
        .with_system("Be long.")
        .with_seed(7);
    client(&server.uri()).generate(&request).await.unwrap();
    let sent = server.received_requests().await.unwrap();
    let mut bodies = sent.iter().map(|it| it.body_json::<Value>().unwrap());
    let first = bodies.next().unwrap();
    for (mut body, token) in bodies.zip(["b25l", "dHdv"]) {
        let sent = body
            .as_object_mut()
            .unwrap()
            .shift_remove("continuationToken");
        assert_eq!((sent, &body), (Some(value!(token)), &first));
    }
}

#[tokio::test]
async fn the_number_of_requests_is_limited_and_the_answer_is_then_marked() {
    let long: Value = serde_json::from_str(LONG).unwrap();
    let server = serving(
        false,
        vec![(None, long.clone()), (Some("Q09OVElOVUU="), long)],
    )
    .await;
    let reply = client(&server.uri())
        .generate(&GenerateRequest::new("Hi"))
        .await;
    let reply = reply.unwrap();
    assert_eq!(reply.text, "Chapter one.".repeat(16));
    assert!(reply.is_truncated());
    assert_eq!(reply.finish_reason, FinishReason::Continuation);
    assert_eq!(server.received_requests().await.unwrap().len(), 16);
}

#[tokio::test]
async fn the_limit_on_bytes_applies_to_all_requests_together() {
    let long = || hop(&"x".repeat(600), "CONTINUATION", Some("b25l"), 1);
    let server = serving(false, vec![(None, long()), (Some("b25l"), long())]).await;
    let client = common::builder(&server.uri())
        .with_max_reply_bytes(1_200)
        .build()
        .unwrap();
    let error = client
        .generate(&GenerateRequest::new("Hi"))
        .await
        .unwrap_err();
    assert_eq!(error.code(), "answer_too_large");
    assert!(error.to_string().contains("1200"), "{error}");
    assert_eq!(server.received_requests().await.unwrap().len(), 2);
}
