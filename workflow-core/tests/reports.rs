//! What a node reports about its answer can be read by later steps, live and from the log.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use std::sync::Arc;

use async_trait::async_trait;
use futures::StreamExt;
use serde_json::{Value, json};
use support::{collect, output_of};
use workflow_core::{
    Executor, LocalEngine, NewRun, Node, NodeContext, NodeError, NodeId, Registry, RunId, Runs,
    StepEvent, Update, Workflow, Workflows, engine::Retry, error::FaultCode,
};

/// Answers, and reports what its data specifies.
#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Answer {
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    truncated: bool,
    #[serde(default)]
    metadata: Option<Value>,
    #[serde(default)]
    fails: bool,
}

#[async_trait]
impl Node for Answer {
    async fn run(&self, cx: &NodeContext) -> Result<Value, NodeError> {
        if let Some(reason) = &self.reason {
            cx.record_finish_reason(reason.clone());
        }
        if self.truncated {
            cx.record_truncated();
        }
        if let Some(metadata) = &self.metadata {
            cx.record_metadata(metadata.clone());
        }
        if self.fails {
            return Err(NodeError::new("refused", "it was refused"));
        }
        Ok(json!("text"))
    }
}

fn registry() -> Registry {
    let mut registry = Registry::default();
    registry.register::<Answer>("Answer");
    registry
}

fn spec() -> Value {
    let read = |id: &str| {
        json!([
            format!("{{{{ {id}.finish_reason }}}}"),
            format!("{{{{ {id}.truncated }}}}"),
            format!("{{{{ {id}.metadata }}}}"),
        ])
    };
    json!({"nodes": [
        {"id": "cut", "type": "Answer", "needs": [], "data": {"reason": "MAX_TOKENS", "truncated": true, "metadata": {"sources": [1]}}},
        {"id": "plain", "type": "Answer", "needs": [], "data": {}},
        {"id": "failed", "type": "Answer", "needs": [], "on_error": "continue", "data": {"reason": "SAFETY", "fails": true}},
        {"id": "skipped", "type": "Answer", "needs": [], "when": "input == 1", "data": {"truncated": true}},
        {"id": "more", "type": "Answer", "needs": ["cut"], "when": "cut.truncated", "data": {}},
        {"id": "read", "type": "TransformNode", "needs": ["cut", "plain", "failed", "skipped", "more"],
         "data": {"value": [read("cut"), read("plain"), read("failed"), read("skipped"), "{{ cut.metadata.sources[0] }}", "{{ more.status }}"]}},
    ]})
}

fn expected() -> Value {
    json!([
        ["MAX_TOKENS", true, {"sources": [1]}],
        [null, false, null],
        ["SAFETY", false, null],
        [null, false, null],
        1,
        "completed",
    ])
}

#[tokio::test(start_paused = true)]
async fn later_steps_read_what_a_node_reported() {
    let workflow = Arc::new(Workflow::from_spec(&spec(), &registry()).unwrap());
    let events = collect(Executor::new().run(Arc::clone(&workflow), json!(0))).await;
    assert_eq!(output_of(&events), expected());
    for cut in 1..events.len() {
        let log = &events[..cut];
        let rest = collect(Executor::new().resume(Arc::clone(&workflow), log).unwrap()).await;
        assert_eq!(output_of(&rest), expected(), "resumed after event {cut}");
    }
    let text = serde_json::to_string(&events).unwrap();
    let read: Vec<StepEvent> = serde_json::from_str(&text).unwrap();
    assert_eq!(read, events);
}

async fn output(engine: &LocalEngine, run: RunId) -> Value {
    let updates = engine.events(run, 0).await.unwrap();
    let events = updates.filter_map(async |update| match update {
        Update::Event(event) => Some(event),
        _ => None,
    });
    output_of(&events.collect::<Vec<StepEvent>>().await)
}

#[tokio::test(start_paused = true)]
async fn a_retry_reads_what_was_reported_in_the_run_before() {
    let engine = LocalEngine::builder(registry()).build();
    let workflow = engine.create_workflow(spec()).await.unwrap().record.id;
    let mut run = engine.start(NewRun::new(workflow, json!(0))).await.unwrap();
    assert_eq!(output(&engine, run.id).await, expected());
    // Also in a retry of a retry, which reuses what was reused.
    for _ in 0..2 {
        let from = Retry::from(run.id, NodeId::parse("read").unwrap());
        run = engine.retry(from).await.unwrap();
        assert_eq!(output(&engine, run.id).await, expected());
    }
    let report = serde_json::to_value(engine.run_report(run.id).await.unwrap()).unwrap();
    assert_eq!(report["steps"][0]["truncated"], true);
    assert_eq!(report["steps"][0]["reused"], true);
}

#[test]
fn other_fields_of_a_step_are_faults() {
    for (field, hint) in [
        ("outputs", "did you mean `a.output`?"),
        ("finish_reson", "did you mean `a.finish_reason`?"),
        ("trunctaed", "did you mean `a.truncated`?"),
        ("text", "did you mean `a.output.text`?"),
    ] {
        let spec = json!({"nodes": [
            {"id": "a", "type": "Answer", "data": {}},
            {"id": "b", "type": "TransformNode", "data": {"value": format!("{{{{ a.{field} }}}}")}},
        ]});
        let invalid = Workflow::from_spec(&spec, &registry()).unwrap_err();
        let fault = &invalid.faults()[0];
        assert_eq!(fault.code, FaultCode::UnknownReference, "{field}");
        assert_eq!(fault.hint.as_deref(), Some(hint), "{field}");
    }
}
