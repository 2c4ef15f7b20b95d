//! Model steps within budgets.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod common;

use std::sync::Arc;

use common::{builder, json, sse};
use futures::StreamExt;
use serde_json::{Value, json as value};
use wiremock::{Mock, MockServer, matchers::method};
use workflow_core::{Executor, Registry, Update, Workflow, price::PriceTable};

const STREAM: &[u8] = include_bytes!("fixtures/stream.sse");
const BUSY: &str = r#"{"error": {"code": 400, "status": "INVALID_ARGUMENT", "message": "no"}}"#;

/// Runs a chain of questions within a budget; the steps that fail continue. Returns the last event of each step.
async fn run(server: &MockServer, budget: Value, data: &[Value], is_priced: bool) -> Vec<Value> {
    let prices = value!({"gemini/*": {"input": 1, "output": 2}});
    let mut client = builder(&server.uri());
    if is_priced {
        client = client.with_prices(PriceTable::from_json(prices.to_string().as_bytes()).unwrap());
    }
    let mut registry = Registry::default();
    workflow_gemini::register(&mut registry, client.build().unwrap());
    let nodes = data.iter().enumerate().map(|(index, data)| {
        value!({"id": format!("n{index}"), "type": "LLMNode", "data": data, "retry": 1, "on_error": "continue"})
    });
    let spec = value!({"budget": budget, "nodes": nodes.collect::<Vec<_>>()});
    let workflow = Workflow::from_spec(&spec, &registry).unwrap();
    let run = Executor::new().run(Arc::new(workflow), "Hi".into());
    let events = run.filter_map(async |update| match update {
        Update::Event(event) => Some(serde_json::to_value(event).unwrap()),
        _ => None,
    });
    let events: Vec<Value> = events.collect().await;
    let ends = ["node.completed", "node.failed"];
    let of_steps = events
        .into_iter()
        .filter(|it| ends.contains(&it["type"].as_str().unwrap()));
    of_steps.collect()
}

async fn server(answer: wiremock::ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(answer)
        .mount(&server)
        .await;
    server
}

fn code(event: &Value) -> &str {
    event["error"]["code"].as_str().unwrap_or("completed")
}

#[tokio::test]
async fn what_cannot_be_bounded_is_refused_before_it_is_sent() {
    let server = server(sse(STREAM)).await;
    let question = value!({"prompt": "Hi", "max_output_tokens": 100});
    let unpriced = run(&server, value!({"usd": 1}), &[question], false).await;
    assert_eq!(code(&unpriced[0]), "unpriced_model", "{unpriced:?}");
    let tokens = value!({"tokens": 1_000_000});
    let endless = run(&server, tokens, &[value!({"prompt": "Hi"})], true).await;
    assert_eq!(code(&endless[0]), "unbounded_request", "{endless:?}");
    assert_eq!(server.received_requests().await.unwrap().len(), 0);
}

#[tokio::test]
async fn steps_run_while_their_bounds_fit() {
    let server = server(sse(STREAM)).await;
    // At most 2 + 128 tokens of input and 100 of output; 15 and 78 are used.
    let question = || value!({"prompt": "Hi", "max_output_tokens": 100});
    let most = 130 + 200;
    let used = 15 + 156;
    let budget = value!({"usd": f64::from(most + used) / 1e6});
    let ends = run(&server, budget, &[question(), question(), question()], true).await;
    let codes: Vec<&str> = ends.iter().map(code).collect();
    assert_eq!(
        codes,
        ["completed", "completed", "budget_exceeded"],
        "{ends:?}"
    );
    let tokens = value!({"tokens": 230 + 93});
    let ends = run(
        &server,
        tokens,
        &[question(), question(), question()],
        false,
    )
    .await;
    let codes: Vec<&str> = ends.iter().map(code).collect();
    assert_eq!(
        codes,
        ["completed", "completed", "budget_exceeded"],
        "{ends:?}"
    );
}

#[tokio::test]
async fn a_refused_request_leaves_the_budget_as_it_was() {
    let server = server(json(400, BUSY)).await;
    let question = || value!({"prompt": "Hi", "max_output_tokens": 100});
    let budget = value!({"tokens": 230});
    let ends = run(&server, budget, &[question(), question()], false).await;
    let codes: Vec<&str> = ends.iter().map(code).collect();
    assert_eq!(codes, ["invalid_request", "invalid_request"], "{ends:?}");
    assert_eq!(server.received_requests().await.unwrap().len(), 2);
}
