//! `generate`: one request, one complete answer.

mod common;

use common::{
    KEY, answering, builder, client, json, only_request,
    raw::{OK_JSON, Then, saying},
};
use serde_json::json as value;
use wiremock::ResponseTemplate;
use workflow_gemini::{
    FinishReason, GeminiClient, GeminiError, GenerateRequest, NoAnswer, NoAnswerReason, Reply,
    Thinking,
};

const REPLY: &str = include_str!("fixtures/reply.json");

async fn generate(answer: ResponseTemplate) -> Result<Reply, GeminiError> {
    let server = answering(answer).await;
    client(&server.uri())
        .generate(&GenerateRequest::new("Hi"))
        .await
}

fn no_answer(result: Result<Reply, GeminiError>) -> Box<NoAnswer> {
    match result {
        Err(GeminiError::NoAnswer(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_complete_answer_is_read() {
    let reply = generate(json(200, REPLY)).await.unwrap();
    assert_eq!(
        reply.text,
        "Entropy is how many ways there are to be a mess."
    );
    assert_eq!(
        reply.thoughts,
        "**Weighing it up**\n\nThe user wants one sentence."
    );
    assert_eq!(reply.finish_reason, FinishReason::Stop);
    assert_eq!(
        (reply.usage.input_tokens, reply.usage.output_tokens),
        (15, 78)
    );
    assert_eq!(reply.usage.thought_tokens, 66);
    assert_eq!(reply.model_version.as_deref(), Some("gemini-3.8-flash-002"));
    assert_eq!(
        reply.response_id.as_deref(),
        Some("x1YzaqXdNLPqvdIP3sGZkAE")
    );
    assert!(!reply.is_truncated() && reply.json.is_none());
}

#[tokio::test]
async fn the_request_contains_exactly_what_is_set() {
    let server = answering(json(200, REPLY)).await;
    let request = GenerateRequest::new("Hi")
        .with_system("Be short.")
        .with_model("models/gemini-4-neon")
        .with_max_output_tokens(1024)
        .with_thinking(Thinking::level("low"));
    client(&server.uri()).generate(&request).await.unwrap();
    let sent = only_request(&server).await;
    assert_eq!(
        sent.url.path(),
        "/v1beta/models/gemini-4-neon:generateContent"
    );
    assert_eq!(sent.url.query(), None);
    assert_eq!(sent.headers["x-goog-api-key"], KEY);
    assert_eq!(sent.headers["content-type"], "application/json");
    assert!(!sent.headers.contains_key("x-server-timeout"));
    assert!(!sent.headers.contains_key("authorization"));
    assert_eq!(
        String::from_utf8_lossy(&sent.body),
        r#"{"systemInstruction":{"parts":[{"text":"Be short."}]},"contents":[{"role":"user","parts":[{"text":"Hi"}]}],"generationConfig":{"maxOutputTokens":1024,"thinkingConfig":{"thinkingLevel":"LOW"}}}"#
    );
}

#[tokio::test]
async fn version_prefix_model_and_deadline_are_the_settings_of_the_client() {
    let server = answering(json(200, REPLY)).await;
    let client = builder(&format!("{}/proxy/", server.uri()))
        .with_api_version("v1")
        .with_model("gemini-3.5-flash-lite")
        .with_total_timeout(std::time::Duration::from_millis(90_500))
        .build()
        .unwrap();
    client.generate(&GenerateRequest::new("Hi")).await.unwrap();
    let sent = only_request(&server).await;
    let path = "/proxy/v1/models/gemini-3.5-flash-lite:generateContent";
    assert_eq!(sent.url.path(), path);
    assert_eq!(sent.headers["x-server-timeout"], "90");
}

#[tokio::test]
async fn the_name_of_a_model_is_one_path_segment() {
    let server = answering(json(200, REPLY)).await;
    let request = GenerateRequest::new("Hi").with_model("../x?key=1#y");
    client(&server.uri()).generate(&request).await.unwrap();
    let path = "/v1beta/models/..%2Fx%3Fkey=1%23y:generateContent";
    assert_eq!(only_request(&server).await.url.path(), path);
}

#[tokio::test]
async fn invalid_requests_are_not_sent() {
    let server = answering(json(200, REPLY)).await;
    for request in [
        GenerateRequest::new(""),
        GenerateRequest::new("Hi").with_model("models/"),
        GenerateRequest::new("Hi").with_temperature(f64::NAN),
        GenerateRequest::new("Hi").with_top_p(f64::INFINITY),
    ] {
        let error = client(&server.uri()).generate(&request).await.unwrap_err();
        assert_eq!(
            (error.code(), error.is_retryable()),
            ("invalid_request", false)
        );
    }
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn with_a_schema_the_answer_is_parsed_as_json() {
    let body = value!({"candidates": [{"content": {"parts": [{"text": "{\"kind\":\"bug\"}"}]},
        "finishReason": "STOP"}]});
    let server = answering(json(200, body.to_string())).await;
    let schema = value!({"type": "object", "properties": {"kind": {}, "a": {"const": 1}}});
    let request = GenerateRequest::new("Hi").with_schema(schema.clone());
    let reply = client(&server.uri()).generate(&request).await.unwrap();
    assert_eq!(reply.json, Some(value!({"kind": "bug"})));
    let sent: serde_json::Value = only_request(&server).await.body_json().unwrap();
    let config = &sent["generationConfig"];
    assert_eq!(config["responseMimeType"], "application/json");
    assert_eq!(config["responseJsonSchema"].to_string(), schema.to_string());
}

#[tokio::test]
async fn an_answer_without_text_is_an_error_with_reason_and_usage() {
    let error =
        no_answer(generate(json(200, include_str!("fixtures/max-tokens-no-text.json"))).await);
    let spent = NoAnswerReason::OutOfTokens {
        thought_tokens: 66,
        max_output_tokens: None,
    };
    assert_eq!((error.reason(), error.usage().output_tokens), (&spent, 66));

    let error = no_answer(generate(json(200, include_str!("fixtures/safety.json"))).await);
    let withheld = NoAnswerReason::Refused {
        reason: FinishReason::Safety,
        ratings: vec!["HARM_CATEGORY_DANGEROUS_CONTENT: HIGH".to_owned()],
    };
    assert_eq!(error.reason(), &withheld);
    assert_eq!(
        error.message(),
        Some("The response was stopped by the safety filters.")
    );

    let error = no_answer(generate(json(200, include_str!("fixtures/blocked.json"))).await);
    assert!(matches!(error.reason(), NoAnswerReason::Blocked { .. }));
    assert!(
        error
            .to_string()
            .contains("HARM_CATEGORY_HARASSMENT: NEGLIGIBLE")
    );

    let error = no_answer(generate(json(200, "{}")).await);
    assert_eq!(error.reason(), &NoAnswerReason::Empty);
}

#[tokio::test]
async fn an_error_with_status_200_is_an_error() {
    let body = include_str!("fixtures/503-overloaded.json");
    for body in [body.to_owned(), format!("[{body}]")] {
        let error = generate(json(200, body)).await.unwrap_err();
        assert_eq!((error.status(), error.is_retryable()), (Some(503), true));
    }
}

#[tokio::test]
async fn a_foreign_page_is_a_foreign_answer() {
    let page = "<!doctype html>\n<html><title>Sign in</title></html>";
    let answer = ResponseTemplate::new(200).set_body_raw(page, "text/html");
    let error = generate(answer).await.unwrap_err();
    assert_eq!(
        (error.code(), error.retry_limit()),
        ("foreign_answer", Some(1))
    );
    let text = error.to_string();
    assert!(
        text.contains("text/html") && text.contains("Sign in"),
        "{text}"
    );
}

#[tokio::test]
async fn a_cut_off_answer_is_a_retryable_error() {
    let half = &REPLY[..REPLY.len() / 2];
    let promised = format!("{OK_JSON}content-length: {}\r\n\r\n{half}", REPLY.len());
    let unframed = format!("{OK_JSON}\r\n{half}");
    for (bytes, then) in [
        (promised.clone(), Then::Close),
        (promised, Then::Reset),
        (unframed, Then::Close),
        (format!("{OK_JSON}\r\n"), Then::Close),
    ] {
        let server = saying(vec![bytes.into_bytes()], then).await;
        let client = client(&server.base_url);
        let error = client
            .generate(&GenerateRequest::new("Hi"))
            .await
            .unwrap_err();
        assert_eq!(
            (error.code(), error.is_retryable()),
            ("answer_interrupted", true)
        );
    }
}

#[tokio::test]
async fn a_failed_connection_is_retryable() {
    for then in [Then::Close, Then::Reset] {
        let server = saying(vec![], then).await;
        let error = ask(&client(&server.base_url)).await.unwrap_err();
        assert_eq!(
            (error.code(), error.is_retryable()),
            ("connection_failed", true)
        );
        let error = ask(&client(&server.base_url)).await.unwrap_err();
        assert_eq!(
            (error.code(), error.is_retryable()),
            ("connection_failed", true)
        );
    }
}

async fn ask(client: &GeminiClient) -> Result<Reply, GeminiError> {
    client.generate(&GenerateRequest::new("Hi")).await
}

#[tokio::test]
async fn each_phase_has_its_timeout() {
    let nothing = saying(vec![], Then::Stall).await;
    let head = saying(vec![format!("{OK_JSON}\r\n").into_bytes()], Then::Stall).await;
    for server in [nothing, head] {
        let client = client(&server.base_url);
        // Virtual time starts when only the timeout is left to wait for.
        let pause = async {
            server.answered.await.unwrap();
            tokio::time::pause();
        };
        let (result, ()) = tokio::join!(ask(&client), pause);
        tokio::time::resume();
        let error = result.unwrap_err();
        assert_eq!(
            (error.code(), error.is_retryable()),
            ("model_timeout", true)
        );
        assert!(
            error.to_string().contains("300s to begin its answer"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn the_size_of_an_answer_is_limited_after_decompression() {
    let server = answering(json(200, REPLY)).await;
    let client = builder(&server.uri())
        .with_max_reply_bytes(100)
        .build()
        .unwrap();
    let error = ask(&client).await.unwrap_err();
    assert_eq!(
        (error.code(), error.is_retryable()),
        ("answer_too_large", false)
    );

    let bomb = include_bytes!("fixtures/nine-mib-of-blanks.json.gz");
    assert!(bomb.len() < 20_000);
    let answer = json(200, bomb).insert_header("content-encoding", "gzip");
    let error = generate(answer).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the Gemini API's answer is larger than 8388608 bytes (`max_reply_bytes`)"
    );
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let answer = ResponseTemplate::new(307).insert_header("location", "/elsewhere");
    let server = answering(answer).await;
    let error = ask(&client(&server.uri())).await.unwrap_err();
    assert_eq!((error.status(), error.is_retryable()), (Some(307), false));
    only_request(&server).await;
}
