//! The floor: the least code that passes the words of a model on, as the frames that the service sends.

use std::borrow::Cow;

use axum::{
    Json, Router,
    extract::State,
    response::{Sse, sse::Event},
    routing::post,
};
use futures::{Stream, stream};
use reqwest::{Client, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The path of the handler.
pub const PATH: &str = "/run";

/// A service with nothing but the handler. `model` is the address of the model.
pub fn router(model: &str) -> Router {
    let url = format!("http://{model}/v1beta/models/gemini:streamGenerateContent?alt=sse");
    Router::new()
        .route(PATH, post(run))
        .with_state((Client::new(), url))
}

/// What is needed of an event of the model.
#[derive(Deserialize)]
struct Piece<'a> {
    #[serde(borrow)]
    candidates: [Candidate<'a>; 1],
}

#[derive(Deserialize)]
struct Candidate<'a> {
    #[serde(borrow)]
    content: Content<'a>,
}

#[derive(Deserialize)]
struct Content<'a> {
    #[serde(borrow)]
    parts: [Part<'a>; 1],
}

#[derive(Deserialize)]
struct Part<'a> {
    #[serde(borrow)]
    text: Cow<'a, str>,
}

/// The data of a frame.
#[derive(Serialize)]
struct FrameData<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    run_id: &'a str,
    node: &'a str,
    path: &'a str,
    attempt: u32,
    #[serde(rename = "kind")]
    text_kind: &'a str,
    delta: &'a str,
    offset: usize,
}

/// An answer that is being passed on.
struct Answer {
    response: Response,
    /// What was received and is not passed on yet.
    buffer: Vec<u8>,
    /// The UTF-16 units that were passed on.
    offset: usize,
}

async fn run(
    State((client, url)): State<(Client, String)>,
    Json(body): Json<Value>,
) -> Sse<impl Stream<Item = Result<Event, axum::Error>>> {
    let request = json!({"contents": [{"role": "user", "parts": [{"text": body["input"]}]}]});
    let sent = client.post(url).json(&request).send().await;
    let answer = Answer {
        response: sent.unwrap_or_else(|error| panic!("{error}")),
        buffer: Vec::new(),
        offset: 0,
    };
    Sse::new(stream::try_unfold(answer, async |mut answer| {
        let frame = answer.next().await?;
        Ok(frame.map(|frame| (frame, answer)))
    }))
}

impl Answer {
    async fn next(&mut self) -> Result<Option<Event>, axum::Error> {
        loop {
            if let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
                let frame = self.frame(end);
                self.buffer.drain(..=end);
                if let Some(frame) = frame {
                    return frame.map(Some);
                }
                continue;
            }
            match self.response.chunk().await.map_err(axum::Error::new)? {
                Some(chunk) => self.buffer.extend_from_slice(&chunk),
                None => return Ok(None),
            }
        }
    }

    /// The frame of the line that ends here; `None` if it has no data.
    fn frame(&mut self, end: usize) -> Option<Result<Event, axum::Error>> {
        let data = self.buffer[..end].strip_prefix(b"data: ")?;
        let piece: Piece<'_> = match serde_json::from_slice(data) {
            Ok(piece) => piece,
            Err(error) => return Some(Err(axum::Error::new(error))),
        };
        let [Candidate { content }] = piece.candidates;
        let [Part { text }] = content.parts;
        let data = FrameData {
            kind: "node.delta",
            run_id: "0197f9d2-6f3e-7000-8000-000000000001",
            node: "llm",
            path: "llm",
            attempt: 1,
            text_kind: "text",
            delta: &text,
            offset: self.offset,
        };
        let frame = Event::default().event("node.delta").json_data(data);
        self.offset += text.encode_utf16().count();
        Some(frame)
    }
}
