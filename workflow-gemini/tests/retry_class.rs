//! Which refusals are retryable, and after which wait.

mod common;

use std::time::{Duration, SystemTime};

use common::{
    answering, client, json,
    raw::{Then, saying},
};
use wiremock::ResponseTemplate;
use workflow_gemini::{GeminiError, GenerateRequest};

const PER_MINUTE: &str = include_str!("fixtures/429-per-minute.json");

async fn refused(answer: ResponseTemplate) -> GeminiError {
    let server = answering(answer).await;
    let answer = client(&server.uri())
        .generate(&GenerateRequest::new("Hi"))
        .await;
    answer.expect_err("a refusal")
}

fn facts(error: &GeminiError) -> (Option<u16>, &'static str, bool) {
    (error.status(), error.code(), error.is_retryable())
}

#[tokio::test]
async fn each_refusal_is_classified() {
    for (status, body, code, retryable) in [
        (
            400,
            include_str!("fixtures/400-api-key-invalid.json"),
            "authentication_failed",
            false,
        ),
        (
            400,
            r#"{"error":{"status":"FAILED_PRECONDITION"}}"#,
            "failed_precondition",
            false,
        ),
        (
            400,
            r#"{"error":{"status":"INVALID_ARGUMENT"}}"#,
            "invalid_request",
            false,
        ),
        (
            401,
            r#"{"error":{"status":"UNAUTHENTICATED"}}"#,
            "authentication_failed",
            false,
        ),
        (
            403,
            r#"{"error":{"status":"PERMISSION_DENIED"}}"#,
            "permission_denied",
            false,
        ),
        (
            404,
            include_str!("fixtures/404-model.json"),
            "model_not_found",
            false,
        ),
        (408, "", "model_timeout", true),
        (413, "<html>too large</html>", "request_too_large", false),
        (429, PER_MINUTE, "rate_limited", true),
        (429, "", "rate_limited", true),
        (
            429,
            include_str!("fixtures/429-per-day.json"),
            "daily_quota_exceeded",
            false,
        ),
        (
            429,
            include_str!("fixtures/429-limit-zero.json"),
            "no_quota",
            false,
        ),
        (499, "", "request_cancelled", false),
        (
            500,
            r#"{"error":{"status":"INTERNAL"}}"#,
            "model_internal_error",
            true,
        ),
        (501, "", "request_rejected", false),
        (502, "<html>Bad Gateway</html>", "model_overloaded", true),
        (
            503,
            include_str!("fixtures/503-overloaded.json"),
            "model_overloaded",
            true,
        ),
        (
            504,
            r#"{"error":{"status":"DEADLINE_EXCEEDED"}}"#,
            "model_overloaded",
            true,
        ),
    ] {
        let error = refused(json(status, body)).await;
        assert_eq!(facts(&error), (Some(status), code, retryable), "{body}");
    }
}

#[tokio::test]
async fn the_message_of_the_api_is_passed_on() {
    let error = refused(json(404, include_str!("fixtures/404-model.json"))).await;
    let text = error.to_string();
    let start = "the Gemini API answered 404 NOT_FOUND: models/gemini-2.0-flash is not found";
    assert!(text.starts_with(start), "{text}");
    let wrapped = format!("[{}]", include_str!("fixtures/404-model.json"));
    assert_eq!(refused(json(404, wrapped)).await.to_string(), text);
}

#[tokio::test]
async fn a_daily_quota_is_named() {
    let error = refused(json(429, include_str!("fixtures/429-per-day.json"))).await;
    let GeminiError::Api(error) = error else {
        panic!("{error:?}");
    };
    assert_eq!(
        error.quota(),
        Some("GenerateRequestsPerDayPerProjectPerModel-FreeTier")
    );
    assert_eq!(error.retry_after(), None);
}

#[tokio::test]
async fn the_requested_wait_is_read_from_headers_and_body() {
    let wait = |answer| async { refused(answer).await.retry_after() };
    let refusal = || json(429, PER_MINUTE);
    assert_eq!(wait(refusal()).await, Some(Duration::from_secs(36)));
    let seconds = refusal().insert_header("retry-after", "7");
    assert_eq!(wait(seconds).await, Some(Duration::from_secs(7)));
    let milliseconds = refusal().insert_header("retry-after-ms", "1500");
    assert_eq!(wait(milliseconds).await, Some(Duration::from_millis(1_500)));

    let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(3_600));
    let dated = wait(refusal().insert_header("retry-after", date))
        .await
        .unwrap();
    assert!((3_500..=3_600).contains(&dated.as_secs()), "{dated:?}");

    assert_eq!(wait(ResponseTemplate::new(503)).await, None);
    let useless = json(400, "{}").insert_header("retry-after", "7");
    assert_eq!(wait(useless).await, None);
}

#[tokio::test]
async fn a_foreign_body_is_shortened() {
    let page = format!("<html>\n<body>{}</body>", "busy ".repeat(50_000));
    let answer = ResponseTemplate::new(503).set_body_raw(page, "text/html");
    let error = refused(answer).await;
    let text = error.to_string();
    assert!(
        text.starts_with("the Gemini API answered 503: <html> <body>busy busy"),
        "{text}"
    );
    assert!(text.len() < 1_200 && error.is_retryable());
}

#[tokio::test]
async fn a_cut_off_refusal_keeps_its_status() {
    let head = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 500\r\n\r\n";
    for then in [Then::Close, Then::Reset] {
        let bytes = format!("{head}{{\"error\": {{\"code\": 503, \"mess");
        let server = saying(vec![bytes.into_bytes()], then).await;
        let request = GenerateRequest::new("Hi");
        let error = client(&server.base_url)
            .generate(&request)
            .await
            .unwrap_err();
        assert_eq!(
            facts(&error),
            (Some(503), "model_overloaded", true),
            "{then:?}"
        );
    }
}
