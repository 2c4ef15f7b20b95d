//! The key is sent in one header, and appears in no other place.

mod common;

use std::error::Error;

use common::{
    KEY, answering, builder, client, json, only_request,
    raw::{OK_SSE, Then, saying},
    sse,
};
use futures::StreamExt;
use wiremock::ResponseTemplate;
use workflow_gemini::{GeminiClient, GeminiError, GenerateRequest};

/// The `Display` and `Debug` output of an error and of its sources.
fn shown(error: &GeminiError) -> String {
    let mut texts = vec![format!("{error} {error:?} {error:#?}")];
    let mut source = error.source();
    while let Some(error) = source {
        texts.push(format!("{error} {error:?}"));
        source = error.source();
    }
    texts.join(" ")
}

fn assert_hidden(error: &GeminiError) {
    let shown = shown(error);
    // Not a part of the key either: an excerpt must not end within it.
    assert!(!shown.contains(&KEY[..12]), "{shown}");
}

/// The errors of both methods.
async fn errors(client: &GeminiClient) -> Vec<GeminiError> {
    let request = GenerateRequest::new("Hi");
    let whole = client.generate(&request).await.err();
    let streamed = client
        .stream(&request)
        .filter_map(|chunk| async { chunk.err() });
    let mut errors: Vec<GeminiError> = streamed.collect().await;
    errors.extend(whole);
    errors
}

#[tokio::test]
async fn no_error_contains_the_key_even_if_the_server_echoes_it() {
    let echoes = [
        json(
            400,
            format!(r#"{{"error":{{"message":"API key {KEY} not valid","status":"{KEY}"}}}}"#),
        ),
        json(
            429,
            format!(
                r#"{{"error":{{"details":[{{"@type":"x.QuotaFailure","violations":[
            {{"quotaId":"PerDay-{KEY}"}}]}}]}}}}"#
            ),
        ),
        ResponseTemplate::new(502).set_body_string(format!("<p>{}{KEY}</p>", "x".repeat(990))),
        ResponseTemplate::new(200).set_body_raw(format!("<p>{KEY}</p>"), &format!("text/{KEY}")),
        ResponseTemplate::new(302).insert_header("location", format!("/?key={KEY}")),
        sse(format!(
            "data: {{\"error\":{{\"message\":\"bad {KEY}\"}}}}\n\n"
        )),
        sse(format!(
            r#"data: {{"candidates":[{{"finishReason":"{KEY}","finishMessage":"{KEY}"}}],"modelVersion":"{KEY}","responseId":"{KEY}"}}"#
        )),
        sse(format!(
            r#"data: {{"promptFeedback":{{"blockReason":"{KEY}","blockReasonMessage":"{KEY}","safetyRatings":[{{"category":"{KEY}","probability":"{KEY}"}}]}}}}"#
        )),
        json(200, format!("{{\"candidates\":\"{KEY}\"}}")),
    ];
    for echo in echoes {
        let server = answering(echo).await;
        let errors = errors(&client(&server.uri())).await;
        assert_eq!(errors.len(), 2);
        errors.iter().for_each(assert_hidden);
    }
}

#[tokio::test]
async fn no_error_contains_a_part_of_a_key_that_a_limit_has_cut() {
    let start = &KEY[..KEY.len() / 2];
    for cut in [1_000, 4_096, 64 * 1024] {
        for before in [cut - KEY.len() / 2, cut - KEY.len() + 1, cut - 1] {
            // Spaces are joined in an error, so that the end of a long answer is shown.
            let text = format!("{}{KEY}{}", " ".repeat(before), " ".repeat(cut));
            for echo in [
                ResponseTemplate::new(502).set_body_string(text.clone()),
                ResponseTemplate::new(200).set_body_raw(text, "text/html"),
            ] {
                let server = answering(echo).await;
                for error in errors(&client(&server.uri())).await {
                    assert!(
                        !shown(&error).contains(start),
                        "{before}: {}",
                        shown(&error)
                    );
                }
            }
        }
    }
}

#[tokio::test]
async fn no_connection_error_contains_the_key() {
    let refused = errors(&client("http://127.0.0.1:1")).await;
    let unknown = errors(&client("http://no-such-host.invalid")).await;
    let cut = saying(vec![OK_SSE.into()], Then::Reset).await;
    let cut = errors(&client(&cut.base_url)).await;
    let all: Vec<GeminiError> = [refused, unknown, cut].into_iter().flatten().collect();
    assert_eq!(all.len(), 6);
    all.iter().for_each(assert_hidden);
    assert!(
        !all.iter()
            .any(|error| shown(error).contains("generateContent")),
        "no URL either"
    );
}

#[tokio::test]
async fn no_debug_output_contains_the_key() {
    let builder = builder("https://example.com");
    let client = builder.clone().build().unwrap();
    let shown = format!("{builder:?} {builder:#?} {client:?} {client:#?}");
    assert!(!shown.contains(KEY) && shown.contains("***"), "{shown}");
}

#[tokio::test]
async fn the_key_is_sent_in_its_header_only() {
    let server = answering(json(200, "{}")).await;
    let client = builder(&server.uri())
        .with_api_key(format!(" {KEY}\r\n"))
        .build()
        .unwrap();
    client
        .generate(&GenerateRequest::new("Hi"))
        .await
        .unwrap_err();
    let sent = only_request(&server).await;
    assert!(!sent.url.as_str().contains(KEY));
    assert!(!String::from_utf8_lossy(&sent.body).contains(KEY));
    let with_key = sent
        .headers
        .iter()
        .filter(|(_, value)| value.as_bytes() == KEY.as_bytes());
    let names: Vec<&str> = with_key.map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["x-goog-api-key"]);
}

#[test]
fn the_public_types_can_be_shared() {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<GeminiClient>();
    shared::<GeminiError>();
    shared::<GenerateRequest>();
    shared::<workflow_gemini::LlmNode>();
}
