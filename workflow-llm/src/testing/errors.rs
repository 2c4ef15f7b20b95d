//! Cases of requests without an answer.

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use tokio::net::TcpListener;

use super::{
    hear::{ask, hear, hello, lines, shown},
    server::{Reply, Server},
    wire::{WireAnswer, WireProvider},
};
use crate::{error::Delivery, turn::ModelChunk};

pub async fn an_answer_that_is_cut_off_is_interrupted(provider: &dyn WireProvider) {
    let events = provider.events(&WireAnswer::texts(["So ", "far"])).unwrap();
    let body = lines(&events.contents, "\n");
    // Between two events, and within one.
    for cut in [0, 9] {
        let body = &body[..body.len() - cut];
        let (heard, _) = ask(provider, hello(), Reply::stream(body)).await;
        assert!(heard.text.starts_with("So "), "{:?}", heard.text);
        let error = heard.error();
        assert_eq!(error.code(), "answer_interrupted");
        assert_eq!(error.retry_limit(), None);
        assert!(!error.has_final_usage(), "it may have used more");
    }
}

pub async fn an_error_in_the_middle_ends_the_answer(provider: &dyn WireProvider) {
    let mut events = provider.events(&WireAnswer::texts(["So ", "far"])).unwrap();
    events.contents.push(provider.overloaded());
    let body = lines(&events.contents, "\n");
    let (heard, _) = ask(provider, hello(), Reply::stream(body)).await;
    assert_eq!(heard.text, "So far");
    let error = heard.error();
    assert!(error.is_retryable());
    assert_ne!(error.code(), "answer_interrupted");
    assert_eq!(error.delivery(), Delivery::Reached);
    assert!(!error.has_final_usage(), "it may have used more");
}

pub async fn a_rate_limit_is_retried_after_the_wait_that_is_asked_for(provider: &dyn WireProvider) {
    let reply = Reply::new(429, provider.refusal(429, "too many requests"));
    let reply = reply.with_header("retry-after", "7");
    let (heard, server) = ask(provider, hello(), reply).await;
    let error = heard.error();
    assert_eq!(error.code(), "rate_limited");
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
    assert_eq!(error.retry_limit(), None);
    assert!(error.is_unavailable(), "another model may answer");
    assert!(error.has_final_usage(), "it used nothing");
    assert_eq!(server.bodies().len(), 1, "a client does not retry");
}

pub async fn a_rate_limit_without_a_wait_is_retried(provider: &dyn WireProvider) {
    let reply = Reply::new(429, provider.refusal(429, "too many requests"));
    let (heard, _) = ask(provider, hello(), reply).await;
    let error = heard.error();
    assert_eq!(error.code(), "rate_limited");
    assert_eq!((error.retry_limit(), error.retry_after()), (None, None));
}

pub async fn a_refused_connection_costs_nothing(provider: &dyn WireProvider) {
    // A port that nothing listens at: it was free a moment ago.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let client = provider.client(&base_url);
    let error = hear(client.ask(Arc::new(hello()))).await.error();
    assert_eq!(error.code(), "connection_failed");
    assert_eq!(error.retry_limit(), None);
    assert_eq!(error.delivery(), Delivery::NotReached);
    assert!(error.was_sent() && error.has_final_usage());
    assert!(!error.is_unavailable(), "it says nothing about the model");
    let cause = error.to_string().to_lowercase();
    assert!(cause.contains("refused"), "{cause}");
}

pub async fn a_key_is_in_no_error(provider: &dyn WireProvider) {
    let key = provider.key();
    for status in [400, 401, 404, 429, 500, 503] {
        let refusal = provider.refusal(status, &format!("not with {key}"));
        let echo = format!("<html>{key}</html>");
        for body in [refusal, echo] {
            let (heard, _) = ask(provider, hello(), Reply::new(status, body)).await;
            let shown = shown(&heard.error());
            assert!(!shown.contains(key), "{status}: {shown}");
        }
    }
}

pub async fn a_redirect_is_not_followed(provider: &dyn WireProvider) {
    let target = Server::start(Reply::new(200, "{}")).await;
    for status in [302, 307, 308] {
        let reply = Reply::new(status, "").with_header("location", &target.base_url);
        let (heard, _) = ask(provider, hello(), reply).await;
        assert!(!heard.error().is_retryable());
    }
    assert!(
        target.bodies().is_empty(),
        "the key would reach another host"
    );
}

pub async fn dropping_the_stream_closes_the_connection(provider: &dyn WireProvider) {
    let events = provider.events(&WireAnswer::texts(["So ", "far"])).unwrap();
    let reply = Reply::stream(lines(&events.contents, "\n")).stalling();
    let mut server = Server::start(reply).await;
    let client = provider.client(&server.base_url);
    let mut stream = client.ask(Arc::new(hello()));
    while !matches!(stream.next().await.unwrap().unwrap(), ModelChunk::Text(_)) {}
    drop(stream);
    server.hung_up().await;
}
