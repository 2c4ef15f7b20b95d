//! Requests to Restate that fail, and whether it can be reached.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use std::{
    error::Error,
    time::{Duration, Instant},
};

use tokio::time::{advance, pause};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{any, header, path},
};
use workflow_core::{
    fleet::{DispatchError, Dispatcher},
    value::RunId,
};
use workflow_restate::{Registration, RestateDispatcher, RestateStatus, SettingsError};
use workflow_test_services::Restate;

use self::common::{Scripted, Service, dispatcher};

/// An address at which nothing listens.
fn closed() -> String {
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    socket.local_addr().unwrap().to_string()
}

fn at(url: &str) -> RestateDispatcher {
    RestateDispatcher::builder(url).build().unwrap()
}

/// The error of a dispatch.
async fn refused(dispatcher: &RestateDispatcher) -> DispatchError {
    dispatcher.dispatch(RunId::new(), None).await.unwrap_err()
}

/// An error and its sources, as an operator reads them.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named() {
    let address = closed();
    let error = refused(&at(&format!("http://{address}"))).await;
    let text = chain(&error);
    let begin = format!(
        "the dispatcher did not take the run: Restate cannot be reached at http://{address}/: "
    );
    assert!(text.starts_with(&begin), "{text}");
    assert!(text.contains("Connection refused"), "{text}");
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_given_up() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let dispatcher = RestateDispatcher::builder(&url).with_timeout(Duration::from_millis(200));
    let begun = Instant::now();
    let text = chain(&refused(&dispatcher.build().unwrap()).await);
    assert!(begun.elapsed() < Duration::from_secs(4));
    assert!(text.contains("timed out"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restate_without_workers_says_so() {
    let restate = Restate::start();
    let text = chain(&refused(&dispatcher(&restate)).await);
    let expected = format!(
        "{}/ answered 404: service 'Runs' not found",
        restate.ingress_url()
    );
    assert!(text.contains(&expected), "{text}");
}

/// What a proxy, or something else than Restate, may answer.
#[tokio::test]
async fn answers_of_other_servers_are_shortened() {
    let long = "wrong ".repeat(10_000);
    for (answer, expected) in [
        (ResponseTemplate::new(502), "answered 502: "),
        (
            ResponseTemplate::new(500).set_body_string("<p>\n  down\n</p>"),
            "answered 500: <p> down </p>",
        ),
        (
            ResponseTemplate::new(400).set_body_string(r#"{"message": "no\nline"}"#),
            "answered 400: no line",
        ),
        (
            ResponseTemplate::new(301).insert_header("location", "https://elsewhere.example"),
            "answered 301: ",
        ),
        (
            ResponseTemplate::new(500).set_body_string(long),
            "answered 500: wrong wrong ",
        ),
    ] {
        let server = MockServer::start().await;
        Mock::given(any()).respond_with(answer).mount(&server).await;
        let dispatcher = at(&server.uri());
        let text = chain(&refused(&dispatcher).await);
        assert!(text.contains(expected), "{text}");
        assert!(text.len() < 700, "{text}");
        assert!(!dispatcher.status().is_reachable());
    }
}

#[tokio::test]
async fn the_password_of_a_url_is_sent_and_never_shown() {
    let server = MockServer::start().await;
    Mock::given(header("authorization", "Basic b3BzOnMzY3JldHMz"))
        .respond_with(ResponseTemplate::new(403).set_body_string("not with s3crets3"))
        .mount(&server)
        .await;
    let with_password = server.uri().replace("http://", "http://ops:s3crets3@");
    let text = chain(&refused(&at(&with_password)).await);
    assert!(text.ends_with("answered 403: not with ***"), "{text}");
    for url in [with_password, format!("http://ops:s3crets3@{}", closed())] {
        let builder = RestateDispatcher::builder(&url);
        let dispatcher = builder.clone().build().unwrap();
        let error = refused(&dispatcher).await;
        let ping = dispatcher.ping().await.unwrap_err();
        let registering = Registration::builder(&url, "http://workers.example");
        let registration = registering.clone().build().unwrap();
        let registered = registration.register().await.unwrap_err();
        for text in [
            chain(&error),
            chain(&ping),
            chain(&registered),
            format!("{error:?} {ping:?} {registered:?}"),
            format!("{builder:?} {dispatcher:?} {registering:?} {registration:?}"),
        ] {
            assert!(!text.contains("s3crets3"), "{text}");
            assert!(!text.contains("ops"), "{text}");
        }
    }
}

#[test]
fn urls_that_cannot_be_used_are_refused() {
    for url in [
        "",
        "restate:8080",
        "localhost",
        "ftp://restate",
        "http://",
        "http://restate?x=s3crets3",
        "http://restate#s3crets3",
        "http://ops:s3crets3@restate:port",
    ] {
        for refused in [
            RestateDispatcher::builder(url).build().unwrap_err(),
            Registration::builder(url, "http://w").build().unwrap_err(),
            Registration::builder("http://r", url).build().unwrap_err(),
        ] {
            assert!(
                matches!(refused, SettingsError::InvalidUrl { .. }),
                "{refused:?}"
            );
            let text = format!("{refused} {refused:?}");
            assert!(!text.contains("s3crets3"), "{text}");
        }
    }
    let with_user = Registration::builder("http://r", "http://ops:s3crets3@w").build();
    assert!(matches!(
        with_user,
        Err(SettingsError::InvalidUrl {
            of: "the workers",
            ..
        })
    ));
}

#[tokio::test]
async fn a_path_in_the_url_is_kept() {
    let server = MockServer::start().await;
    let run = RunId::new();
    for base in ["/restate/eu", "/restate/eu/"] {
        let expected = format!("/restate/eu/Runs/{run}/drive/send");
        Mock::given(path(expected))
            .respond_with(ResponseTemplate::new(202))
            .expect(1)
            .mount(&server)
            .await;
        let dispatcher = at(&format!("{}{base}", server.uri()));
        dispatcher.dispatch(run, None).await.unwrap();
        server.verify().await;
        server.reset().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_probe_asks_restate_only_when_it_was_not_reached_lately() {
    let service = Service::start(&Scripted::ending_after(Duration::ZERO)).await;
    let dispatcher = &service.dispatcher;
    assert!(!dispatcher.status().is_reachable());
    assert_eq!(dispatcher.status().since_reached(), None);
    dispatcher.ping().await.unwrap();
    assert!(dispatcher.status().is_reachable());
    // It was reached just now, so it is not asked.
    service.restate.kill();
    dispatcher.ping().await.unwrap();
    // Nobody has reached it by another dispatcher.
    let other = common::dispatcher(&service.restate);
    assert!(other.ping().await.is_err());
    service.restate.start_again();
    other.ping().await.unwrap();
    let third = common::dispatcher(&service.restate);
    // It answers before it knows the workers again.
    common::until_ok("dispatched", || third.dispatch(RunId::new(), None)).await;
    assert!(third.status().is_reachable());
}

#[tokio::test]
async fn a_success_counts_for_ten_seconds() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(200))
        .mount(&server)
        .await;
    let status = RestateStatus::new();
    let dispatcher = RestateDispatcher::builder(&server.uri()).with_status(&status);
    dispatcher.build().unwrap().ping().await.unwrap();
    pause();
    assert!(status.is_reachable());
    advance(Duration::from_millis(9_900)).await;
    assert!(status.is_reachable());
    advance(Duration::from_millis(200)).await;
    assert!(!status.is_reachable());
    assert!(status.since_reached().unwrap() > Duration::from_secs(10));
}
