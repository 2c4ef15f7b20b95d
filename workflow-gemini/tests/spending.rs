//! What an attempt reports of its requests, tokens and costs, and what it does with less than it may need.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod common;

use common::{builder, json, sse};
use serde_json::{Value, json as value};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{body_partial_json, method, path_regex},
};
use workflow_core::{
    NodeError,
    event::Report,
    price::PriceTable,
    testing::TestAttempt,
    value::{Amount, Cost, Usage, Usd},
};
use workflow_gemini::LlmNode;

const BUSY: &str = r#"{"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "busy"}}"#;

/// A token of input costs 2 nano-dollars, of output 10.
fn prices() -> PriceTable {
    let table = value!({"gemini/*": {"input": 0.002, "cached_input": 0.001, "output": 0.01, "max_output": 1000, "service_tiers": {"flex": 0.5}}});
    PriceTable::from_json(table.to_string().as_bytes()).unwrap()
}

fn node(address: &str, data: Value) -> LlmNode {
    let client = builder(address).with_prices(prices()).build().unwrap();
    LlmNode::new(client, serde_json::from_value(data).unwrap())
}

async fn ask(server: &MockServer, data: Value) -> (Result<Value, NodeError>, Report) {
    TestAttempt::new(value!("Hi"))
        .run(&node(&server.uri(), data))
        .await
}

fn answer(text: &str, usage: &Value) -> ResponseTemplate {
    let answer = value!({
        "candidates": [{"content": {"parts": [{"text": text}]}, "finishReason": "STOP"}],
        "usageMetadata": usage,
    });
    sse(format!("data: {answer}\r\n\r\n"))
}

/// A server that answers requests to a model.
async fn serving(models: Vec<(&str, ResponseTemplate)>) -> MockServer {
    let server = MockServer::start().await;
    for (model, answer) in models {
        Mock::given(method("POST"))
            .and(path_regex(format!("/{model}:")))
            .respond_with(answer)
            .mount(&server)
            .await;
    }
    server
}

fn nano(cost: Option<Cost>) -> Option<(u64, bool)> {
    cost.map(|cost| (cost.usd.nano(), cost.at_least))
}

#[tokio::test]
async fn the_cost_is_that_of_what_was_served() {
    let usage = value!({"promptTokenCount": 100, "cachedContentTokenCount": 40, "candidatesTokenCount": 5,
        "thoughtsTokenCount": 2, "serviceTier": "flex"});
    let server = serving(vec![("a", answer("Yes", &usage))]).await;
    let (output, report) = ask(&server, value!({"model": "a"})).await;
    assert_eq!(output.unwrap(), "Yes");
    // Half of 60 of input, 40 from the cache, and 7 of output.
    assert_eq!(nano(report.cost), Some(((120 + 40 + 70) / 2, false)));
    assert_eq!(
        (report.calls, report.usage_final),
        (None, false),
        "as planned"
    );

    let unknown = value!({"promptTokenCount": 1, "serviceTier": "unheard_of"});
    let server = serving(vec![("a", answer("Yes", &unknown))]).await;
    let (_, report) = ask(&server, value!({"model": "a"})).await;
    assert_eq!(
        nano(report.cost),
        Some((0, true)),
        "a tier without a factor has no price"
    );
}

#[tokio::test]
async fn without_a_price_there_is_no_cost() {
    let server = serving(vec![("a", answer("Yes", &value!({"promptTokenCount": 1})))]).await;
    let client = builder(&server.uri()).build().unwrap();
    let data = serde_json::from_value(value!({"model": "a"})).unwrap();
    let (_, report) = TestAttempt::new(value!("Hi"))
        .run(&LlmNode::new(client, data))
        .await;
    assert_eq!((report.cost, report.usage), (None, Usage::new(1, 0)));
}

#[tokio::test]
async fn tools_of_the_api_cost_more_than_tokens() {
    let server = serving(vec![("a", answer("Yes", &value!({"promptTokenCount": 5})))]).await;
    let (_, report) = ask(&server, value!({"model": "a", "tools": ["google_search"]})).await;
    assert_eq!(nano(report.cost), Some((10, true)));
}

#[tokio::test]
async fn a_refused_request_used_nothing() {
    let server = serving(vec![("a", json(429, BUSY)), ("b", json(502, "<html>"))]).await;
    let (output, report) = ask(&server, value!({"model": "a"})).await;
    assert_eq!(output.unwrap_err().code(), "rate_limited");
    assert_eq!(
        (nano(report.cost), report.usage_final),
        (Some((0, false)), true)
    );
    // What a proxy gave up may be billed.
    let (_, report) = ask(&server, value!({"model": "b"})).await;
    assert_eq!(
        (nano(report.cost), report.usage_final),
        (Some((0, true)), false)
    );

    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let asked = node(&address, value!({}));
    let (output, report) = TestAttempt::new(value!("Hi")).run(&asked).await;
    assert_eq!(output.unwrap_err().code(), "connection_failed");
    assert_eq!(
        (nano(report.cost), report.usage_final, report.calls),
        (Some((0, false)), true, Some(0))
    );

    let (output, report) = TestAttempt::new(value!("")).run(&asked).await;
    assert_eq!(output.unwrap_err().code(), "invalid_request");
    assert_eq!((report.usage_final, report.calls), (true, Some(0)));
}

#[tokio::test]
async fn an_answer_that_breaks_off_may_have_used_more() {
    let part = value!({"candidates": [{"content": {"parts": [{"text": "Ye"}]}}], "usageMetadata": {"promptTokenCount": 7}});
    let server = serving(vec![("a", sse(format!("data: {part}\r\n\r\n")))]).await;
    let (output, report) = ask(&server, value!({"model": "a"})).await;
    assert_eq!(output.unwrap_err().code(), "answer_interrupted");
    assert_eq!(
        (nano(report.cost), report.usage_final),
        (Some((14, true)), false)
    );
    assert_eq!(report.usage, Usage::new(7, 0));
}

#[tokio::test]
async fn a_blocked_prompt_is_billed_as_reported() {
    let blocked = value!({"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 7}});
    let server = serving(vec![("a", sse(format!("data: {blocked}\r\n\r\n")))]).await;
    let (output, report) = ask(&server, value!({"model": "a"})).await;
    assert!(output.is_err());
    assert_eq!(
        (nano(report.cost), report.usage_final),
        (Some((14, false)), true)
    );
}

#[tokio::test]
async fn a_fallback_is_asked_only_if_the_rest_covers_it() {
    let in_answer = format!("data: {BUSY}\r\n\r\n");
    let yes = || {
        answer(
            "Yes",
            &value!({"promptTokenCount": 3, "candidatesTokenCount": 1}),
        )
    };
    let data = |first: &str| value!({"model": first, "fallback": ["b"], "max_output_tokens": 10});
    let reserved = |node: &LlmNode| {
        TestAttempt::new(value!("Hi"))
            .plan(node)
            .unwrap()
            .bound()
            .unwrap()
    };

    // Refused with a status: nothing was used, so all that is reserved is left.
    let server = serving(vec![("a", json(429, BUSY)), ("b", yes())]).await;
    let asked = node(&server.uri(), data("a"));
    let bound = reserved(&asked);
    assert_eq!(bound.calls, 2);
    let attempt = TestAttempt::new(value!("Hi")).with_reserved(bound);
    let (output, report) = attempt.run(&asked).await;
    assert_eq!(output.unwrap(), "Yes");
    assert_eq!(
        (nano(report.cost), report.calls),
        (Some((16, false)), Some(2))
    );

    // Refused in the answer: what it used is not known, so it counts with all it may have used.
    let server = serving(vec![("a", sse(in_answer.clone())), ("b", yes())]).await;
    let asked = node(&server.uri(), data("a"));
    let attempt = TestAttempt::new(value!("Hi")).with_reserved(bound);
    let (output, report) = attempt.run(&asked).await;
    assert_eq!(output.unwrap_err().code(), "rate_limited");
    let tried =
        value!([{"model": "a", "code": "rate_limited"}, {"model": "b", "code": "budget_exceeded"}]);
    assert_eq!(report.metadata.unwrap()["tried"], tried);
    assert_eq!((report.usage_final, report.calls), (false, Some(1)));

    // Of requests alone, there are enough; and without a reservation nothing is limited.
    let fresh = || node(&server.uri(), data("a"));
    let attempt = TestAttempt::new(value!("Hi")).with_reserved(Amount::calls(2));
    assert_eq!(attempt.run(&fresh()).await.0.unwrap(), "Yes");
    let (output, report) = TestAttempt::new(value!("Hi")).run(&fresh()).await;
    assert_eq!(output.unwrap(), "Yes");
    // The first one may have cost something, too.
    assert_eq!(nano(report.cost), Some((16, true)));
}

#[tokio::test]
async fn an_answer_is_cut_off_rather_than_continued_beyond_what_is_reserved() {
    let part = |text: &str, reason: &str| {
        let answer = value!({
            "candidates": [{"content": {"parts": [{"text": text}]}, "finishReason": reason, "continuationToken": "b25l"}],
            "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 1},
        });
        sse(format!("data: {answer}\r\n\r\n"))
    };
    let server = MockServer::start().await;
    let continued = body_partial_json(value!({"continuationToken": "b25l"}));
    let (first, second) = (part("One", "CONTINUATION"), part(" two", "STOP"));
    Mock::given(continued)
        .respond_with(second)
        .with_priority(1)
        .mount(&server)
        .await;
    Mock::given(method("POST"))
        .respond_with(first)
        .mount(&server)
        .await;
    let asked = || node(&server.uri(), value!({"max_output_tokens": 10}));

    let (output, report) = TestAttempt::new(value!("Hi")).run(&asked()).await;
    assert_eq!(
        (output.unwrap(), report.calls),
        (value!("One two"), Some(2))
    );
    assert_eq!(nano(report.cost), Some((32, false)));
    let reserved = Amount::calls(1)
        .with_tokens(1_000)
        .with_usd(Usd::from_nano(100_000));
    let attempt = TestAttempt::new(value!("Hi")).with_reserved(reserved);
    let (output, report) = attempt.run(&asked()).await;
    assert_eq!((output.unwrap(), report.truncated), (value!("One"), true));
    assert_eq!((nano(report.cost), report.calls), (Some((16, false)), None));
}

#[tokio::test]
async fn a_continuation_that_is_refused_leaves_what_was_used_before() {
    let first = value!({
        "candidates": [{"content": {"parts": [{"text": "One"}]}, "finishReason": "CONTINUATION", "continuationToken": "b25l"}],
        "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 1},
    });
    let server = MockServer::start().await;
    Mock::given(body_partial_json(value!({"continuationToken": "b25l"})))
        .respond_with(json(429, BUSY))
        .with_priority(1)
        .mount(&server)
        .await;
    Mock::given(method("POST"))
        .respond_with(sse(format!("data: {first}\r\n\r\n")))
        .mount(&server)
        .await;
    let (output, report) = ask(&server, value!({"max_output_tokens": 200_000})).await;
    assert_eq!(output.unwrap_err().code(), "rate_limited");
    assert_eq!((report.usage, report.usage_final), (Usage::new(3, 1), true));
    assert_eq!(
        (nano(report.cost), report.calls),
        (Some((16, false)), Some(2))
    );
}
