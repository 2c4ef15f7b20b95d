//! A service with a scripted model, and two kinds of clients: calls of the router, and bytes on a socket.
#![allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "each test binary uses a part of this, and only tests do"
)]

pub mod contract;
mod script;
mod wire;

use std::{collections::VecDeque, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode, header::CONTENT_TYPE},
    response::Response,
};
use futures::FutureExt;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use workflow_core::{
    LocalEngine, Registry, RetryPolicy,
    engine::{LocalEngineBuilder, Observer},
    node::{PromptNode, TransformNode},
};
use workflow_http::Options;

pub use self::{
    script::Script,
    wire::{Wire, serve},
};

/// A workflow of two steps: a prompt, then a model.
pub fn two_steps() -> Value {
    json!({"name": "Explain", "nodes": [
        {"id": "prompt_step", "type": "PromptNode", "data": {"template": "Explain {{ input }}"}},
        {"id": "llm_step", "type": "LLMNode", "data": {}},
    ]})
}

pub struct Api {
    pub router: Router,
    pub script: Script,
    pub shutdown: CancellationToken,
    pub options: Options,
}

impl Api {
    pub fn new() -> Self {
        Self::with(Options::default())
    }

    pub fn with(options: Options) -> Self {
        Self::of(options, |engine| engine)
    }

    /// A service whose engine has this observer.
    pub fn observed(options: Options, observer: Arc<dyn Observer>) -> Self {
        Self::of(options, |engine| engine.with_observer(observer))
    }

    /// A service with a configured engine.
    pub fn of(
        options: Options,
        engine: impl FnOnce(LocalEngineBuilder) -> LocalEngineBuilder,
    ) -> Self {
        let shutdown = CancellationToken::new();
        let options = options.with_shutdown(shutdown.clone());
        let (script, node) = Script::new();
        let mut registry = Registry::default();
        registry
            .register::<PromptNode>("PromptNode")
            .with_activity("Rendering the prompt");
        registry.register::<TransformNode>("TransformNode");
        registry
            .register_with("LLMNode", node)
            .with_activity("Calling Gemini API")
            .with_retry(RetryPolicy::attempts(5))
            .with_models(["m1", "local/qwen3:8b"]);
        let engine = Arc::new(engine(LocalEngine::builder(registry)).build());
        let router = workflow_http::router(engine, options.clone());
        Self {
            router,
            script,
            shutdown,
            options,
        }
    }

    pub async fn send(&self, request: Request<Body>) -> Response {
        self.router.clone().oneshot(request).await.unwrap()
    }

    pub async fn ask(&self, request: Request<Body>) -> Answer {
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let response = self.send(request).await;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8(body.to_vec()).unwrap();
        contract::check(&method, &uri, parts.status, &parts.headers, &text);
        Answer {
            status: parts.status,
            headers: parts.headers,
            text,
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask(request("GET", path).body(Body::empty()).unwrap())
            .await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.ask(request("DELETE", path).body(Body::empty()).unwrap())
            .await
    }

    pub async fn post(&self, path: &str, body: impl ToString) -> Answer {
        let request = request("POST", path).header(CONTENT_TYPE, "application/json");
        self.ask(request.body(Body::from(body.to_string())).unwrap())
            .await
    }

    /// Creates a workflow and returns its path.
    pub async fn create(&self, spec: Value) -> String {
        let answer = self.post("/api/workflows", spec).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        answer.header("location").to_owned()
    }

    /// Starts a run of the two steps and returns its path.
    pub async fn start(&self) -> String {
        let workflow = self.create(two_steps()).await;
        let answer = self
            .post(&format!("{workflow}/runs"), json!({"input": "Rust"}))
            .await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text);
        answer.header("location").to_owned()
    }

    /// Opens a stream.
    pub async fn stream(&self, request: Request<Body>) -> Frames {
        let response = self.send(request).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[CONTENT_TYPE], "text/event-stream");
        Frames::of(response.into_body())
    }

    /// Follows a run from its start.
    pub async fn events(&self, run: &str) -> Frames {
        self.stream(
            request("GET", &format!("{run}/events"))
                .body(Body::empty())
                .unwrap(),
        )
        .await
    }
}

/// The OpenAPI document of a service.
pub fn document_of(router: Router) -> Value {
    let asked = request("GET", "/api/openapi.json").body(Body::empty());
    let answer = router.oneshot(asked.unwrap());
    let body = async { answer.await.unwrap().into_body().collect().await.unwrap() };
    let body = body.now_or_never().expect("it is there already");
    serde_json::from_slice(&body.to_bytes()).unwrap()
}

/// Waits until all tasks are idle: paused time advances only then.
pub async fn idle() {
    sleep(Duration::from_millis(1)).await;
}

pub fn request(method: &str, path: &str) -> axum::http::request::Builder {
    Request::builder().method(method).uri(path)
}

pub fn with_body(request: axum::http::request::Builder, body: impl Into<Body>) -> Request<Body> {
    request.body(body.into()).unwrap()
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The response as a problem. Checks the members that every problem must have.
    pub fn problem(&self) -> Value {
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{}",
            self.text
        );
        let problem = self.json();
        assert_eq!(problem["status"], self.status.as_u16());
        for field in ["type", "title", "code", "detail"] {
            assert!(problem[field].is_string(), "{field} of {problem}");
        }
        problem
    }

    /// The status, and the code of the problem.
    pub fn refusal(&self) -> (u16, String) {
        let problem = self.problem();
        (
            self.status.as_u16(),
            problem["code"].as_str().unwrap().to_owned(),
        )
    }
}

/// The frames of a stream, as the router passes them to the connection: a chunk has all frames that were ready at once.
pub struct Frames {
    body: Body,
    ready: VecDeque<String>,
}

impl Frames {
    pub fn of(body: Body) -> Self {
        Self {
            body,
            ready: VecDeque::new(),
        }
    }

    pub async fn next(&mut self) -> Option<String> {
        if self.ready.is_empty() {
            let chunk = self.body.frame().await?.unwrap();
            let chunk = String::from_utf8(chunk.into_data().unwrap().to_vec()).unwrap();
            assert!(chunk.ends_with("\n\n"), "a frame is cut: {chunk:?}");
            let frames = chunk.split_inclusive("\n\n").map(str::to_owned);
            self.ready.extend(frames);
        }
        let frame = self.ready.pop_front()?;
        contract::check_frame(&frame);
        Some(frame)
    }

    /// Name and data of the next frame with data.
    pub async fn event(&mut self) -> Option<(String, Value)> {
        loop {
            let frame = self.next().await?;
            let field = |name: &str| frame.lines().find_map(|line| line.strip_prefix(name));
            if let Some(data) = field("data: ") {
                let name = field("event: ").unwrap_or_default().to_owned();
                return Some((name, serde_json::from_str(data).unwrap()));
            }
        }
    }

    /// Reads up to and including the first event of this name.
    pub async fn until(&mut self, wanted: &str) -> Value {
        while let Some((name, data)) = self.event().await {
            if name == wanted {
                return data;
            }
        }
        panic!("the stream ended without {wanted}");
    }

    pub async fn rest(mut self) -> Vec<String> {
        let mut frames = Vec::new();
        while let Some(frame) = self.next().await {
            frames.push(frame);
        }
        frames
    }
}

/// Snapshot settings that hide values which differ from run to run.
pub fn hiding() -> insta::internals::SettingsBindDropGuard {
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(
        r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}",
        "[id]",
    );
    settings.add_filter(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", "[time]");
    settings.add_filter(
        r#""(duration_ms|next_in_ms|first_delta_ms)":\d+"#,
        r#""$1":[ms]"#,
    );
    settings.add_filter(r"\b\d+\.\d\d s\b", "[s]");
    settings.add_filter(r#""spec_hash":"[0-9a-f]{64}""#, r#""spec_hash":"[hash]""#);
    settings.bind_to_scope()
}
