//! A provider with the API of OpenAI's chat completions, which keeps what it receives.

use std::sync::{Arc, Mutex};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinSet};

/// A request: its headers, and its body.
pub(crate) type Received = (HeaderMap, Value);

/// The answer to a body: 200 and a message, or another status and an error.
pub(crate) type Script = fn(&Value) -> (u16, Value);

pub(crate) struct Provider {
    url: String,
    received: Arc<Mutex<Vec<Received>>>,
    _serving: JoinSet<()>,
}

#[derive(Clone)]
struct Served {
    script: Script,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Provider {
    /// A provider that answers with the last message and the name of the model.
    pub(crate) async fn echoing() -> Self {
        Self::with(|body| {
            let messages = body["messages"].as_array().unwrap();
            let said = &messages.last().unwrap()["content"];
            let text = format!("{} says {said}", body["model"].as_str().unwrap());
            (200, json!({"role": "assistant", "content": text}))
        })
        .await
    }

    pub(crate) async fn with(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let served = Served {
            script,
            received: Arc::default(),
        };
        let received = Arc::clone(&served.received);
        let router = Router::new()
            .route("/v1/chat/completions", post(complete))
            .with_state(served);
        let mut serving = JoinSet::new();
        serving.spawn(async { axum::serve(listener, router).await.unwrap() });
        Self {
            url,
            received,
            _serving: serving,
        }
    }

    /// The value of `--provider` that gives it this name.
    pub(crate) fn named(&self, name: &str) -> String {
        format!("{name}={}", self.url)
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The requests so far.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    /// The bodies of the requests so far.
    pub(crate) fn bodies(&self) -> Vec<Value> {
        self.received().into_iter().map(|(_, body)| body).collect()
    }
}

async fn complete(
    State(served): State<Served>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    let (status, mut message) = (served.script)(&body);
    served
        .received
        .lock()
        .unwrap()
        .push((headers, body.clone()));
    if status != 200 {
        return (StatusCode::from_u16(status).unwrap(), Json(message)).into_response();
    }
    let usage = json!({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15});
    let finish = if message["tool_calls"].is_array() {
        "tool_calls"
    } else {
        "stop"
    };
    if body["stream"] != true {
        let choice = json!({"index": 0, "message": message, "finish_reason": finish});
        return Json(
            json!({"id": "c1", "model": body["model"], "choices": [choice], "usage": usage}),
        )
        .into_response();
    }
    for (index, call) in message["tool_calls"]
        .as_array_mut()
        .into_iter()
        .flatten()
        .enumerate()
    {
        call["index"] = index.into();
    }
    let chunk = |choices: Value, usage: &Value| {
        let chunk = json!({"id": "c1", "object": "chat.completion.chunk", "model": body["model"],
            "choices": choices, "usage": usage});
        format!("data: {chunk}\n\n")
    };
    let events = [
        chunk(
            json!([{"index": 0, "delta": message, "finish_reason": null}]),
            &Value::Null,
        ),
        chunk(
            json!([{"index": 0, "delta": {}, "finish_reason": finish}]),
            &Value::Null,
        ),
        chunk(json!([]), &usage),
        "data: [DONE]\n\n".to_owned(),
    ];
    ([(CONTENT_TYPE, "text/event-stream")], events.concat()).into_response()
}
