//! The key and the headers are sent to one address, and appear in no other place.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod common;

use common::{KEY, answering, builder, client, error_of, hello, json as answer, shown, sse};
use wiremock::ResponseTemplate;
use workflow_llm::{Model, ModelError};
use workflow_openai::{ConfigError, OpenAiClient};

async fn error(answer: ResponseTemplate) -> ModelError {
    let server = answering(answer).await;
    error_of(&client(&server.uri()), hello()).await
}

#[tokio::test]
async fn no_error_contains_the_key_or_a_header_even_if_the_server_echoes_it() {
    const HEADER: &str = "azure-key-9876543210";
    for secret in [KEY, HEADER] {
        let chunk = |json: String| sse(format!("data: {json}\n\n"));
        for answer in [
            answer(
                401,
                format!(
                    r#"{{"error":{{"message":"Incorrect API key: {secret}","type":"{secret}","code":"{secret}"}}}}"#
                ),
            ),
            answer(500, format!(r#"{{"error":"{secret}"}}"#)).insert_header("x-request-id", secret),
            ResponseTemplate::new(502)
                .set_body_string(format!("<p>{}{secret}</p>", "x".repeat(990))),
            ResponseTemplate::new(500)
                .set_body_string(format!("{}{secret}", " ".repeat(65_536 - 10))),
            ResponseTemplate::new(200)
                .set_body_raw(format!("<p>{secret}</p>"), &format!("text/{secret}")),
            ResponseTemplate::new(200)
                .set_body_raw(format!("{}{secret}", " ".repeat(4_096 - 10)), "text/x"),
            ResponseTemplate::new(302).insert_header("location", format!("/?key={secret}")),
            chunk(format!(r#"{{"error":{{"message":"bad {secret}"}}}}"#)),
            chunk(format!("oops {secret}")),
            chunk(format!(
                r#"{{"id":"{secret}","model":"{secret}","choices":[{{"finish_reason":"{secret}","delta":{{"refusal":"{secret}"}}}}]}}"#
            )),
        ] {
            let server = answering(answer).await;
            let client = builder(&server.uri())
                .with_header("api-key", HEADER)
                .build()
                .unwrap();
            let shown = shown(&error_of(&client, hello()).await);
            assert!(!shown.contains(&secret[..9]), "{shown}");
        }
        let client = builder("http://localhost:1").with_header("api-key", HEADER);
        let shown = format!(
            "{client:?} {:?} {:?}",
            client.clone().build().unwrap(),
            client.clone().build().unwrap().provider()
        );
        assert!(!shown.contains(&secret[..9]), "{shown}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let other = answering(answer(200, "{}")).await;
    for status in [301, 302, 307, 308] {
        let redirect = ResponseTemplate::new(status)
            .insert_header("location", format!("{}/v1/chat/completions", other.uri()));
        assert_eq!(error(redirect).await.code(), "request_rejected");
    }
    assert_eq!(other.received_requests().await.unwrap().len(), 0);
}

#[test]
fn settings_are_checked() {
    let build = |change: fn(
        workflow_openai::OpenAiClientBuilder,
    ) -> workflow_openai::OpenAiClientBuilder| {
        change(builder("http://localhost:1")).build().unwrap_err()
    };
    assert!(matches!(
        build(|it| it.with_api_key("a\nsecret")),
        ConfigError::InvalidKey
    ));
    assert!(matches!(
        build(|it| it.with_base_url("ftp://x")),
        ConfigError::InvalidBaseUrl { .. }
    ));
    assert!(matches!(
        build(|it| it.with_max_in_flight(0)),
        ConfigError::NothingAllowed {
            limit: "max_in_flight"
        }
    ));
    for (name, value) in [
        ("a b", "x"),
        ("x", "a\nsecret"),
        ("Host", "x"),
        ("Authorization", "Bearer x"),
        ("Content-Type", "text/x"),
    ] {
        let error = builder("http://localhost:1")
            .with_header(name, value)
            .build()
            .unwrap_err();
        assert!(matches!(error, ConfigError::InvalidHeader { .. }), "{name}");
        assert!(!format!("{error} {error:?}").contains("secret"));
    }
    // Without a key, another header may have one.
    let client = OpenAiClient::builder()
        .with_header("authorization", "Basic x")
        .build();
    assert_eq!(client.unwrap().provider().default_model(), "");
}
