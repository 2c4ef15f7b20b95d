//! Substitutes for node types. They send nothing.

use std::{collections::BTreeMap, sync::LazyLock, time::Duration};

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use workflow_core::{
    Json, Node, NodeContext, NodeError, Registry, Template, template::TextOrSecret, value::Usage,
};

/// The built-in types; an `LLMNode` whose output is its prompt; and an `HttpNode` whose output is its
/// request body or URL.
pub static REGISTRY: LazyLock<Registry> = LazyLock::new(|| {
    let mut registry = Registry::default();
    registry.register::<Model>("LLMNode");
    registry.register::<Call>("HttpNode");
    registry
});

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Model {
    prompt: Option<Template>,
    system: Option<Template>,
    model: Option<String>,
    temperature: Option<f64>,
    stop: Option<Vec<String>>,
    #[schemars(extend("x-workflow" = "schema"))]
    schema: Option<Value>,
}

#[async_trait]
impl Node for Model {
    async fn run(&self, cx: &NodeContext) -> Result<Value, NodeError> {
        let system = self
            .system
            .as_ref()
            .map_or(Ok(String::new()), |system| cx.render(system))?;
        let answer = match &self.prompt {
            Some(prompt) => cx.render(prompt)?,
            None => cx.input()?.to_string(),
        };
        cx.delta(answer.clone())?;
        cx.record_usage(Usage::new(system.len() as u64, answer.len() as u64));
        if self.stop.iter().flatten().any(|stop| answer.contains(stop)) {
            return Err(NodeError::new(
                "stopped",
                self.model.clone().unwrap_or_default(),
            ));
        }
        Ok(if self.schema.is_some() || self.temperature.is_some() {
            serde_json::from_str(&answer).unwrap_or_default()
        } else {
            answer.into()
        })
    }

    fn reads_input(&self) -> bool {
        self.prompt.is_none()
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Call {
    url: Template,
    #[serde(default)]
    headers: BTreeMap<String, TextOrSecret>,
    json: Option<Json>,
    /// The number of attempts that fail.
    #[serde(default)]
    failures: u32,
    /// The duration of an attempt, in milliseconds of virtual time.
    #[serde(default)]
    millis: u32,
}

#[async_trait]
impl Node for Call {
    async fn run(&self, cx: &NodeContext) -> Result<Value, NodeError> {
        let url = cx.render(&self.url)?;
        for header in self.headers.values() {
            if let TextOrSecret::Text(text) = header {
                cx.render(text)?;
            }
        }
        if self.millis > 0 {
            tokio::time::sleep(Duration::from_millis(self.millis.into())).await;
        }
        if cx.attempt() <= self.failures {
            return Err(NodeError::new("refused", url).with_retry());
        }
        self.json
            .as_ref()
            .map_or(Ok(url.into()), |json| cx.render_json(json))
    }
}
