//! `LLMNode` in a workflow, with this provider.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]
#![allow(clippy::needless_pass_by_value, reason = "`json!` gives values")]

mod common;

use std::sync::Arc;

use common::{answering, builder, client, events, hello, json as answer, sse};
use futures::StreamExt;
use serde_json::{Value, json};
use wiremock::{MockServer, ResponseTemplate};
use workflow_core::{Executor, Registry, Update, Workflow, value::StepKey};
use workflow_llm::{Message, Model, ModelRequest, Models, ServiceTier};

fn says(text: &str) -> ResponseTemplate {
    let chunks = [
        json!({"id": "c1", "model": "m-2026", "choices": [{"delta": {"reasoning": "Hm"}}]}),
        json!({"choices": [{"delta": {"content": text}}]}),
        json!({"choices": [{"delta": {}, "finish_reason": "stop"}]}),
        json!({"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 2}}),
    ];
    sse(events(&chunks)).insert_header("x-request-id", "req_1")
}

/// The updates of a run of one `LLMNode`, as JSON.
async fn run(models: impl Into<Models>, data: Value) -> Vec<Value> {
    let mut registry = Registry::default();
    workflow_llm::register(&mut registry, models);
    let spec = json!({"nodes": [{"id": "ask", "type": "LLMNode", "retry": 1, "data": data}]});
    let workflow = Workflow::from_spec(&spec, &registry).unwrap();
    let mut run = Executor::new().run(Arc::new(workflow), "Hi".into());
    let mut updates = Vec::new();
    while let Some(update) = run.next().await {
        if let Update::Event(event) = update {
            updates.push(serde_json::to_value(event).unwrap());
        }
    }
    updates
}

/// The event that ends the step.
async fn end(models: impl Into<Models>, data: Value) -> Value {
    let events = run(models, data).await;
    let is_end = |event: &&Value| {
        ["node.completed", "node.failed"].contains(&event["type"].as_str().unwrap())
    };
    events.iter().find(is_end).unwrap().clone()
}

async fn sent(server: &MockServer) -> Vec<Value> {
    let requests = server.received_requests().await.unwrap();
    requests.iter().map(|it| it.body_json().unwrap()).collect()
}

#[tokio::test]
async fn a_step_reports_what_the_provider_says() {
    let server = answering(says("Hello")).await;
    let end = end(client(&server.uri()), json!({})).await;
    assert_eq!(end["output"], "Hello");
    assert_eq!(end["usage"], json!({"input_tokens": 5, "output_tokens": 2}));
    assert_eq!(
        (&end["model"], &end["finish_reason"]),
        (&json!("m-2026"), &json!("stop"))
    );
    assert_eq!(end["metadata"], json!({"request_id": "req_1"}));
    assert_eq!(
        sent(&server).await[0]["messages"],
        json!([{"role": "user", "content": "Hi"}])
    );
}

#[tokio::test]
async fn one_node_type_routes_to_several_providers() {
    let (cloud, local) = (
        answering(says("cloud")).await,
        answering(says("local")).await,
    );
    let models = || {
        let cloud = builder(&cloud.uri()).with_name("cloud").build().unwrap();
        Models::new(cloud)
            .with_provider("local", client(&local.uri()))
            .unwrap()
    };
    assert_eq!(end(models(), json!({})).await["output"], "cloud");
    assert_eq!(
        end(models(), json!({"model": "local/qwen3:8b"})).await["output"],
        "local"
    );
    assert_eq!(
        end(models(), json!({"model": "local/org/qwen3"})).await["output"],
        "local"
    );
    let models_sent: Vec<Value> = sent(&local)
        .await
        .iter()
        .map(|it| it["model"].clone())
        .collect();
    assert_eq!(models_sent, ["qwen3:8b", "org/qwen3"]);
    let error = &end(models(), json!({"model": "other/qwen3"})).await["error"];
    assert_eq!(error["code"], "unknown_provider");
}

#[tokio::test]
async fn a_fallback_crosses_providers() {
    let gone = answering(answer(404, r#"{"error":{"message":"model not found"}}"#)).await;
    let local = answering(says("local")).await;
    let models = Models::new(builder(&gone.uri()).with_name("cloud").build().unwrap());
    let models = models.with_provider("local", client(&local.uri())).unwrap();
    let end = end(models, json!({"model": "m1", "fallback": ["local/m2"]})).await;
    assert_eq!(end["output"], "local");
    assert_eq!(
        end["metadata"]["tried"],
        json!([{"model": "m1", "code": "model_not_found"}])
    );
}

#[tokio::test]
async fn an_answer_is_checked_against_its_schema_whatever_the_server_does() {
    let schema = json!({"type": "object", "required": ["kind"]});
    for (text, code) in [
        (r#"{"kind":"bug"}"#, None),
        ("{}", Some("answer_does_not_fit")),
        ("bug", Some("answer_not_json")),
    ] {
        let server = answering(says(text)).await;
        let end = end(client(&server.uri()), json!({"schema": schema})).await;
        assert_eq!(end["error"]["code"].as_str(), code);
        if code.is_none() {
            assert_eq!(end["output"], json!({"kind": "bug"}));
        }
    }
}

#[tokio::test]
async fn what_only_other_providers_have_fails_before_anything_is_sent() {
    let server = answering(says("Hello")).await;
    for data in [
        json!({"safety": {"harassment": "none"}}),
        json!({"tool_config": {}}),
        json!({"tools": ["google_search"]}),
        json!({"thinking_budget": 0}),
        json!({"top_k": 3}),
    ] {
        let end = end(client(&server.uri()), data.clone()).await;
        assert_eq!(end["error"]["code"], "unsupported_option", "{data}");
    }
    assert_eq!(sent(&server).await.len(), 0);
}

#[tokio::test]
async fn a_node_adds_fields_to_the_request() {
    let server = answering(says("Hello")).await;
    let data = json!({"extra": {"min_p": 0.1, "chat_template_kwargs": {"enable_thinking": false}}});
    assert_eq!(end(client(&server.uri()), data).await["output"], "Hello");
    let sent = &sent(&server).await[0];
    assert_eq!(
        (&sent["min_p"], &sent["chat_template_kwargs"]),
        (&json!(0.1), &json!({"enable_thinking": false}))
    );
    let end = end(client(&server.uri()), json!({"extra": {"model": "other"}})).await;
    assert_eq!(end["error"]["code"], "invalid_request");
}

#[test]
fn keys_depend_on_what_changes_the_answer() {
    let client = client("http://localhost:1");
    let key = |request: &ModelRequest| {
        client
            .add_to_key(request, StepKey::builder("T", 1))
            .unwrap()
            .build()
    };
    let base = key(&hello());
    let with = |change: fn(&mut ModelRequest)| {
        let mut request = hello();
        change(&mut request);
        key(&request)
    };
    assert_eq!(with(|it| it.streams = false), base);
    assert_eq!(with(|it| it.service_tier = Some(ServiceTier::Flex)), base);
    assert_eq!(with(|it| it.store = Some(true)), base);
    assert_ne!(with(|it| it.seed = Some(1)), base);
    assert_ne!(with(|it| it.messages = vec![Message::user("Ho")]), base);
    let expected = "834620d7fb503a729562fb54cc80548c1f2ee6a28d078089b3af75a7453443cc";
    assert_eq!(
        base.to_string(),
        expected,
        "keys are stored: a change loses what was computed"
    );
}
