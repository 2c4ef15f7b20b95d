//! Recorded bytes of the API: every error body, and an answer for every finish reason.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod common;

use common::{answering, client, json, sse};
use futures::StreamExt;
use serde_json::Value;
use workflow_gemini::{Chunk, GeminiClient, GeminiError, GenerateRequest, Reply};

const FINISH_REASONS: &str = include_str!("fixtures/finish-reasons.jsonl");

async fn streamed(client: &GeminiClient) -> Result<Reply, GeminiError> {
    let mut chunks = client.stream(&GenerateRequest::new("Hi"));
    loop {
        if let Chunk::Done(reply) = chunks.next().await.expect("an end")? {
            return Ok(*reply);
        }
    }
}

#[tokio::test]
async fn every_finish_reason_has_its_outcome_with_both_methods() {
    let mut count = 0;
    for line in FINISH_REASONS.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let answer = case["answer"].to_string();
        let whole = answering(json(200, answer.clone())).await;
        let whole = client(&whole.uri())
            .generate(&GenerateRequest::new("Hi"))
            .await;
        let events = answering(sse(format!("data: {answer}\r\n\r\n"))).await;
        let events = streamed(&client(&events.uri())).await;
        let reason = case["answer"]["candidates"][0]["finishReason"]
            .as_str()
            .unwrap();
        for outcome in [whole, events] {
            match outcome {
                Ok(reply) => {
                    assert!(case["code"].is_null(), "{line}");
                    assert_eq!(reply.finish_reason.as_str(), reason);
                    assert_eq!(reply.is_truncated(), reason == "MAX_TOKENS");
                }
                Err(error) => {
                    assert_eq!(case["code"], error.code(), "{line}");
                    assert_eq!(case["retry_limit"], error.retry_limit().unwrap(), "{line}");
                    assert_eq!(error.usage().unwrap().input_tokens, 15);
                    let GeminiError::NoAnswer(error) = error else {
                        panic!("{error:?}");
                    };
                    assert_eq!(error.finish_reason().unwrap().as_str(), reason);
                    assert_eq!(error.model_version(), Some("gemini-3.8-flash-002"));
                }
            }
        }
        count += 1;
    }
    assert_eq!(count, 25);
}

#[tokio::test]
async fn every_error_body_keeps_its_status_and_message_in_each_form() {
    for (body, code, retryable) in [
        (
            include_str!("fixtures/400-api-key-invalid.json"),
            "authentication_failed",
            false,
        ),
        (
            include_str!("fixtures/400-region.json"),
            "failed_precondition",
            false,
        ),
        (
            include_str!("fixtures/400-unknown-name.json"),
            "invalid_request",
            false,
        ),
        (
            include_str!("fixtures/401-no-key.json"),
            "authentication_failed",
            false,
        ),
        (
            include_str!("fixtures/403-restricted-key.json"),
            "permission_denied",
            false,
        ),
        (
            include_str!("fixtures/404-model.json"),
            "model_not_found",
            false,
        ),
        (
            include_str!("fixtures/429-limit-zero.json"),
            "no_quota",
            false,
        ),
        (
            include_str!("fixtures/429-per-day.json"),
            "daily_quota_exceeded",
            false,
        ),
        (
            include_str!("fixtures/429-per-minute.json"),
            "rate_limited",
            true,
        ),
        (
            include_str!("fixtures/499-cancelled.json"),
            "request_cancelled",
            false,
        ),
        (
            include_str!("fixtures/500-internal.json"),
            "model_internal_error",
            true,
        ),
        (
            include_str!("fixtures/503-overloaded.json"),
            "model_overloaded",
            true,
        ),
        (
            include_str!("fixtures/504-deadline.json"),
            "model_overloaded",
            true,
        ),
    ] {
        let error: Value = serde_json::from_str(body).unwrap();
        let error = &error["error"];
        let status = u16::try_from(error["code"].as_u64().unwrap()).unwrap();
        let message = error["message"]
            .as_str()
            .unwrap()
            .split('\n')
            .next()
            .unwrap()
            .trim();
        let compact = format!("{{\"error\":{error}}}");
        for (answer, form) in [
            (json(status, body), "as it is"),
            (json(status, format!("[{body}]")), "in an array"),
            // Within a stream, after a 200.
            (sse(format!("data: {compact}\r\n\r\n")), "as an event"),
            (sse(body), "bare"),
            (sse(format!("[{body}]\r\n")), "bare, in an array"),
        ] {
            let server = answering(answer).await;
            let client = client(&server.uri());
            let error = streamed(&client).await.unwrap_err();
            let is = (error.status(), error.code(), error.is_retryable());
            assert_eq!(is, (Some(status), code, retryable), "{form}: {body}");
            let text = error.to_string();
            assert!(text.contains(message), "{form}: {text}");
        }
    }
}

#[tokio::test]
async fn every_field_of_an_answer_may_be_missing() {
    for (answer, code) in [
        ("{}", "empty_answer"),
        (r#"{"candidates": []}"#, "empty_answer"),
        (r#"{"candidates": [{}]}"#, "empty_answer"),
        (r#"{"candidates": [{"content": {}}]}"#, "empty_answer"),
        (
            r#"{"candidates": [{"content": {"role": "model"}}]}"#,
            "empty_answer",
        ),
        (
            r#"{"candidates": [{"content": {"parts": [{}]}}]}"#,
            "empty_answer",
        ),
        (
            r#"{"candidates": [{"content": {"parts": [{"text": ""}]}}], "x": {"y": 1}}"#,
            "empty_answer",
        ),
        (
            r#"{"promptFeedback": {"blockReason": "NEWER"}}"#,
            "prompt_blocked",
        ),
    ] {
        let server = answering(json(200, answer)).await;
        let error = client(&server.uri())
            .generate(&GenerateRequest::new("Hi"))
            .await;
        assert_eq!(error.unwrap_err().code(), code, "{answer}");
    }
    let bare = r#"{"candidates": [{"content": {"parts": [{"text": "Hi"}]}}]}"#;
    let server = answering(json(200, bare)).await;
    let reply = client(&server.uri())
        .generate(&GenerateRequest::new("Hi"))
        .await
        .unwrap();
    assert_eq!((reply.text.as_str(), reply.usage.is_empty()), ("Hi", true));
}
