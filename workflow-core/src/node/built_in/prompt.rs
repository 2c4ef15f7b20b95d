use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    error::NodeError,
    node::{Node, NodeContext, OutputShape},
    template::Template,
};

/// Renders a text from the run's input and the outputs of earlier nodes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-workflow-output" = {"type": "string"}))]
pub struct PromptNode {
    /// The text, with `{{ expressions }}`. It must read something: `{{ input }}` or the output of a node.
    #[schemars(extend("x-workflow-refers" = true, "examples" = ["Notes on this: {{ input }}"]))]
    template: Template,
}

#[async_trait]
impl Node for PromptNode {
    async fn run(&self, cx: &NodeContext) -> Result<Value, NodeError> {
        cx.render(&self.template).map(Value::String)
    }

    fn output_shape(&self) -> OutputShape<'_> {
        OutputShape::Text
    }
}
