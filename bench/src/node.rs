//! Nodes without work, and workflows of such nodes.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use workflow_core::{
    Node, NodeContext, NodeError, Plan, PlanContext, Registry, Workflow,
    node::agent::{Agent, AgentTurn, ToolCall, TurnRequest},
    value::Amount,
};

/// A node that does nothing.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Noop {}

#[async_trait]
impl Node for Noop {
    async fn run(&self, _: &NodeContext) -> Result<Value, NodeError> {
        Ok(Value::Null)
    }
}

/// A node that does nothing, and says that it may use one request.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bounded {}

#[async_trait]
impl Node for Bounded {
    fn plan(&self, _: &PlanContext<'_>) -> Result<Plan, NodeError> {
        Ok(Plan::opaque().with_bound(Amount::calls(1)))
    }

    async fn run(&self, _: &NodeContext) -> Result<Value, NodeError> {
        Ok(Value::Null)
    }
}

/// A node that never completes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Wait {}

#[async_trait]
impl Node for Wait {
    async fn run(&self, _: &NodeContext) -> Result<Value, NodeError> {
        std::future::pending().await
    }
}

/// A node that only waits.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pause {
    /// How long, in milliseconds.
    ms: u64,
}

#[async_trait]
impl Node for Pause {
    async fn run(&self, _: &NodeContext) -> Result<Value, NodeError> {
        tokio::time::sleep(Duration::from_millis(self.ms)).await;
        Ok(Value::Null)
    }
}

/// An agent that calls its tool, `noop`, three times in one turn, and then answers.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CallThree {}

#[async_trait]
impl Agent for CallThree {
    async fn turn(&self, _: &NodeContext, request: &TurnRequest) -> Result<AgentTurn, NodeError> {
        Ok(match request.turn {
            0 => AgentTurn::calls(vec![ToolCall::new("noop", json!({})); 3]),
            _ => AgentTurn::answer(Value::Null),
        })
    }
}

/// The built-in types, `Noop`, `Bounded`, `Wait`, `Pause` and `CallThree`.
pub fn registry() -> Registry {
    let mut registry = Registry::default();
    registry.register::<Noop>("Noop");
    registry.register::<Bounded>("Bounded");
    registry.register::<Wait>("Wait");
    registry.register::<Pause>("Pause");
    registry.register_agent_with("CallThree", |agent: CallThree| agent);
    registry
}

/// A chain of steps that do nothing.
pub fn chain(steps: usize) -> Value {
    let nodes: Vec<Value> = (0..steps)
        .map(|step| json!({"id": format!("n{step}"), "type": "Noop"}))
        .collect();
    json!({ "nodes": nodes })
}

/// A prompt, and a step in place of a model, which answers after so many milliseconds. The engine does not know that it costs
/// nothing.
pub fn prompt_and_model(ms: u64) -> Value {
    let model = match ms {
        0 => json!({"id": "say", "type": "Noop"}),
        ms => json!({"id": "say", "type": "Pause", "data": {"ms": ms}}),
    };
    let prompt =
        json!({"id": "ask", "type": "PromptNode", "data": {"template": "Greet {{ input }}"}});
    json!({"nodes": [prompt, model]})
}

/// A chain of steps that do nothing and may use one request each, with or without a budget.
pub fn bounded(steps: usize, budget: Option<u64>) -> Value {
    let nodes: Vec<Value> = (0..steps)
        .map(|step| json!({"id": format!("n{step}"), "type": "Bounded"}))
        .collect();
    match budget {
        Some(calls) => json!({"budget": {"calls": calls}, "nodes": nodes}),
        None => json!({ "nodes": nodes }),
    }
}

/// One step, then many concurrent steps, then one.
pub fn fan(width: usize) -> Value {
    let wide: Vec<String> = (0..width).map(|step| format!("n{step}")).collect();
    let mut nodes = vec![json!({"id": "first", "type": "Noop"})];
    nodes.extend(
        wide.iter()
            .map(|id| json!({"id": id, "type": "Noop", "needs": ["first"]})),
    );
    nodes.push(json!({"id": "last", "type": "Noop", "needs": wide}));
    json!({ "nodes": nodes })
}

/// A turn of an agent, three calls at the same time of a tool that does nothing, and a turn.
pub fn agent() -> Value {
    let tool =
        json!({"name": "noop", "on_ambiguous": "retry", "nodes": [{"id": "n", "type": "Noop"}]});
    json!({"nodes": [{"id": "agent", "type": "CallThree", "data": {"tools": [tool]}}]})
}

/// One step that never completes.
pub fn waiting() -> Value {
    json!({"nodes": [{"id": "a", "type": "Wait"}]})
}

/// A chain of steps that wait for so many milliseconds each.
pub fn pauses(steps: usize, ms: u64) -> Value {
    let nodes: Vec<Value> = (0..steps)
        .map(|step| json!({"id": format!("n{step}"), "type": "Pause", "data": {"ms": ms}}))
        .collect();
    json!({ "nodes": nodes })
}

/// Builds a workflow of these nodes.
///
/// # Panics
/// If the specification is invalid.
pub fn workflow(spec: &Value) -> Arc<Workflow> {
    Arc::new(Workflow::from_spec(spec, &registry()).unwrap_or_else(|faults| panic!("{faults}")))
}
