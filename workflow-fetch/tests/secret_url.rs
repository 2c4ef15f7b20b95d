//! A URL that is a secret is called within the same rules, and appears in no other place.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod common;

use common::{answering, error, events, local, only_request, output, redirect, run, text};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;
use workflow_fetch::{FromEnv, HttpClient, HttpClientBuilder};

const PATH: &str = "/services/T0123456/b-A1b2C3d4E5f6";

fn with_url(origin: &str, url: &str) -> HttpClientBuilder {
    let url = url.to_owned();
    local(origin).with_secrets(move |name: &str, _: &str| (name == "HOOK").then(|| url.clone()))
}

fn post() -> Value {
    json!({"method": "POST", "url": {"$secret": "HOOK"}, "json": {"text": "Hi"}})
}

#[tokio::test]
async fn it_is_called_with_the_query_of_the_workflow() {
    let server = answering(text(200, "ok")).await;
    let url = format!(" {}{PATH}?v=1#part\n", server.uri());
    let mut data = post();
    data["query"] = json!({"thread": "a b"});
    let output = output(with_url(&server.uri(), &url), &data).await;
    assert_eq!(output["body"], "ok");
    let sent = only_request(&server).await;
    let path = format!("{}?{}", sent.url.path(), sent.url.query().unwrap());
    assert_eq!(path, format!("{PATH}?v=1&thread=a+b"));
}

#[tokio::test]
async fn no_event_contains_a_part_of_it_even_if_the_server_echoes_it() {
    let json = |status, body: Value| ResponseTemplate::new(status).set_body_json(body);
    let echoes = |origin: &str| {
        [
            text(200, format!("called {origin}{PATH}?token=zYxWv98765")),
            text(404, format!("there is no {PATH}?token=zYxWv98765")),
            text(404, "there is no B-A1B2C3D4E5F6"),
            json(
                200,
                json!({"path": PATH, "token": "zYxWv98765", "team": "T0123456"}),
            ),
            text(200, format!("/login?from={}", PATH.replace('/', "%2F"))),
            text(200, "").insert_header("x-path", PATH),
            redirect(302, &format!("https://other.example.com{PATH}")),
            redirect(307, &format!("{PATH}?token=zYxWv98765&again")),
            ResponseTemplate::new(200).set_body_raw(format!("{{\"{PATH}"), "application/json"),
        ]
    };
    for index in 0..echoes("").len() {
        let server = wiremock::MockServer::start().await;
        let echo = echoes(&server.uri())[index].clone();
        wiremock::Mock::given(wiremock::matchers::any())
            .respond_with(echo)
            .mount(&server)
            .await;
        let url = format!("{}{PATH}?token=zYxWv98765", server.uri());
        let events = events(run(with_url(&server.uri(), &url), &post(), "")).await;
        let shown = events
            .iter()
            .map(|event| format!("{event:?} {}", serde_json::to_string(event).unwrap()));
        let shown = shown.collect::<Vec<_>>().join("\n").to_lowercase();
        for part in ["t0123456", "a1b2c3", "zyxwv"] {
            assert!(!shown.contains(part), "{index}: {part} in {shown}");
        }
        assert!(shown.contains("hook"), "{index}: its name is shown");
    }
}

#[tokio::test]
async fn only_an_allowed_origin_is_called() {
    let server = answering(text(200, "")).await;
    let origin = server.uri();
    for (url, code) in [
        ("https://hooks.example.com/T0123456", "origin_not_allowed"),
        ("ftp://hooks.example.com/T0123456", "origin_not_allowed"),
        ("hooks.example.com/T0123456", "invalid_url"),
        ("", "unknown_secret"),
        (" ", "unknown_secret"),
    ] {
        let error = error(with_url(&origin, url), &post()).await;
        assert_eq!(error["code"], code, "{error}");
        let shown = error.to_string();
        assert!(
            shown.contains("HOOK") && !shown.contains("T0123456"),
            "{shown}"
        );
        assert!(!shown.contains("hooks.example.com"), "{shown}");
    }
    let with_password = origin.replace("http://", "http://user:T0123456@");
    let error_of_password = error(with_url(&origin, &with_password), &post()).await;
    assert_eq!(error_of_password["code"], "invalid_url");
    assert!(!error_of_password.to_string().contains("T0123456"));
    let long = format!("{origin}/{}", "a".repeat(17_000));
    assert_eq!(
        error(with_url(&origin, &long), &post()).await["code"],
        "request_too_large"
    );
    let none = HttpClient::builder()
        .with_secrets(|_: &str, _: &str| Some("https://a.example.com".to_owned()));
    assert_eq!(error(none, &post()).await["code"], "unknown_secret");
    assert_eq!(server.received_requests().await.unwrap().len(), 0);
}

#[tokio::test]
async fn a_secret_that_is_bound_to_an_origin_is_a_url_of_it() {
    let server = answering(text(200, "")).await;
    let url = format!("{}{PATH}", server.uri());
    let bound = |origin: &str| {
        let url = url.clone();
        let secrets = FromEnv::default().with_name_for("HOOK", origin).unwrap();
        local(&server.uri())
            .with_origin("https://other.example.com")
            .with_secrets(secrets.with_reader(move |_| Some(url.clone())))
    };
    let refused = error(bound("https://other.example.com"), &post()).await;
    assert_eq!(refused["code"], "origin_not_allowed", "{refused}");
    output(bound(&server.uri()), &post()).await;
}

#[tokio::test]
async fn another_origin_learns_nothing_of_it() {
    let other = answering(text(200, "")).await;
    let server = answering(redirect(307, &format!("{}/next", other.uri()))).await;
    let url = format!("{}{PATH}", server.uri());
    let client = with_url(&server.uri(), &url).with_origin(other.uri());
    let client = client.with_private_addresses(other.uri(), "127.0.0.1");
    output(client, &post()).await;
    let sent = only_request(&other).await;
    let seen = format!("{:?} {}", sent.headers, sent.url);
    assert!(!seen.contains("T0123456"), "{seen}");
}

#[tokio::test]
async fn a_failed_connection_shows_the_origin_only() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = error(with_url(&origin, &format!("{origin}{PATH}")), &post()).await;
    assert_eq!(error["code"], "connection_failed");
    let shown = error.to_string();
    assert!(
        shown.contains(&origin) && !shown.contains("T0123456"),
        "{shown}"
    );
}
