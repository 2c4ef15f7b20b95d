//! Results of tools that are too large, or no text.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use support::{
    Probe,
    agents::{Sent, checked, event_of, one_agent, registry, script, tool},
    collect, output_of,
};
use workflow_core::{
    Executor, Node, NodeContext, NodeError,
    node::agent::{AgentTurn, CallResult, ToolCall},
};

/// Gives 5 MiB of text.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Huge {}

#[async_trait]
impl Node for Huge {
    async fn run(&self, _: &NodeContext) -> Result<Value, NodeError> {
        Ok("x".repeat(5 * 1024 * 1024).into())
    }
}

#[tokio::test(start_paused = true)]
async fn a_result_of_five_mebibytes_is_an_error_and_the_model_is_told() {
    let mut huge = tool("huge", json!({}));
    huge["nodes"] = json!([{"id": "work", "type": "Huge"}]);
    let rows = tool(
        "rows",
        json!({"output": [1.5, null, {"n": "{{ args.n }}"}]}),
    );
    let no = tool("no", json!({"output": false}));
    let calls = script(|request| {
        if let Some(past) = request.history.first() {
            let results = past.results.iter().map(CallResult::for_model);
            return AgentTurn::answer(results.collect::<Vec<_>>());
        }
        let names = ["huge", "rows", "no"];
        AgentTurn::calls(
            names
                .map(|name| ToolCall::new(name, json!({"n": 1})))
                .to_vec(),
        )
    });
    let mut registry = registry(&Probe::default(), calls, &Sent::default());
    registry.register::<Huge>("Huge");
    let workflow = checked(&one_agent(json!({"tools": [huge, rows, no]})), &registry);
    let log = collect(Executor::new().run(workflow, "in".into())).await;
    let output = output_of(&log);
    let error = output[0]["error"].as_str().unwrap();
    assert!(error.starts_with("output_too_large: "), "{error}");
    assert_eq!(output[1], json!({"output": [1.5, null, {"n": 1}]}));
    assert_eq!(output[2], json!({"output": false}));
    let failed = event_of(&log, "node.failed", "agent/0/huge-0");
    assert_eq!(failed["handled"], true);
    let bytes = serde_json::to_string(&log).unwrap().len();
    assert!(bytes < 20_000, "{bytes} bytes of log");
}
