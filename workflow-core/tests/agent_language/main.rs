//! Agents in the language: what a workflow with one may say, and the place of each fault.

#![allow(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    reason = "a test may fail by panicking, and is easier to read"
)]

mod faults;
mod outline;
mod steps;
mod tools;

use async_trait::async_trait;
use serde_json::{Value, json};
use std::sync::{Arc, LazyLock};
use workflow_core::{
    Fault, InvalidWorkflow, Node, NodeContext, NodeError, Registry, Template, Workflow,
    node::{
        Effects,
        agent::{Agent, AgentTurn, TurnRequest},
    },
    workflow::Library,
};

/// An agent that answers with what it is told of its tools.
#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Scripted {
    /// What it is asked.
    prompt: Option<Template>,
}

#[async_trait]
impl Agent for Scripted {
    async fn turn(&self, _: &NodeContext, request: &TurnRequest) -> Result<AgentTurn, NodeError> {
        let tools = request.tools.iter();
        let tools = tools.map(|tool| json!([tool.name, tool.description, tool.input]));
        Ok(AgentTurn::answer(tools.collect::<Value>()))
    }

    fn reads_input(&self) -> bool {
        self.prompt.is_none()
    }
}

/// No `data`.
#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Empty {}

/// A node that may act.
struct Act;

#[async_trait]
impl Node for Act {
    async fn run(&self, _: &NodeContext) -> Result<Value, NodeError> {
        Ok(Value::Null)
    }
}

/// A node that says itself that it only reads.
struct Look;

#[async_trait]
impl Node for Look {
    async fn run(&self, _: &NodeContext) -> Result<Value, NodeError> {
        Ok(Value::Null)
    }

    fn effects(&self) -> Option<Effects> {
        Some(Effects::Reads)
    }
}

/// Built once: the schemas of all types take a while to compile.
static REGISTRY: LazyLock<Registry> = LazyLock::new(registry);

fn registry() -> Registry {
    let mut registry = Registry::default();
    registry.register_with("Act", |_: Empty| Act);
    registry.register_with("Look", |_: Empty| Look);
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

fn faults(spec: &Value, library: &Library) -> Vec<Fault> {
    let checked = Workflow::with_library(spec, &REGISTRY, library);
    checked.map_or_else(InvalidWorkflow::into_faults, |workflow| {
        workflow.warnings().to_vec()
    })
}

fn called(spec: &Value, library: &Library) -> Arc<Workflow> {
    Arc::new(Workflow::with_library(spec, &REGISTRY, library).unwrap())
}

/// Workflows that tools call.
fn library() -> Library {
    let mut library = Library::new();
    let text =
        json!({"name": "text", "input": {"type": "string"}, "nodes": [lookup("a", "{{ input }}")]});
    library.insert("text", called(&text, &library));
    let any = json!({"name": "any", "nodes": [lookup("a", "{{ input }}")]});
    library.insert("any", called(&any, &library));
    let refund = json!({
        "name": "refund",
        "description": "Pays the money back.",
        "input": {"type": "object", "properties": {"number": {"type": "string"}}, "required": ["number"]},
        "nodes": [lookup("a", "{{ input.number }}")],
    });
    library.insert("refund", called(&refund, &library));
    library
}

/// The input of most tools here: one number.
fn input() -> Value {
    json!({"type": "object", "properties": {"number": {"type": "string"}}})
}

/// A workflow whose agent has one tool, with these fields changed, added or, if `null`, removed.
fn with_tool(more: Value) -> Value {
    let nodes = [lookup("get", "{{ args.number }}")];
    let mut tool = json!({"name": "order", "input": input(), "nodes": nodes});
    change(&mut tool, more);
    with_tools(json!([tool]))
}

/// A workflow with an agent that has a tool, with these fields of its `data` changed or added.
fn with_data(more: Value) -> Value {
    let mut spec = with_tool(json!({}));
    change(&mut spec["nodes"][0]["data"], more);
    spec
}

fn change(object: &mut Value, more: Value) {
    for (field, value) in more.as_object().unwrap() {
        if value.is_null() {
            object.as_object_mut().unwrap().remove(field);
        } else {
            object[field] = value.clone();
        }
    }
}

/// The only fault or warning of a workflow: `code at place: hint`. The place is within the first tool (`.`) or the `data` of the agent.
fn only(spec: &Value) -> String {
    let found = faults(spec, &library());
    let [fault] = &found[..] else {
        panic!("{found:?} of {spec}")
    };
    let place = fault.pointer.as_str();
    let place = match place.strip_prefix("#/nodes/0/data/tools/0") {
        Some(place) => format!(".{place}"),
        None => place.replacen("#/nodes/0/data/", "", 1),
    };
    let hint = fault.hint.as_deref().unwrap_or_default();
    format!("{} {place}: {hint}", fault.code)
}
