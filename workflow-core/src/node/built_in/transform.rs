use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    error::NodeError,
    node::{Node, NodeContext, OutputShape},
    template::Json,
};

/// Reshapes data: any JSON, with templates in its strings.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TransformNode {
    /// The output. A string that consists of one `{{ expression }}` keeps the type of its value.
    #[schemars(extend("x-workflow-output" = true, "examples" = [{"text": "{{ input }}"}]))]
    value: Json,
}

#[async_trait]
impl Node for TransformNode {
    async fn run(&self, cx: &NodeContext) -> Result<Value, NodeError> {
        cx.render_json(&self.value)
    }

    fn output_shape(&self) -> OutputShape<'_> {
        OutputShape::Json(&self.value)
    }
}
