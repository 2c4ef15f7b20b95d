//! Secrets appear nowhere: not in the log at level `trace`, not in a response, an event, a metric or the database.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod support;

use std::fs;

use reqwest::Method;
use serde_json::{Value, json};
use support::{Server, data, program, word};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{body_string_contains, method},
};

const MODEL_KEY: &str = "AIzaSy-the-key-of-the-model-0123456789";
const CALLER_KEY: &str = "caller-key-4f1d9a7be2c05386";
const SECRET: &str = "token-of-the-cms-99e1b7c4a2";
const WRONG_KEY: &str = "wrong-key-77aa12bc90de34f5";

/// A model that refuses and fails, and repeats its key in every response.
async fn model() -> MockServer {
    let model = MockServer::start().await;
    let refused = format!("Key {MODEL_KEY} may not do that.");
    let refused =
        json!({"error": {"code": 403, "status": "PERMISSION_DENIED", "message": refused}});
    for (word, answer) in [
        (
            "<refused>",
            ResponseTemplate::new(403).set_body_json(refused),
        ),
        (
            "<broken>",
            ResponseTemplate::new(500).set_body_string(MODEL_KEY),
        ),
        (
            "<page>",
            ResponseTemplate::new(200).set_body_raw(MODEL_KEY, "text/html"),
        ),
        (
            "<cut>",
            ResponseTemplate::new(200)
                .set_body_raw(format!("data: {MODEL_KEY}"), "text/event-stream"),
        ),
    ] {
        let asked = Mock::given(method("POST")).and(body_string_contains(word));
        asked.respond_with(answer).mount(&model).await;
    }
    model
}

/// A client that stores everything it receives.
struct Caller {
    http: reqwest::Client,
    url: String,
    received: Vec<String>,
}

impl Caller {
    fn of(server: &Server) -> Self {
        Self {
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            url: format!("http://{}", server.address()),
            received: Vec::new(),
        }
    }

    async fn ask(&mut self, method: Method, path: &str, body: Option<&Value>) -> (u16, String) {
        let request = self.http.request(method, format!("{}{path}", self.url));
        let request = request.bearer_auth(CALLER_KEY);
        self.send(match body {
            Some(body) => request.json(body),
            None => request,
        })
        .await
    }

    async fn send(&mut self, request: reqwest::RequestBuilder) -> (u16, String) {
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        self.received
            .push(format!("{status} {:?}", answer.headers()));
        let text = answer.text().await.unwrap();
        self.received.push(text.clone());
        (status, text)
    }

    /// Runs a workflow to its end, reads it through every route, and returns its status.
    async fn run(&mut self, spec: &Value, input: &str) -> String {
        let (status, created) = self.ask(Method::POST, "/api/workflows", Some(spec)).await;
        assert_eq!(status, 201, "{created}");
        let created: Value = serde_json::from_str(&created).unwrap();
        let workflow = format!("/api/workflows/{}", word(&created["id"]));
        let input = json!({ "input": input });
        for path in ["run", "runs"] {
            self.ask(Method::POST, &format!("{workflow}/{path}"), Some(&input))
                .await;
        }
        let (_, runs) = self.ask(Method::GET, "/api/runs?limit=1", None).await;
        let runs: Value = serde_json::from_str(&runs).unwrap();
        let run = format!("/api/runs/{}", word(&runs["items"][0]["id"]));
        let (_, events) = self.ask(Method::GET, &format!("{run}/events"), None).await;
        for node in spec["nodes"].as_array().unwrap() {
            let step = format!("{run}/steps/{}", word(&node["id"]));
            self.ask(Method::GET, &step, None).await;
        }
        for path in [workflow, run.clone()] {
            self.ask(Method::GET, &path, None).await;
        }
        let last = data(&events).pop().unwrap();
        word(&last["type"]).to_owned()
    }
}

fn asking(prompt: &str) -> Value {
    json!({"nodes": [
        {"id": "ask", "type": "LLMNode", "retry": 1, "data": {"prompt": format!("{prompt} {{{{ input }}}}")}},
    ]})
}

fn calling(url: &str) -> Value {
    json!({"nodes": [{"id": "call", "type": "HttpNode", "data": {
        "method": "POST", "url": url, "json": {"a": "{{ input }}"},
        "headers": {"authorization": {"$secret": "CMS_TOKEN"}},
    }}]})
}

#[tokio::test]
async fn no_secret_is_sent_or_logged() {
    let model = model().await;
    let mut program = program();
    program.envs([
        ("GEMINI_API_KEY", MODEL_KEY),
        ("GOOGLE_GEMINI_BASE_URL", &model.uri()),
        ("CMS_TOKEN", SECRET),
        ("WORKFLOW_API_KEYS", CALLER_KEY),
    ]);
    let allowed = [
        "--allow-origin",
        "http://cms.invalid",
        "--allow-origin",
        "http://127.0.0.1:9",
    ];
    program
        .args(allowed)
        .args(["--secret", "CMS_TOKEN", "--log", "trace"]);
    let place = tempfile::tempdir().unwrap();
    let server = Server::keeping(&mut program, place.path()).await;
    let mut caller = Caller::of(&server);

    for word in ["<refused>", "<broken>", "<page>", "<cut>"] {
        assert_eq!(caller.run(&asking(word), "x").await, "run.failed", "{word}");
    }
    for url in [
        "http://cms.invalid/",
        "http://127.0.0.1:9/",
        "http://elsewhere.example/",
    ] {
        assert_eq!(caller.run(&calling(url), "x").await, "run.failed", "{url}");
    }

    let url = format!("{}/api/runs", caller.url);
    let in_url = caller.http.get(format!("{url}?api_key={CALLER_KEY}"));
    assert_eq!(caller.send(in_url).await.0, 401);
    for request in [
        caller.http.get(&url).bearer_auth(WRONG_KEY),
        caller.http.get(&url).header("x-api-key", WRONG_KEY),
        caller
            .http
            .get(&url)
            .basic_auth(CALLER_KEY, Some(CALLER_KEY)),
    ] {
        assert_eq!(caller.send(request).await.0, 401);
    }
    for path in [
        "/healthz",
        "/api/node-types",
        "/api/schema/workflow.json",
        "/metrics",
        "/nowhere",
    ] {
        caller.ask(Method::GET, path, None).await;
    }

    let received = caller.received.join("\n");
    for expected in ["permission_denied", "address_not_allowed", "# EOF"] {
        assert!(received.contains(expected), "{expected}: {received}");
    }
    server.terminate();
    let ended = server.end().await;
    assert!(ended.stderr.contains("TRACE"), "{}", ended.stderr);
    assert!(ended.stderr.contains("answered"), "{}", ended.stderr);
    let database = fs::read(place.path().join("workflows.db")).unwrap();
    let database = String::from_utf8_lossy(&database);
    assert!(
        database.contains("permission_denied"),
        "the log is in the file"
    );
    let sent = model.received_requests().await.unwrap();
    assert_eq!(sent[0].headers["x-goog-api-key"], MODEL_KEY);
    for secret in [MODEL_KEY, CALLER_KEY, SECRET, WRONG_KEY] {
        for (place, text) in [
            ("answers", &*received),
            ("standard output", &ended.stdout),
            ("standard error", &ended.stderr),
            ("database", &database),
        ] {
            let found = text.find(&secret[..12]);
            let around = found.map(|at| &text[at.saturating_sub(200)..(at + 60).min(text.len())]);
            assert_eq!(around, None, "{secret} is in the {place}");
        }
    }
}
