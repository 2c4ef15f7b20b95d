//! Refusals: classes, waits and hints.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod common;

use std::time::Duration;

use common::{answering, client, error_of, hello, json as answer, saying, sse};
use serde_json::json;
use wiremock::ResponseTemplate;
use workflow_core::node::agent::ToolSpec;
use workflow_httpkit::testing::Then;
use workflow_llm::{Delivery, ModelError};
use workflow_openai::OpenAiClient;

async fn error(answer: ResponseTemplate) -> ModelError {
    let server = answering(answer).await;
    error_of(&client(&server.uri()), hello()).await
}

#[tokio::test]
async fn each_refusal_has_its_class() {
    let openai = |code: &str| {
        json!({"error": {"message": "no", "type": "x_error", "param": null, "code": code}})
            .to_string()
    };
    for (status, body, code, is_retryable) in [
        (400, openai("invalid_value"), "invalid_request", false),
        (
            400,
            openai("context_length_exceeded"),
            "context_length_exceeded",
            false,
        ),
        (
            400,
            r#"{"error":{"code":400,"message":"too long","type":"exceed_context_size_error"}}"#
                .to_owned(),
            "context_length_exceeded",
            false,
        ),
        (400, openai("content_filter"), "prompt_blocked", false),
        (400, openai("model_not_found"), "model_not_found", false),
        (
            401,
            openai("invalid_api_key"),
            "authentication_failed",
            false,
        ),
        (402, "{}".to_owned(), "billing_required", false),
        (403, String::new(), "permission_denied", false),
        (404, openai("model_not_found"), "model_not_found", false),
        (408, String::new(), "model_timeout", true),
        (409, String::new(), "request_conflict", true),
        (413, "<html>".to_owned(), "request_too_large", false),
        (
            422,
            r#"{"detail":[{"loc":["body","model"],"msg":"field required"}]}"#.to_owned(),
            "invalid_request",
            false,
        ),
        (429, openai("rate_limit_exceeded"), "rate_limited", true),
        (429, openai("insufficient_quota"), "no_quota", false),
        (429, String::new(), "rate_limited", true),
        (499, String::new(), "request_cancelled", false),
        (
            500,
            r#"{"error":"llama runner process has terminated"}"#.to_owned(),
            "model_internal_error",
            true,
        ),
        (501, String::new(), "request_rejected", false),
        (502, "<html>".to_owned(), "model_overloaded", true),
        (503, openai("overloaded"), "model_overloaded", true),
        (504, String::new(), "model_overloaded", true),
        (529, String::new(), "model_overloaded", true),
        (204, String::new(), "request_rejected", false),
        (302, String::new(), "request_rejected", false),
    ] {
        let error = error(answer(status, body.clone())).await;
        assert_eq!(
            (error.code(), error.is_retryable()),
            (code, is_retryable),
            "{status} {body}"
        );
        let is_unavailable = [
            "model_not_found",
            "rate_limited",
            "no_quota",
            "model_overloaded",
        ]
        .contains(&code);
        assert_eq!(error.is_unavailable(), is_unavailable, "{status}");
        assert!(
            error
                .to_string()
                .starts_with(&format!("`local` answered {status}")),
            "{error}"
        );
        assert_eq!(error.delivery(), Delivery::Reached);
    }
}

#[tokio::test]
async fn messages_of_every_shape_are_shown() {
    for (status, body, message) in [
        (
            400,
            r#"{"error":{"message":"bad","type":"invalid_request_error","code":null}}"#,
            "`local` answered 400 invalid_request_error: bad",
        ),
        (
            404,
            r#"{"error":{"message":"model \"x\" not found, try pulling it first","type":"api_error"}}"#,
            "`local` answered 404 api_error: model \"x\" not found, try pulling it first",
        ),
        (400, r#"{"error":"bad"}"#, "`local` answered 400: bad"),
        (
            400,
            r#"{"object":"error","message":"bad","type":"BadRequestError","code":400}"#,
            "`local` answered 400 BadRequestError: bad",
        ),
        (
            400,
            r#"[{"error":{"code":400,"message":"bad","status":"INVALID_ARGUMENT"}}]"#,
            "`local` answered 400 INVALID_ARGUMENT: bad",
        ),
        (500, "<p>\n  no \n</p>", "`local` answered 500: <p> no </p>"),
    ] {
        assert_eq!(error(answer(status, body)).await.to_string(), message);
    }
    let long = error(answer(500, "ä".repeat(100_000))).await.to_string();
    assert!(long.chars().count() < 1_100, "{}", long.len());
}

#[tokio::test]
async fn the_wait_and_the_word_of_the_server_count() {
    let limited = |body: &str| answer(429, body);
    let credit = r#"{"error":{"code":"insufficient_quota","message":"no"}}"#;
    for (answer, is_retryable, wait) in [
        (
            limited("{}").insert_header("retry-after", "7"),
            true,
            Some(7_000),
        ),
        (
            limited("{}").insert_header("retry-after-ms", "250"),
            true,
            Some(250),
        ),
        (
            limited("{}")
                .insert_header("x-should-retry", "false")
                .insert_header("retry-after", "7"),
            false,
            None,
        ),
        (
            limited(credit).insert_header("retry-after", "7"),
            false,
            None,
        ),
        (
            limited(credit).insert_header("x-should-retry", "true"),
            false,
            None,
        ),
        (
            answer(400, "{}").insert_header("x-should-retry", "true"),
            true,
            None,
        ),
        (
            answer(503, "{}").insert_header("x-should-retry", "soon"),
            true,
            None,
        ),
    ] {
        let error = error(answer).await;
        assert_eq!(
            (error.is_retryable(), error.retry_after()),
            (is_retryable, wait.map(Duration::from_millis))
        );
    }
}

#[tokio::test]
async fn a_model_over_its_limit_cools_down_and_others_do_not() {
    let server = answering(
        answer(429, r#"{"error":{"message":"slow down"}}"#).insert_header("retry-after", "30"),
    )
    .await;
    let client = client(&server.uri());
    error_of(&client, hello()).await;
    let error = error_of(&client, hello()).await;
    assert_eq!(
        (error.code(), error.delivery(), error.is_unavailable()),
        ("rate_limited", Delivery::NotSent, true)
    );
    assert!(error.retry_after().unwrap() > Duration::from_secs(25));
    assert!(
        error
            .to_string()
            .contains("no request is sent to m1 for another"),
        "{error}"
    );
    let mut other = hello();
    other.model = Some("m2".to_owned());
    assert_eq!(error_of(&client, other).await.delivery(), Delivery::Reached);
    assert_eq!(server.received_requests().await.unwrap().len(), 2);
}

#[tokio::test]
async fn hints_say_what_to_do() {
    let ollama = r#"{"error":{"message":"m1 does not support tools","type":"api_error"}}"#;
    let server = answering(answer(400, ollama)).await;
    let client = client(&server.uri());
    assert_eq!(error_of(&client, hello()).await.hint(), None);
    let mut request = hello();
    request.tools = [ToolSpec::new("order", "", std::sync::Arc::new(json!({})))].into();
    let error = error_of(&client, request).await;
    assert!(
        error.to_string().contains("does not support tools"),
        "{error}"
    );
    assert!(
        error.hint().unwrap().contains("--enable-auto-tool-choice"),
        "{:?}",
        error.hint()
    );

    for (status, body, hint) in [
        (401, "{}", "check the API key"),
        (
            404,
            r#"{"error":{"message":"model not found"}}"#,
            "ollama pull",
        ),
        (404, "404 page not found", "base URL"),
        (429, r#"{"error":{"code":"insufficient_quota"}}"#, "billing"),
        (
            400,
            r#"{"error":{"code":"context_length_exceeded"}}"#,
            "shorten the prompt",
        ),
    ] {
        let error = self::error(answer(status, body)).await;
        assert!(
            error.hint().unwrap().contains(hint),
            "{status}: {:?}",
            error.hint()
        );
    }
    let server = answering(answer(401, "{}")).await;
    let open = OpenAiClient::builder()
        .with_base_url(server.uri())
        .with_model("m")
        .build()
        .unwrap();
    assert!(
        error_of(&open, hello())
            .await
            .hint()
            .unwrap()
            .contains("no API key")
    );
}

#[tokio::test]
async fn the_name_of_the_request_is_in_the_metadata() {
    let failed = error(answer(500, "{}").insert_header("x-request-id", "req_1")).await;
    assert_eq!(failed.answer().unwrap().metadata["request_id"], "req_1");
    let body = r#"{"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}]}"#;
    for (body, is_answer) in [
        (body, true),
        (
            r#"{"choices":[{"message":{},"finish_reason":"stop"}]}"#,
            false,
        ),
    ] {
        let server = answering(answer(200, body).insert_header("x-request-id", "req_2")).await;
        let end = common::hear(common::ask(&client(&server.uri()), hello()))
            .await
            .end;
        let facts = if is_answer {
            end.unwrap().facts
        } else {
            end.unwrap_err().answer().unwrap().clone()
        };
        assert_eq!(facts.metadata["request_id"], "req_2");
    }
}

#[tokio::test]
async fn a_provider_that_is_down_is_named() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = error_of(&client(&format!("http://{address}")), hello()).await;
    assert_eq!(
        (error.code(), error.retry_limit(), error.delivery()),
        ("connection_failed", None, Delivery::NotReached)
    );
    let text = error.to_string();
    assert!(
        text.contains(&format!("`local` at {address} could not be reached"))
            && text.contains("refused"),
        "{text}"
    );
    assert!(!error.is_unavailable());
}

#[tokio::test]
async fn a_page_of_a_proxy_is_no_answer() {
    for answer in [
        ResponseTemplate::new(200).set_body_raw("<p>Please log in</p>", "text/html"),
        answer(200, r#"{"status":"ok"}"#),
        sse("data: oops\n\n"),
    ] {
        let error = error(answer).await;
        assert_eq!(
            (error.code(), error.retry_limit()),
            ("foreign_answer", Some(1)),
            "{error}"
        );
    }
    let empty = error(ResponseTemplate::new(200)).await;
    assert_eq!(empty.code(), "answer_interrupted");
}

#[tokio::test]
async fn a_connection_that_is_reset_before_the_answer_has_reached_the_provider() {
    let server = saying(vec![], Then::Reset).await;
    let error = error_of(&client(&server.base_url), hello()).await;
    assert_eq!(
        (error.code(), error.delivery()),
        ("connection_failed", Delivery::Reached)
    );
}
