//! A model that outlives the program and counts the calls with each prompt.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use futures::{StreamExt, stream};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle, time::sleep};

/// The time for each word.
const PACE: Duration = Duration::from_millis(15);

/// The number of calls with each prompt, and of those that are answered now.
#[derive(Default)]
struct Calls {
    by_prompt: HashMap<String, usize>,
    now: usize,
    most: usize,
}

type Asked = Arc<Mutex<Calls>>;

/// A call that is answered, until it is dropped.
struct Answering(Asked);

impl Answering {
    fn begin(asked: &Asked) -> Self {
        let mut calls = asked.lock().unwrap();
        calls.now += 1;
        calls.most = calls.most.max(calls.now);
        Self(Arc::clone(asked))
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.lock().unwrap().now -= 1;
    }
}

pub(crate) struct Model {
    url: String,
    asked: Asked,
    serving: JoinHandle<()>,
}

impl Model {
    pub(crate) async fn start() -> Self {
        let asked = Asked::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new()
            .fallback(generate)
            .with_state(Arc::clone(&asked));
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            url,
            asked,
            serving,
        }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn calls(&self, prompt: &str) -> usize {
        self.asked
            .lock()
            .unwrap()
            .by_prompt
            .get(prompt)
            .copied()
            .unwrap_or_default()
    }
}

impl Model {
    /// The most calls that were answered at once since this was called last.
    pub(crate) fn most_at_once(&self) -> usize {
        let mut calls = self.asked.lock().unwrap();
        let now = calls.now;
        std::mem::replace(&mut calls.most, now)
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// The reply to a prompt.
pub(crate) fn answer(prompt: &str) -> String {
    format!("You said {prompt}, and that is all there is to say.")
}

async fn generate(State(asked): State<Asked>, Json(request): Json<Value>) -> Response {
    let prompt = request["contents"][0]["parts"][0]["text"]
        .as_str()
        .unwrap()
        .to_owned();
    let time = {
        let mut asked = asked.lock().unwrap();
        let times = asked.by_prompt.entry(prompt.clone()).or_default();
        *times += 1;
        *times
    };
    if prompt.ends_with("busy") && time == 1 {
        let error =
            json!({"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "Not now."}});
        return (StatusCode::TOO_MANY_REQUESTS, Json(error)).into_response();
    }
    let pace = if prompt.starts_with("slow") {
        PACE * 20
    } else {
        PACE
    };
    let text = answer(&prompt);
    let words: Vec<String> = text.split_inclusive(' ').map(str::to_owned).collect();
    let last = words.len() - 1;
    let answering = Answering::begin(&asked);
    let frames = stream::iter(words).enumerate().then(move |(place, word)| async move {
        sleep(pace).await;
        let mut said = json!({"candidates": [{"content": {"role": "model", "parts": [{"text": word}]}, "index": 0}]});
        if place == last {
            said["candidates"][0]["finishReason"] = json!("STOP");
            said["usageMetadata"] = json!({"promptTokenCount": 3, "candidatesTokenCount": 9, "totalTokenCount": 12});
        }
        Ok::<_, std::io::Error>(Bytes::from(format!("data: {said}\r\n\r\n")))
    });
    let body = Body::from_stream(frames.inspect(move |_| _ = &answering));
    ([("content-type", "text/event-stream")], body).into_response()
}
