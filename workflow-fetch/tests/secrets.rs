//! A secret is sent in its header, and appears in no other place.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod common;

use std::sync::{Arc, Mutex};

use common::{answering, error, events, local, only_request, output, redirect, run, text};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;
use workflow_fetch::{FromEnv, HttpClient, HttpClientBuilder, HttpData, HttpNode};

const TOKEN: &str = "S3cret-token/0123456789";

fn with_token(origin: &str) -> HttpClientBuilder {
    local(origin)
        .with_secrets(|name: &str, _: &str| (name == "TOKEN").then(|| format!("Bearer {TOKEN}")))
}

fn get(url: &str) -> Value {
    json!({"url": url, "headers": {"authorization": {"$secret": "TOKEN"}}})
}

#[tokio::test]
async fn a_secret_is_sent_in_its_header_only() {
    let server = answering(text(200, "")).await;
    output(with_token(&server.uri()), &get(&server.uri())).await;
    let sent = only_request(&server).await;
    let with_token = sent
        .headers
        .iter()
        .filter(|(_, value)| value.to_str().unwrap().contains(TOKEN));
    let names: Vec<&str> = with_token.map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["authorization"]);
    assert!(!sent.url.as_str().contains(TOKEN));
}

#[tokio::test]
async fn no_event_contains_a_secret_even_if_the_server_echoes_it() {
    let json = |status, body: Value| ResponseTemplate::new(status).set_body_json(body);
    let escaped = TOKEN.replace('/', "\\u002F");
    let encoded = TOKEN.replace('/', "%2F");
    let echoes = [
        json(
            200,
            json!({"headers": {"authorization": format!("Bearer {TOKEN}")}}),
        ),
        json(200, json!({TOKEN: [TOKEN, {"deep": format!("x{TOKEN}y")}]})),
        ResponseTemplate::new(200).set_body_raw(format!("\"{escaped}\""), "application/json"),
        text(200, format!("your token is {TOKEN}")),
        text(200, format!("/login?token={encoded}&x=1")),
        text(200, TOKEN.to_uppercase()),
        text(200, "").insert_header("x-echo", TOKEN),
        text(403, format!("bad token {TOKEN}")),
        text(502, format!("{}{TOKEN}", "x".repeat(490))),
        text(502, format!("{}{TOKEN}", " ".repeat(64 * 1024 - 9))),
        ResponseTemplate::new(200).set_body_raw(format!("{{\"{TOKEN}"), "application/json"),
        ResponseTemplate::new(200).set_body_raw(b"\xff".to_vec(), &format!("x/{TOKEN}")),
        redirect(302, &format!("https://example.com/{TOKEN}")),
        redirect(302, &format!("https://user:{TOKEN}@example.com/")),
    ];
    for (index, echo) in echoes.into_iter().enumerate() {
        let server = answering(echo).await;
        let events = events(run(with_token(&server.uri()), &get(&server.uri()), "")).await;
        let events = events.iter();
        let shown: Vec<String> = events
            .map(|event| format!("{event:?} {}", serde_json::to_string(event).unwrap()))
            .collect();
        let shown = shown.join("\n").to_lowercase();
        // Not a part of it either: an excerpt must not end within it.
        let part = TOKEN[..8].to_lowercase();
        assert!(!shown.contains(&part), "{index}: {shown}");
    }
}

#[tokio::test]
async fn a_secret_in_the_host_of_a_redirect_is_hidden_in_lower_case_too() {
    let token = "AbCdEfGhIjKlMnOp";
    let server = answering(redirect(302, &format!("https://{token}.example.com/"))).await;
    let client = local(&server.uri()).with_secrets(move |_: &str, _: &str| Some(token.to_owned()));
    let error = error(client, &get(&server.uri())).await;
    assert_eq!(error["code"], "origin_not_allowed");
    assert!(
        error["detail"]
            .as_str()
            .unwrap()
            .contains("https://***.example.com"),
        "{error:#}"
    );
}

#[tokio::test]
async fn no_debug_output_contains_a_secret() {
    let builder = with_token("https://cms.example.com").with_origin("https://user:pa55@x.example");
    assert!(!format!("{builder:?} {builder:#?}").contains("pa55"));
    let refused = builder.build().unwrap_err();
    assert!(!format!("{refused} {refused:?}").contains("pa55"));
    let client = with_token("https://cms.example.com").build().unwrap();
    assert!(format!("{client:?}").contains("https://cms.example.com"));
    let data: HttpData = serde_json::from_value(get("https://cms.example.com")).unwrap();
    let node = HttpNode::new(client.clone(), data);
    let shown = format!("{client:?} {node:?} {:?}", FromEnv::new(["CARGO_PKG_NAME"]));
    assert!(
        !shown.contains(TOKEN) && !shown.contains(env!("CARGO_PKG_NAME")),
        "{shown}"
    );
}

#[tokio::test]
async fn an_unknown_secret_is_named_and_nothing_is_sent() {
    let server = answering(text(200, "")).await;
    let empty = local(&server.uri()).with_secrets(|_: &str, _: &str| Some(String::new()));
    let none = local(&server.uri());
    let other = local(&server.uri()).with_secrets(FromEnv::new(["OTHER"]));
    for client in [empty, none, other] {
        let error = error(client, &get(&server.uri())).await;
        assert_eq!(error["code"], "unknown_secret");
        assert!(
            error["detail"].as_str().unwrap().contains("`TOKEN`"),
            "{error:#}"
        );
        assert!(
            error["hint"].as_str().unwrap().contains("secrets"),
            "{error:#}"
        );
    }
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_secret_is_read_when_needed_and_never_for_an_origin_that_is_not_allowed() {
    let server = answering(text(200, "")).await;
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = Arc::clone(&asked);
    let client = local(&server.uri()).with_secrets(move |name: &str, origin: &str| {
        log.lock().unwrap().push(format!("{name} for {origin}"));
        Some("x".to_owned())
    });
    error(client.clone(), &get("https://evil.example.com")).await;
    assert!(asked.lock().unwrap().is_empty());
    output(client, &get(&server.uri())).await;
    assert_eq!(
        *asked.lock().unwrap(),
        [format!("TOKEN for {}", server.uri())]
    );
}

#[tokio::test]
async fn a_secret_that_is_no_valid_header_value_is_not_shown() {
    let server = answering(text(200, "")).await;
    let client = local(&server.uri()).with_secrets(|_: &str, _: &str| Some(format!("{TOKEN}\nx")));
    let error = error(client, &get(&server.uri())).await;
    assert_eq!(error["code"], "invalid_header");
    assert!(!error.to_string().contains(TOKEN));
}

#[test]
fn the_public_types_can_be_shared() {
    fn shared<T: Send + Sync + std::fmt::Debug + 'static>() {}
    shared::<HttpClient>();
    shared::<HttpClientBuilder>();
    shared::<HttpData>();
    shared::<HttpNode>();
    shared::<FromEnv>();
    shared::<workflow_fetch::ConfigError>();
}
