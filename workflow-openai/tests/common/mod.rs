//! Shared helpers of the tests.
#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

use std::{error::Error, sync::Arc};

use futures::StreamExt;
use serde_json::Value;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};
use workflow_core::value::Usage;
use workflow_httpkit::testing::{RawServer, Then};
use workflow_llm::{Message, Model, ModelChunk, ModelError, ModelRequest, ModelStream, ModelTurn};
use workflow_openai::{OpenAiClient, OpenAiClientBuilder};

/// A key that must not appear in any output.
pub(crate) const KEY: &str = "sk-not-a-real-key-0123456789";

/// The head of a streamed answer without a length.
pub(crate) const OK_SSE: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";

pub(crate) fn builder(base_url: &str) -> OpenAiClientBuilder {
    OpenAiClient::builder()
        .with_name("local")
        .with_base_url(format!("{base_url}/v1"))
        .with_api_key(KEY)
        .with_model("m1")
}

pub(crate) fn client(base_url: &str) -> OpenAiClient {
    builder(base_url).build().unwrap()
}

/// A server that sends this answer to every request.
pub(crate) async fn answering(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

pub(crate) fn json(status: u16, body: impl Into<Vec<u8>>) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(body, "application/json")
}

pub(crate) fn sse(body: impl Into<Vec<u8>>) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(body, "text/event-stream; charset=utf-8")
}

/// A server for one request that sends these pieces.
pub(crate) async fn saying(pieces: Vec<Vec<u8>>, then: Then) -> RawServer {
    RawServer::start(pieces, then, |_| {}).await.unwrap()
}

/// Events with these objects, and `[DONE]`.
pub(crate) fn events(chunks: &[Value]) -> String {
    let events = chunks.iter().map(|chunk| format!("data: {chunk}\n\n"));
    events.chain(["data: [DONE]\n\n".to_owned()]).collect()
}

pub(crate) fn hello() -> ModelRequest {
    ModelRequest::new([Message::user("Hi")])
}

pub(crate) fn ask(client: &OpenAiClient, request: ModelRequest) -> ModelStream {
    client.ask(Arc::new(request))
}

/// All of an answer.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) text: String,
    pub(crate) thoughts: String,
    pub(crate) usages: Vec<Usage>,
    pub(crate) end: Result<ModelTurn, ModelError>,
}

pub(crate) async fn hear(mut stream: ModelStream) -> Heard {
    let (mut text, mut thoughts, mut usages) = (String::new(), String::new(), Vec::new());
    let end = loop {
        match stream
            .next()
            .await
            .expect("a stream ends with `Done` or an error")
        {
            Ok(ModelChunk::Text(more)) => text.push_str(&more),
            Ok(ModelChunk::Thought(more)) => thoughts.push_str(&more),
            Ok(ModelChunk::Usage(usage)) => usages.push(usage),
            Ok(ModelChunk::Done(turn)) => break Ok(*turn),
            Ok(_) => {}
            Err(error) => break Err(error),
        }
    };
    assert!(stream.next().await.is_none(), "nothing follows the end");
    Heard {
        text,
        thoughts,
        usages,
        end,
    }
}

/// The answer of a server that sends this body as a stream.
pub(crate) async fn hear_stream(body: &str) -> Heard {
    let server = answering(sse(body)).await;
    hear(ask(&client(&server.uri()), hello())).await
}

/// The answer of a server that sends this body as a whole.
pub(crate) async fn hear_whole(body: &Value) -> Heard {
    let server = answering(json(200, body.to_string())).await;
    let mut request = hello();
    request.streams = false;
    hear(ask(&client(&server.uri()), request)).await
}

/// The error of a request.
pub(crate) async fn error_of(client: &OpenAiClient, request: ModelRequest) -> ModelError {
    hear(ask(client, request)).await.end.unwrap_err()
}

/// The `Display` and `Debug` output of an error and of its sources.
pub(crate) fn shown(error: &ModelError) -> String {
    let mut texts = vec![format!(
        "{error} {error:?} {:?} {:?}",
        error.hint(),
        error.answer()
    )];
    let mut source = error.source();
    while let Some(error) = source {
        texts.push(format!("{error} {error:?}"));
        source = error.source();
    }
    texts.join(" ")
}
