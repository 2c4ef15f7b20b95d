//! Asks a client, and collects what it answers.

use std::{error::Error, iter, sync::Arc};

use futures::StreamExt;
use workflow_core::value::Usage;

use super::{
    server::{Reply, Server},
    wire::{WireAnswer, WireProvider},
};
use crate::{
    error::ModelError,
    message::Message,
    model::ModelStream,
    request::ModelRequest,
    turn::{ModelChunk, ModelTurn},
};

/// All of an answer.
#[derive(Debug)]
pub(super) struct Heard {
    pub(super) text: String,
    pub(super) usage: Option<Usage>,
    pub(super) end: Result<ModelTurn, ModelError>,
}

impl Heard {
    /// The turn.
    pub(super) fn turn(self) -> ModelTurn {
        self.end.unwrap()
    }

    /// The error.
    pub(super) fn error(self) -> ModelError {
        self.end.unwrap_err()
    }
}

/// A streamed request.
pub(super) fn hello() -> ModelRequest {
    ModelRequest::new([Message::user("Hi")])
}

/// Reads a stream to its end, after which nothing follows.
pub(super) async fn hear(mut stream: ModelStream) -> Heard {
    let (mut text, mut usage) = (String::new(), None);
    let end = loop {
        match stream.next().await {
            Some(Ok(ModelChunk::Text(more))) => {
                assert!(!more.is_empty(), "a chunk of no text");
                text.push_str(&more);
            }
            Some(Ok(ModelChunk::Usage(total))) => usage = Some(total),
            Some(Ok(ModelChunk::Done(turn))) => break Ok(*turn),
            Some(Ok(_)) => {}
            Some(Err(error)) => break Err(error),
            None => panic!("a stream ends with `Done` or an error"),
        }
    };
    assert!(stream.next().await.is_none(), "something follows the end");
    Heard { text, usage, end }
}

/// The answer to a request that a server gives.
pub(super) async fn ask(
    provider: &dyn WireProvider,
    request: ModelRequest,
    reply: Reply,
) -> (Heard, Server) {
    let server = Server::start(reply).await;
    let client = provider.client(&server.base_url);
    let heard = hear(client.ask(Arc::new(request))).await;
    (heard, server)
}

/// The body of a stream, with this line end. `None` if the API cannot write it so.
pub(super) fn stream_of(
    provider: &dyn WireProvider,
    answer: &WireAnswer,
    line_end: &str,
) -> Option<Vec<u8>> {
    let events = provider.events(answer)?;
    let all = events.contents.iter().chain(&events.end);
    Some(lines(all, line_end))
}

/// Events with this data.
pub(super) fn lines<'a>(data: impl IntoIterator<Item = &'a String>, line_end: &str) -> Vec<u8> {
    let events = data.into_iter();
    let events = events.map(|data| format!("data: {data}{line_end}{line_end}"));
    events.collect::<String>().into_bytes()
}

/// The turn of a streamed answer. `None` if the API cannot write it so.
pub(super) async fn streamed(
    provider: &dyn WireProvider,
    request: ModelRequest,
    answer: &WireAnswer,
) -> Option<Heard> {
    let body = stream_of(provider, answer, "\n")?;
    Some(ask(provider, request, Reply::stream(body)).await.0)
}

/// The `Display` and `Debug` output of an error and of its sources.
pub(super) fn shown(error: &ModelError) -> String {
    let first = format!("{error} {error:?} {:?} {:?}", error.hint(), error.answer());
    let sources = iter::successors(error.source(), |error| (**error).source());
    let sources = sources.map(|error| format!(" {error} {error:?}"));
    iter::once(first).chain(sources).collect()
}
