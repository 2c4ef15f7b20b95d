//! The model: it writes one word after the other, in the format of the Gemini API.

use std::convert::Infallible;

use axum::{
    Router,
    body::{Body, Bytes},
    http::header::CONTENT_TYPE,
    response::IntoResponse,
};
use futures::stream;
use serde_json::json;
use tokio::time::sleep;

use super::{GAP, WORD, WORDS};

/// A server that answers each request with the same words.
pub fn router() -> Router {
    let words: Vec<Bytes> = (1..=WORDS).map(event).collect();
    Router::new().fallback(async move || answer(words.clone()))
}

fn answer(words: Vec<Bytes>) -> impl IntoResponse {
    let paced = stream::unfold(words.into_iter(), async |mut words| {
        let word = words.next()?;
        sleep(GAP).await;
        Some((Ok::<_, Infallible>(word), words))
    });
    let kind = [(CONTENT_TYPE, "text/event-stream")];
    (kind, Body::from_stream(paced))
}

/// An event as the API sends it: with the tokens so far.
fn event(number: usize) -> Bytes {
    let mut candidate =
        json!({"content": {"parts": [{"text": WORD}], "role": "model"}, "index": 0});
    if number == WORDS {
        candidate["finishReason"] = "STOP".into();
    }
    let event = json!({
        "candidates": [candidate],
        "usageMetadata": {
            "promptTokenCount": 4,
            "candidatesTokenCount": number,
            "totalTokenCount": 4 + number,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 4}],
        },
        "modelVersion": "gemini",
        "responseId": "5nqXaMfrKZ2Lz7IPu9SFkA4",
    });
    format!("data: {event}\r\n\r\n").into()
}
