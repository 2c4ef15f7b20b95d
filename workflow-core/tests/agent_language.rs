//! Agents in the language: what a workflow with one may say, and the place of each fault.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use async_trait::async_trait;
use serde_json::{Value, json};
use workflow_core::{
    NodeContext, NodeError, Registry, Template, Workflow,
    node::agent::{Agent, AgentTurn, TurnRequest},
};

/// An agent with a prompt.
#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Scripted {
    /// What it is asked.
    prompt: Option<Template>,
}

#[async_trait]
impl Agent for Scripted {
    async fn turn(&self, _: &NodeContext, _: &TurnRequest) -> Result<AgentTurn, NodeError> {
        Ok(AgentTurn::answer("done"))
    }

    fn reads_input(&self) -> bool {
        self.prompt.is_none()
    }
}

fn registry() -> Registry {
    let mut registry = Registry::default();
    registry.register_agent_with("Scripted", |data: Scripted| data);
    registry
}

/// A node that reads the arguments of a call.
fn lookup(id: &str, template: &str) -> Value {
    json!({"id": id, "type": "PromptNode", "data": {"template": template}})
}

/// A workflow with one agent that has these tools.
fn with_tools(tools: Value) -> Value {
    json!({"nodes": [{"id": "support", "type": "Scripted", "data": {
        "prompt": "{{ input.question }}",
        "tools": tools,
    }}]})
}

#[test]
fn a_workflow_has_an_agent_whose_tools_are_nodes() {
    let spec = with_tools(json!([{
        "name": "order",
        "description": "Finds an order by its number.",
        "input": {"type": "object", "properties": {"number": {"type": "string"}}, "required": ["number"]},
        "nodes": [lookup("get", "{{ args.number }}"), lookup("say", "{{ get.output }} {{ input.question }}")],
    }]));
    let workflow = Workflow::from_spec(&spec, &registry()).unwrap();
    assert_eq!(workflow.warnings(), []);
    assert_eq!(
        serde_json::to_value(&workflow.nodes()[0]).unwrap(),
        json!({"id": "support", "type": "Scripted", "needs": [], "nodes": [
            {"id": "turn", "type": "AgentTurn", "needs": []},
            {"id": "order", "type": "ToolCall", "needs": [], "nodes": [
                {"id": "get", "type": "PromptNode", "needs": []},
                {"id": "say", "type": "PromptNode", "needs": ["get"]},
            ]},
            {"id": "unknown", "type": "ToolCall", "needs": []},
        ]})
    );
}
