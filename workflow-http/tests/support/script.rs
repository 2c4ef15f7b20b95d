//! A scripted model: it acts when the test says so.

use std::sync::Arc;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::{Mutex, mpsc};
use workflow_core::{Node, NodeContext, NodeError};

enum Line {
    Say(String),
    Debug(Value),
    Finish(Value),
    Fail(NodeError),
}

/// The test's handle of the model. The model waits for each line of the script.
pub struct Script(mpsc::UnboundedSender<Line>);

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoData {}

pub struct ScriptedModel(Arc<Mutex<mpsc::UnboundedReceiver<Line>>>);

impl Script {
    pub fn new() -> (
        Self,
        impl Fn(NoData) -> ScriptedModel + Send + Sync + 'static,
    ) {
        let (say, hear) = mpsc::unbounded_channel();
        let hear = Arc::new(Mutex::new(hear));
        (Self(say), move |NoData {}| ScriptedModel(Arc::clone(&hear)))
    }

    pub fn say(&self, text: &str) {
        self.send(Line::Say(text.to_owned()));
    }

    /// Records debug data, which only the log contains.
    pub fn record_debug(&self, debug: Value) {
        self.send(Line::Debug(debug));
    }

    pub fn finish(&self, output: impl Into<Value>) {
        self.send(Line::Finish(output.into()));
    }

    pub fn fail(&self, error: NodeError) {
        self.send(Line::Fail(error));
    }

    fn send(&self, line: Line) {
        self.0
            .send(line)
            .unwrap_or_else(|_| panic!("the model is gone"));
    }
}

#[async_trait]
impl Node for ScriptedModel {
    async fn run(&self, cx: &NodeContext) -> Result<Value, NodeError> {
        let mut lines = self.0.lock().await;
        loop {
            match lines.recv().await {
                Some(Line::Say(text)) => cx.delta(text)?,
                Some(Line::Debug(debug)) => cx.record_debug(debug),
                Some(Line::Finish(output)) => return Ok(output),
                Some(Line::Fail(error)) => return Err(error),
                None => std::future::pending().await,
            }
        }
    }
}
