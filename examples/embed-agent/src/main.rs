//! An agent inside another program: a model calls a tool that is written in Rust. Needs the variable `GEMINI_API_KEY`.
#![expect(clippy::print_stdout, reason = "printing is what this program is for")]

use std::{collections::HashMap, env, error::Error, sync::Arc};

use async_trait::async_trait;
use futures::StreamExt;
use serde_json::{Value, json};
use workflow_core::{
    EventKind, Executor, Node, NodeContext, NodeError, Registry, Template, Update, Workflow,
};
use workflow_gemini::GeminiClient;

/// What a workflow writes into a `StockNode`.
#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct StockData {
    /// The article to count.
    article: Template,
}

/// Counts what the shop that this program runs has in stock.
struct StockNode(StockData, Arc<HashMap<&'static str, u32>>);

#[async_trait]
impl Node for StockNode {
    async fn run(&self, cx: &NodeContext) -> Result<Value, NodeError> {
        let article = cx.render(&self.0.article)?;
        let count = self.1.get(article.as_str()).copied();
        // The model reads the error, and can ask for another article.
        let unknown = || NodeError::new("unknown_article", format!("no {article} in the shop"));
        count.map(Value::from).ok_or_else(unknown)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let stock = Arc::new(HashMap::from([("tea", 12), ("coffee", 3)]));
    let mut registry = Registry::default();
    workflow_gemini::register(&mut registry, GeminiClient::from_env()?);
    registry.register_with("StockNode", move |data| StockNode(data, Arc::clone(&stock)));

    let tool = json!({
        "name": "stock", "description": "How many pounds of an article the shop has: tea or coffee.",
        "input": {"type": "object", "required": ["article"], "properties": {"article": {"type": "string"}}},
        "nodes": [{"id": "count", "type": "StockNode", "data": {"article": "{{ args.article }}"}}],
    });
    let spec = json!({"nodes": [{"id": "clerk", "type": "AgentNode", "retry": 3, "data": {
        "system": "You work in a shop.", "prompt": "{{ input }}", "tools": [tool]}}]});
    let workflow = Arc::new(Workflow::from_spec(&spec, &registry)?);

    let question = env::args().nth(1);
    let question = question.unwrap_or_else(|| "Do you have five pounds of coffee?".to_owned());
    let mut run = Executor::new().run(workflow, question.into());
    while let Some(update) = run.next().await {
        let Update::Event(event) = update else {
            continue;
        };
        match event.kind {
            // Turns are `clerk/0/turn`, calls are `clerk/0/stock-0`, and what they run is `clerk/0/stock-0/count`.
            EventKind::NodeCompleted(done) => println!("{}: {}", done.step.path(), done.output),
            EventKind::NodeFailed(it) => println!("{}: {}", it.step.path(), it.error.detail),
            EventKind::RunFailed(failed) => return Err(failed.error.detail.as_str().into()),
            _ => {}
        }
    }
    Ok(())
}
