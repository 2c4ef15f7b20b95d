//! Shared helpers of the tests.
#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

use std::{collections::VecDeque, io, net::IpAddr, sync::Arc, sync::Mutex};

use async_trait::async_trait;
use futures::StreamExt;
use serde_json::{Value, json};
use wiremock::{Mock, MockServer, Request, ResponseTemplate, matchers::any};
use workflow_core::{Executor, Registry, Run, StepEvent, Update, Workflow};
use workflow_fetch::{HttpClient, HttpClientBuilder, Resolver};
use workflow_httpkit::testing::{RawServer, Then};

/// A client that may call this origin at loopback addresses.
pub(crate) fn local(origin: &str) -> HttpClientBuilder {
    HttpClient::builder()
        .with_origin(origin)
        .with_private_addresses(origin, "127.0.0.1")
}

pub(crate) fn registry(client: HttpClientBuilder) -> Registry {
    let mut registry = Registry::default();
    workflow_fetch::register(&mut registry, client.build().unwrap());
    registry
}

/// Runs a workflow of one `HttpNode`.
pub(crate) fn run(client: HttpClientBuilder, data: &Value, input: impl Into<Value>) -> Run {
    let nodes = json!({"nodes": [{"id": "call", "type": "HttpNode", "data": data}]});
    let workflow = Workflow::from_spec(&nodes, &registry(client)).unwrap();
    Executor::new().run(Arc::new(workflow), input.into())
}

pub(crate) async fn events(mut run: Run) -> Vec<StepEvent> {
    let mut events = Vec::new();
    while let Some(update) = run.next().await {
        if let Update::Event(event) = update {
            events.push(event);
        }
    }
    events
}

/// The last event of a run, as JSON.
pub(crate) async fn end(run: Run) -> Value {
    serde_json::to_value(events(run).await.last().unwrap()).unwrap()
}

/// The output of a call that succeeds.
pub(crate) async fn output(client: HttpClientBuilder, data: &Value) -> Value {
    let mut end = end(run(client, data, Value::Null)).await;
    assert_eq!(end["type"], "run.completed", "{end:#}");
    end["output"].take()
}

/// The error of a call that fails.
pub(crate) async fn error(client: HttpClientBuilder, data: &Value) -> Value {
    let mut end = end(run(client, data, Value::Null)).await;
    assert_eq!(end["type"], "run.failed", "{end:#}");
    end["error"].take()
}

/// A server that sends this response to every request.
pub(crate) async fn answering(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

pub(crate) fn text(status: u16, body: impl Into<Vec<u8>>) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(body, "text/plain")
}

pub(crate) fn redirect(status: u16, to: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).insert_header("location", to)
}

/// A raw server that sends these bytes.
pub(crate) async fn saying(bytes: &str, then: Then) -> RawServer {
    let pieces = vec![bytes.as_bytes().to_vec()];
    RawServer::start(pieces, then, |_| {}).await.unwrap()
}

/// The only request that the server received.
pub(crate) async fn only_request(server: &MockServer) -> Request {
    let mut requests = server.received_requests().await.unwrap();
    assert_eq!(requests.len(), 1);
    requests.remove(0)
}

/// A resolver that returns each of these answers once, and then repeats the last one.
#[derive(Clone, Default)]
pub(crate) struct Scripted {
    answers: Arc<Mutex<VecDeque<Vec<IpAddr>>>>,
    pub(crate) asked: Arc<Mutex<Vec<String>>>,
}

pub(crate) fn resolving(answers: &[&[&str]]) -> Scripted {
    let answers = answers.iter().map(|answer| {
        let addresses = answer.iter().map(|address| address.parse().unwrap());
        addresses.collect()
    });
    Scripted {
        answers: Arc::new(Mutex::new(answers.collect())),
        asked: Arc::default(),
    }
}

#[async_trait]
impl Resolver for Scripted {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        self.asked.lock().unwrap().push(name.to_owned());
        let mut answers = self.answers.lock().unwrap();
        let next = if answers.len() > 1 {
            answers.pop_front()
        } else {
            answers.front().cloned()
        };
        next.ok_or_else(|| io::Error::other("no such name"))
    }
}
