//! Faults of a model: each kind has its own error, and the service continues.

mod support;

use serde_json::{Value, json};
use support::{Server, ask_once, program, simulated};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{body_string_contains, method},
};

const KEY: &str = "AIzaSy-not-a-real-key-0123456789";

fn json_answer(status: u16, body: &Value) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(body)
}

fn refusal(code: u16, status: &str, message: &str) -> ResponseTemplate {
    let error = json!({"code": code, "status": status, "message": message});
    json_answer(code, &json!({"error": error}))
}

fn stream(body: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(body, "text/event-stream")
}

/// An HTML page, as a proxy may send it.
fn page() -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw("<html>Welcome</html>", "text/html")
}

/// Responds to prompts with this word.
async fn answer(model: &MockServer, word: &str, answer: ResponseTemplate) {
    let asked = Mock::given(method("POST")).and(body_string_contains(word));
    asked.respond_with(answer).mount(model).await;
}

async fn server_of(model: &MockServer) -> Server {
    let mut program = program();
    program.envs([
        ("GEMINI_API_KEY", KEY),
        ("GOOGLE_GEMINI_BASE_URL", &model.uri()),
    ]);
    Server::start(program.args(["--log", "trace"])).await
}

#[tokio::test]
async fn each_fault_of_a_model_has_its_own_error() {
    let half = r#"data: {"candidates": [{"content": {"parts": [{"text": "Tides are"}]}}]}"#;
    let faults = [
        (
            "<400>",
            refusal(400, "INVALID_ARGUMENT", "no such field"),
            "invalid_request",
        ),
        (
            "<403>",
            refusal(403, "PERMISSION_DENIED", "not you"),
            "permission_denied",
        ),
        (
            "<404>",
            refusal(404, "NOT_FOUND", "no such model"),
            "model_not_found",
        ),
        (
            "<429>",
            refusal(429, "RESOURCE_EXHAUSTED", "too much"),
            "rate_limited",
        ),
        (
            "<500>",
            refusal(500, "INTERNAL", "oh"),
            "model_internal_error",
        ),
        (
            "<503>",
            refusal(503, "UNAVAILABLE", "busy"),
            "model_overloaded",
        ),
        ("<nothing>", stream(""), "answer_interrupted"),
        (
            "<half>",
            stream(&format!("{half}\r\n\r\n")),
            "answer_interrupted",
        ),
        ("<half-a-line>", stream(&half[..40]), "answer_interrupted"),
        ("<page>", page(), "foreign_answer"),
        (
            "<nonsense>",
            stream("data: {nonsense}\n\n"),
            "foreign_answer",
        ),
    ];
    let model = MockServer::start().await;
    for (word, response, _) in &faults {
        answer(&model, word, response.clone()).await;
    }
    let server = server_of(&model).await;
    for (word, _, code) in &faults {
        let outcome = server.outcome(&ask_once(), json!(word)).await;
        assert_eq!(outcome["status"], "failed", "{outcome}");
        assert_eq!(outcome["error"]["code"], *code, "{word}: {outcome}");
        let detail = outcome["error"]["detail"].as_str().unwrap();
        assert!(detail.len() > 10, "{word}: {detail}");
    }
    assert_eq!(server.get("/healthz").await.status(), 200);
}

#[tokio::test]
async fn incomplete_and_invalid_replies_are_errors_without_a_stream_too() {
    let model = MockServer::start().await;
    let half = ResponseTemplate::new(200).set_body_raw(r#"{"candidates": [{"#, "application/json");
    answer(&model, "<half>", half).await;
    answer(&model, "<page>", page()).await;
    answer(&model, "<no-bytes>", ResponseTemplate::new(200)).await;
    answer(&model, "<nothing>", json_answer(200, &json!({}))).await;
    let server = server_of(&model).await;
    let mut spec = ask_once();
    spec["nodes"][0]["data"]["stream"] = false.into();
    for (word, code) in [
        ("<half>", "answer_interrupted"),
        ("<page>", "foreign_answer"),
        ("<nothing>", "empty_answer"),
        ("<no-bytes>", "answer_interrupted"),
    ] {
        let outcome = server.outcome(&spec, json!(word)).await;
        assert_eq!(outcome["error"]["code"], code, "{word}: {outcome}");
    }
}

#[tokio::test]
async fn a_rate_limit_is_waited_for() {
    let model = MockServer::start().await;
    let over = json!({"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "Slow down.",
        "details": [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "0.02s"}]}});
    let limit = Mock::given(method("POST")).respond_with(json_answer(429, &over));
    limit.up_to_n_times(1).mount(&model).await;
    let text = json!({"candidates": [{"content": {"parts": [{"text": "Tides."}]}, "finishReason": "STOP"}]});
    answer(&model, "Why", stream(&format!("data: {text}\r\n\r\n"))).await;

    let server = server_of(&model).await;
    let mut spec = ask_once();
    spec["nodes"][0]["retry"] = json!({"max_attempts": 2, "delay": "1ms"});
    let run = server.begin(&spec, &"Why?".into()).await;
    let events = server.events(&run).await;
    let retrying = events
        .iter()
        .find(|event| event["type"] == "node.retrying")
        .unwrap();
    assert_eq!(retrying["error"]["code"], "rate_limited");
    assert!(retrying["next_in_ms"].as_u64().unwrap() >= 20);
    assert_eq!(events.last().unwrap()["output"], "Tides.");
}

#[tokio::test]
async fn a_failed_connection_and_a_safety_refusal_are_errors() {
    let server = simulated("0ms").await;
    for (prompt, code) in [
        ("[[cut]]", "answer_interrupted"),
        ("[[safety]]", "answer_refused"),
        ("[[400]]", "invalid_request"),
        ("[[500]]", "model_internal_error"),
    ] {
        let outcome = server.outcome(&ask_once(), json!(prompt)).await;
        assert_eq!(outcome["error"]["code"], code, "{outcome}");
    }
}

#[tokio::test]
async fn the_key_appears_nowhere() {
    let model = MockServer::start().await;
    answer(
        &model,
        "Why",
        refusal(403, "PERMISSION_DENIED", &format!("Key {KEY} is not good.")),
    )
    .await;
    let server = server_of(&model).await;
    let spec = ask_once();
    let run = server.begin(&spec, &"Why?".into()).await;
    let mut seen = json!(server.events(&run).await).to_string();
    seen.push_str(&server.report(&run).await.to_string());
    let workflow = server.create(&spec).await;
    let legacy = server
        .post(
            &format!("/api/workflows/{workflow}/run"),
            r#"{"input":"Why?"}"#,
        )
        .await;
    seen.push_str(&legacy.text().await.unwrap());
    for path in ["/api/runs", "/api/workflows", "/api/node-types", "/healthz"] {
        seen.push_str(&server.get(path).await.text().await.unwrap());
    }
    assert!(
        seen.contains("permission_denied") && seen.contains("is not good"),
        "{seen}"
    );
    server.terminate();
    let ended = server.end().await;
    assert!(ended.stderr.contains("TRACE"), "{}", ended.stderr);
    for text in [seen, ended.stdout, ended.stderr] {
        assert!(!text.contains(&KEY[..12]), "{text}");
    }
    let sent = model.received_requests().await.unwrap();
    assert_eq!(sent[0].headers["x-goog-api-key"], KEY);
}
