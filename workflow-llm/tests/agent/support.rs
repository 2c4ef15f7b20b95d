//! Agents, and the requests of their turns.

use std::sync::Arc;

use serde_json::{Value, json};
use workflow_core::{
    NodeError,
    node::agent::{AgentTurn, CallResult, PastTurn, ToolCall, ToolSpec, TurnRequest},
    testing::TestAttempt,
};
use workflow_llm::{AgentNode, Models};

pub(crate) fn agent(models: impl Into<Models>, data: Value) -> AgentNode {
    AgentNode::new(models, serde_json::from_value(data).unwrap())
}

pub(crate) fn tools() -> Vec<ToolSpec> {
    let input = Arc::new(json!({"type": "object"}));
    vec![
        ToolSpec::new("order", "Finds an order.", Arc::clone(&input)),
        ToolSpec::new("refund", "", input),
    ]
}

pub(crate) fn first() -> TurnRequest {
    TurnRequest::new(tools(), Vec::new())
}

pub(crate) fn after(history: Vec<Arc<PastTurn>>) -> TurnRequest {
    TurnRequest::new(tools(), history)
}

pub(crate) async fn turn(agent: &AgentNode, request: &TurnRequest) -> Result<AgentTurn, NodeError> {
    TestAttempt::new(json!("Where is A-17?"))
        .turn(agent, request)
        .await
        .0
}

/// The turn with these results of its calls.
pub(crate) fn past(turn: AgentTurn, results: Vec<Value>) -> Arc<PastTurn> {
    let results = results
        .into_iter()
        .map(|it| CallResult::new(Ok(Arc::new(it))));
    let state = turn.state.map(Arc::new);
    Arc::new(PastTurn::new(turn.output, state, results.collect()))
}

/// A past turn of two calls, with the state of this model.
pub(crate) fn two_calls(provider: &str, model: &str) -> Arc<PastTurn> {
    let state = json!({"provider": provider, "model": model, "state": {"raw": [1]}});
    let calls = ["order", "refund"].map(|tool| ToolCall::new(tool, json!({})));
    past(
        AgentTurn::calls(calls.into()).with_state(state),
        vec![json!("sent"), json!(2)],
    )
}
