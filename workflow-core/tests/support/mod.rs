//! A node that does what its data says, and a record of what was done.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "each test binary uses a part of this, and may fail by panicking"
)]

pub mod agents;
pub mod faulty;
pub mod paid;
pub mod planned;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use futures::StreamExt;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use workflow_core::{
    EventKind, Executor, Json, Node, NodeContext, NodeError, Registry, Run, StepEvent, Update,
    Workflow,
    value::{Timestamp, Usage},
};

/// What the nodes of a test did: `start a`, `end a`, `drop a`.
#[derive(Clone, Debug, Default)]
pub struct Probe(Arc<Mutex<Vec<String>>>);

impl Probe {
    pub fn note(&self, what: impl Into<String>) {
        self.0.lock().unwrap().push(what.into());
    }

    pub fn taken(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    /// How often something was noted.
    pub fn count(&self, what: &str) -> usize {
        self.0
            .lock()
            .unwrap()
            .iter()
            .filter(|noted| *noted == what)
            .count()
    }
}

/// Records `drop` when it is dropped before it is disarmed.
struct Guard(Probe, String, bool);

impl Drop for Guard {
    fn drop(&mut self) {
        if !self.2 {
            self.0.note(format!("drop {}", self.1));
        }
    }
}

#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Script {
    /// Virtual milliseconds of work.
    pub millis: u64,
    /// Pieces of text to stream, each after the milliseconds.
    pub say: Vec<String>,
    /// How many attempts fail.
    pub failures: u32,
    /// Whether a failed attempt may be repeated.
    pub retryable: bool,
    pub retry_after_ms: Option<u64>,
    pub panics: bool,
    /// The output; the node's id unless it is set.
    pub output: Option<Json>,
}

struct ScriptNode {
    script: Script,
    probe: Probe,
}

#[async_trait]
impl Node for ScriptNode {
    async fn run(&self, cx: &NodeContext) -> Result<Value, NodeError> {
        let id = cx.step().node().to_string();
        self.probe.note(format!("start {id}"));
        let mut guard = Guard(self.probe.clone(), id.clone(), false);
        let script = &self.script;
        for piece in &script.say {
            cx.delta(piece)?;
            tokio::time::sleep(Duration::from_millis(script.millis)).await;
        }
        if script.say.is_empty() && script.millis > 0 {
            tokio::time::sleep(Duration::from_millis(script.millis)).await;
        }
        guard.2 = true;
        cx.record_usage(Usage::new(10, 1));
        assert!(!script.panics, "as the script says");
        if cx.attempt() <= script.failures {
            let error = NodeError::new(
                "scripted",
                format!("attempt {} of {id} fails", cx.attempt()),
            );
            let error = if script.retryable {
                error.with_retry()
            } else {
                error
            };
            return Err(match script.retry_after_ms {
                Some(wait) => error.with_retry_after(Duration::from_millis(wait)),
                None => error,
            });
        }
        self.probe.note(format!("end {id}"));
        match &script.output {
            Some(output) => cx.render_json(output),
            None => Ok(id.into()),
        }
    }
}

/// Returns its input.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Echo {}

#[async_trait]
impl Node for Echo {
    async fn run(&self, cx: &NodeContext) -> Result<Value, NodeError> {
        cx.input().cloned()
    }

    fn reads_input(&self) -> bool {
        true
    }
}

/// The built-in types, `Script` and `Echo`.
pub fn registry(probe: &Probe) -> Registry {
    let mut registry = Registry::default();
    registry.register::<Echo>("Echo");
    let probe = probe.clone();
    registry.register_with("Script", move |script: Script| ScriptNode {
        script,
        probe: probe.clone(),
    });
    registry
}

/// A workflow of script nodes: `(id, needs, data)`.
pub fn workflow(probe: &Probe, nodes: &[(&str, &[&str], Value)]) -> Arc<Workflow> {
    let nodes: Vec<Value> = nodes
        .iter()
        .map(|(id, needs, data)| json!({"id": id, "type": "Script", "needs": needs, "data": data}))
        .collect();
    parsed(probe, &json!({ "nodes": nodes }))
}

pub fn parsed(probe: &Probe, spec: &Value) -> Arc<Workflow> {
    Arc::new(
        Workflow::from_spec(spec, &registry(probe)).unwrap_or_else(|invalid| panic!("{invalid}")),
    )
}

/// Runs a specification with an input.
pub async fn run(spec: &Value, input: Value) -> (Probe, Vec<StepEvent>) {
    let probe = Probe::default();
    let events = collect(Executor::new().run(parsed(&probe, spec), input)).await;
    (probe, events)
}

/// `code: detail` of the run's failure.
pub fn failure(events: &[StepEvent]) -> String {
    match events.last().map(|event| &event.kind) {
        Some(EventKind::RunFailed(failed)) => {
            format!("{}: {}", failed.error.code, failed.error.detail)
        }
        other => panic!("the run did not fail: {other:?}"),
    }
}

pub async fn run_all(workflow: &Arc<Workflow>) -> Vec<StepEvent> {
    collect(Executor::new().run(Arc::clone(workflow), "in".into())).await
}

pub async fn collect(run: Run) -> Vec<StepEvent> {
    let updates: Vec<Update> = run.collect().await;
    updates
        .into_iter()
        .filter_map(|update| {
            if let Update::Event(event) = update {
                Some(event)
            } else {
                None
            }
        })
        .collect()
}

/// A stored log, one event a line, as if it had been written now: what has a deadline is not over.
pub fn recent(lines: &str) -> Vec<StepEvent> {
    let now = json!(Timestamp::now());
    let events = lines.lines().map(|line| {
        let mut event: Value = serde_json::from_str(line).unwrap();
        event["time"] = now.clone();
        for field in ["deadline", "wake_at"] {
            if event.get(field).is_some() {
                event[field] = json!("2200-01-01T00:00:00Z");
            }
        }
        serde_json::from_value(event).unwrap()
    });
    events.collect()
}

/// `node.started a`, `run.completed`: events in short.
pub fn brief(events: &[StepEvent]) -> Vec<String> {
    let brief = |event: &StepEvent| match event.step() {
        Some(step) if event.kind.name().starts_with("node.") => {
            format!("{} {}", event.kind.name(), step.path())
        }
        _ => event.kind.name().to_owned(),
    };
    events.iter().map(brief).collect()
}

pub fn output_of(events: &[StepEvent]) -> Value {
    match &events.last().unwrap().kind {
        EventKind::RunCompleted(completed) => completed.output.as_ref().clone(),
        other => panic!("the run did not complete: {other:?}"),
    }
}

/// What a template makes of an input: its value, or its error.
pub async fn rendered(template: &str, input: &Value) -> Result<Value, String> {
    let spec = serde_json::json!({"nodes": [
        {"id": "node", "type": "TransformNode", "data": {"value": template}},
    ]});
    let (_, events) = run(&spec, input.clone()).await;
    match events.last().map(|event| &event.kind) {
        Some(EventKind::RunCompleted(completed)) => Ok(completed.output.as_ref().clone()),
        Some(EventKind::RunFailed(failed)) => {
            Err(format!("{}: {}", failed.error.code, failed.error.detail))
        }
        other => panic!("{other:?}"),
    }
}
