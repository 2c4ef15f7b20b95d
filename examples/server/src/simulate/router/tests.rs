use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::*;

mod functions;

const MODEL: &str = "/v1beta/models/gemini-x";

struct Asked {
    status: StatusCode,
    text: String,
    /// Whether the body is complete.
    is_whole: bool,
}

impl Asked {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    fn events(&self) -> Vec<Value> {
        let events = self.text.split_terminator("\r\n\r\n");
        let data = events.map(|event| event.strip_prefix("data: ").unwrap());
        data.map(|data| serde_json::from_str(data).unwrap())
            .collect()
    }
}

fn quick() -> Router {
    router(Duration::ZERO)
}

async fn send(router: &Router, path: &str, body: String) -> Asked {
    let request = Request::post(path).body(Body::from(body)).unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let mut body = response.into_body();
    let (mut bytes, mut is_whole) = (Vec::new(), true);
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => bytes.extend(frame.into_data().unwrap()),
            Err(_) => is_whole = false,
        }
    }
    let text = String::from_utf8(bytes).unwrap();
    Asked {
        status,
        text,
        is_whole,
    }
}

fn question(prompt: &str, config: &Value) -> String {
    json!({"contents": [{"role": "user", "parts": [{"text": prompt}]}], "generationConfig": config})
        .to_string()
}

async fn whole(router: &Router, prompt: &str, config: Value) -> Asked {
    send(
        router,
        &format!("{MODEL}:generateContent"),
        question(prompt, &config),
    )
    .await
}

async fn streamed(router: &Router, prompt: &str, config: Value) -> Asked {
    let path = format!("{MODEL}:streamGenerateContent?alt=sse");
    send(router, &path, question(prompt, &config)).await
}

fn text(response: &Value) -> String {
    let parts = response["candidates"][0]["content"]["parts"].as_array();
    let texts = parts
        .into_iter()
        .flatten()
        .filter(|part| part["thought"] != true);
    texts.filter_map(|part| part["text"].as_str()).collect()
}

#[tokio::test]
async fn both_methods_return_the_same_text() {
    let router = quick();
    let whole = whole(&router, "Explain: Quantum Computing", json!({}))
        .await
        .json();
    let events = streamed(&router, "Explain: Quantum Computing", json!({}))
        .await
        .events();
    let said: String = events.iter().map(text).collect();
    assert_eq!(text(&whole), said);
    assert!(said.contains("Quantum Computing"), "{said}");
    assert!(said.ends_with(" (Simulated.)"), "{said}");
    assert_eq!(whole["modelVersion"], "gemini-x-simulated");
    assert_eq!(
        whole["usageMetadata"],
        events.last().unwrap()["usageMetadata"]
    );
}

#[tokio::test]
async fn a_stream_counts_tokens_and_has_a_finish_reason() {
    let events = streamed(&quick(), "Explain: Tides", json!({}))
        .await
        .events();
    let (last, before) = events.split_last().unwrap();
    assert_eq!(last["candidates"][0]["finishReason"], "STOP");
    assert!(
        before
            .iter()
            .all(|event| event["candidates"][0]["finishReason"].is_null())
    );
    let usage = |event: &Value| event["usageMetadata"]["candidatesTokenCount"].as_u64();
    assert!(events.is_sorted_by(|one, next| usage(one) < usage(next)));
    for event in &events {
        // "Explain: Tides" has 14 bytes.
        assert_eq!(event["usageMetadata"]["promptTokenCount"], 4);
        assert_eq!(
            event["usageMetadata"]["totalTokenCount"].as_u64(),
            usage(event).map(|n| n + 4)
        );
        assert_eq!(event["responseId"], "simulated-1");
    }
}

#[tokio::test]
async fn an_answer_matches_its_schema_thinks_and_obeys_its_limit() {
    let router = quick();
    let schema = json!({"type": "object", "properties": {"kind": {"enum": ["a", "b"]}, "n": {"type": "integer"}}});
    let config = json!({"responseMimeType": "application/json", "responseJsonSchema": schema});
    let events = streamed(&router, "Classify", config).await.events();
    let said: String = events.iter().map(text).collect();
    let said: Value = serde_json::from_str(&said).unwrap();
    assert!(said["kind"] == "a" || said["kind"] == "b", "{said}");
    assert!(said["n"].is_i64(), "{said}");

    let config = json!({"thinkingConfig": {"includeThoughts": true}, "maxOutputTokens": 3});
    let answer = whole(&router, "Think", config).await.json();
    let candidate = &answer["candidates"][0];
    assert_eq!(candidate["content"]["parts"][0]["thought"], true);
    assert_eq!(answer["usageMetadata"]["candidatesTokenCount"], 3);
    assert!(
        !text(&answer).is_empty() && text(&answer).len() <= 12,
        "{answer}"
    );
    assert_eq!(candidate["finishReason"], "MAX_TOKENS");
}

#[tokio::test]
async fn a_marker_in_a_prompt_produces_its_fault() {
    let router = quick();
    for (prompt, code, status) in [
        ("a [[400]]", 400, "INVALID_ARGUMENT"),
        ("a [[500]]", 500, "INTERNAL"),
        ("a [[429]]", 429, "RESOURCE_EXHAUSTED"),
    ] {
        let asked = whole(&router, prompt, json!({})).await;
        assert_eq!(asked.status, code);
        assert_eq!(asked.json()["error"]["code"], code);
        assert_eq!(asked.json()["error"]["status"], status);
    }
    let again = whole(&router, "a [[429]]", json!({})).await;
    assert_eq!(again.status, 200);
    let third = whole(&router, "a [[429]]", json!({})).await;
    assert_eq!(third.json()["error"]["details"][0]["retryDelay"], "2s");

    let unsafe_answer = streamed(&router, "a [[safety]]", json!({})).await.events();
    let candidate = json!({"content": {}, "finishReason": "SAFETY", "index": 0});
    assert_eq!(unsafe_answer[0]["candidates"][0], candidate);
}

#[tokio::test]
async fn a_cut_answer_is_incomplete() {
    let router = quick();
    let stream = streamed(&router, "a [[cut]]", json!({})).await;
    assert!(!stream.is_whole);
    assert!(stream.events().len() > 5);
    let whole = whole(&router, "a [[cut]]", json!({})).await;
    assert!(!whole.is_whole);
    assert!(serde_json::from_str::<Value>(&whole.text).is_err());
}

#[tokio::test]
async fn invalid_requests_are_refused_like_the_api_does() {
    let router = quick();
    for (path, body, code, status) in [
        ("/v1beta/models", "{}", 404, "NOT_FOUND"),
        ("/v1beta/models/x:countTokens", "{}", 404, "NOT_FOUND"),
        (
            "/v1beta/models/x:streamGenerateContent",
            "{}",
            400,
            "INVALID_ARGUMENT",
        ),
        (
            "/v1beta/models/x:generateContent",
            "{",
            400,
            "INVALID_ARGUMENT",
        ),
        (
            "/v1beta/models/x:generateContent",
            r#"{"contents":[]}"#,
            400,
            "INVALID_ARGUMENT",
        ),
    ] {
        let asked = send(&router, path, body.to_owned()).await;
        assert_eq!(asked.status, code, "{path}");
        assert_eq!(asked.json()["error"]["status"], status, "{path}");
    }
    let path = "/v1beta/models/x:generateContent";
    let asked = send(&router, path, " ".repeat(MAX_BODY_BYTES + 1)).await;
    assert_eq!(asked.json()["error"]["code"], 413);
}

#[tokio::test(start_paused = true)]
async fn words_are_sent_at_the_pace() {
    let router = router(Duration::from_millis(40));
    let start = tokio::time::Instant::now();
    let words = streamed(&router, "Hi", json!({})).await.events().len();
    // The first word takes as long as 8 to 20 others.
    let words = u32::try_from(words).unwrap() - 1;
    let expected = |first: u32| Duration::from_millis(40) * (first + words);
    let late = Duration::from_millis(5) * words;
    assert!(
        start.elapsed() >= expected(8) && start.elapsed() < expected(20) + late,
        "{:?}",
        start.elapsed()
    );
}
