//! Workflows inside another program: its data becomes a node type, and it sees each event.
#![expect(clippy::print_stdout, reason = "printing is what this program is for")]

use std::{collections::HashMap, error::Error, sync::Arc};

use async_trait::async_trait;
use futures::StreamExt;
use serde_json::{Value, json};
use workflow_core::{
    EventKind, Executor, Node, NodeContext, NodeError, Registry, Template, Update, Workflow,
};

/// What a workflow writes into a `PriceNode`.
#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct PriceData {
    /// The article to look up.
    article: Template,
}

/// Looks up a price in the shop that this program runs.
struct PriceNode(PriceData, Arc<HashMap<&'static str, f64>>);

#[async_trait]
impl Node for PriceNode {
    async fn run(&self, cx: &NodeContext) -> Result<Value, NodeError> {
        let article = cx.render(&self.0.article)?;
        let price = self.1.get(article.as_str());
        let unknown = || NodeError::new("unknown_article", format!("no {article} in the shop"));
        price.map(|price| json!(price)).ok_or_else(unknown)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let prices = Arc::new(HashMap::from([("tea", 4.5), ("coffee", 6.0)]));
    let mut registry = Registry::default();
    registry.register_with("PriceNode", move |data| {
        PriceNode(data, Arc::clone(&prices))
    });

    let spec = json!({"nodes": [
        {"id": "price", "type": "PriceNode", "data": {"article": "{{ input }}"}},
        {"id": "offer", "type": "PromptNode", "data": {"template": "A pound of {{ input }} is {{ price.output }} euros."}},
    ]});
    let workflow = Arc::new(Workflow::from_spec(&spec, &registry)?);
    let mut run = Executor::new().run(workflow, "tea".into());
    while let Some(update) = run.next().await {
        let Update::Event(event) = update else {
            continue;
        };
        match event.kind {
            EventKind::NodeCompleted(done) => println!("{}: {}", done.step.node(), done.output),
            EventKind::RunFailed(failed) => return Err(failed.error.detail.as_str().into()),
            other => println!("{}", other.name()),
        }
    }
    Ok(())
}
