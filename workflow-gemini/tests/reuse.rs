//! A run that continues another asks the model only for what has changed.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod common;

use common::{answering, builder, sse};
use futures::StreamExt;
use serde_json::{Value, json as value};
use wiremock::MockServer;
use workflow_core::{
    LocalEngine, NewRun, Registry, RunId, Runs, Update, Workflows, engine::Retry, price::PriceTable,
};
use workflow_gemini::GeminiClientBuilder;

const STREAM: &[u8] = include_bytes!("fixtures/stream.sse");

fn spec(second: &str) -> Value {
    value!({"nodes": [
        {"id": "first", "type": "LLMNode", "data": {"prompt": "Of {{ input }}"}},
        {"id": "second", "type": "LLMNode", "needs": ["first"], "data": {"prompt": format!("{second} {{{{ first.output }}}}")}},
    ]})
}

fn engine(client: GeminiClientBuilder) -> LocalEngine {
    let mut registry = Registry::default();
    workflow_gemini::register(&mut registry, client.build().unwrap());
    LocalEngine::builder(registry).build()
}

/// The completed steps, as JSON.
async fn completed(engine: &LocalEngine, run: RunId) -> Vec<Value> {
    let updates = engine.events(run, 0).await.unwrap();
    let events = updates.filter_map(async |update| match update {
        Update::Event(event) => Some(serde_json::to_value(event).unwrap()),
        _ => None,
    });
    let events: Vec<Value> = events.collect().await;
    events
        .into_iter()
        .filter(|it| it["type"] == "node.completed")
        .collect()
}

async fn asked(server: &MockServer) -> usize {
    server.received_requests().await.unwrap().len()
}

#[tokio::test]
async fn only_the_changed_step_asks_again() {
    let server = answering(sse(STREAM)).await;
    let prices = value!({"gemini/*": {"input": 1, "output": 2}});
    let prices = PriceTable::from_json(prices.to_string().as_bytes()).unwrap();
    let engine = engine(builder(&server.uri()).with_prices(prices));
    let workflow = engine
        .create_workflow(spec("Sum up"))
        .await
        .unwrap()
        .record
        .id;
    let run = engine
        .start(NewRun::new(workflow, "Ada".into()))
        .await
        .unwrap()
        .id;
    let first = completed(&engine, run).await;
    assert_eq!(asked(&server).await, 2);
    // 15 tokens of input and 78 of output.
    assert_eq!(first[0]["cost"], value!({"usd": 0.000_171}));

    let edited = engine
        .update_workflow(workflow, spec("Shorten"), None)
        .await
        .unwrap();
    let mut retry = Retry::unchanged(run);
    retry.version = Some(edited.record.version);
    let next = engine.retry(retry).await.unwrap().id;
    let steps = completed(&engine, next).await;
    assert_eq!(asked(&server).await, 3);
    assert_eq!(
        (&steps[0]["reused"], &steps[1]["reused"]),
        (&value!(true), &Value::Null)
    );
    assert_eq!(steps[0].get("cost"), None, "it cost nothing again");
    assert_eq!(
        steps[0]["reused_from"]["saved_cost"],
        value!({"usd": 0.000_171})
    );
}
