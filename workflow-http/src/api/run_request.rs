//! The bodies of requests that start or retry a run.
//!
//! The documentation of these types and their fields becomes descriptions in the OpenAPI document.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use workflow_core::{NewRun, NodeId, RunId, WorkflowId, engine::Retry};

use crate::request::{IdempotencyKey, Shape, typed};

/// What starts a run.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunRequest {
    /// What the run works on; any JSON that fits the workflow's `input`.
    input: Value,
    /// Which version of the workflow; the newest unless it is set.
    #[serde(default, deserialize_with = "typed::version")]
    version: Option<u32>,
    /// What is to be kept with the run.
    // Metadata may be any JSON, so `null` is metadata and a missing field is none.
    #[serde(default, deserialize_with = "typed::some_even_if_null")]
    #[schemars(with = "Value")]
    metadata: Option<Value>,
}

impl Shape for RunRequest {
    const LIKE: &'static str =
        r#"{"input": "Quantum Computing"}, and may have `version` and `metadata`"#;
}

impl RunRequest {
    /// The run to start.
    pub(crate) fn of(self, workflow: WorkflowId, key: IdempotencyKey) -> NewRun {
        let mut run = NewRun::new(workflow, self.input);
        run.version = self.version;
        run.metadata = self.metadata;
        run.key = key.0;
        run
    }
}

/// What does a run again: nothing, or one of `from` and `input`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RetryRequest {
    /// The top-level node to begin with; the results of what it does not follow from are taken over.
    #[serde(default, deserialize_with = "typed::node")]
    from: Option<NodeId>,
    /// Another input; nothing is taken over then.
    // As `metadata` of `RunRequest`: `null` is an input like any other.
    #[serde(default, deserialize_with = "typed::some_even_if_null")]
    #[schemars(with = "Value")]
    input: Option<Value>,
    /// Which version of the workflow; that of the run unless it is set.
    #[serde(default, deserialize_with = "typed::version")]
    version: Option<u32>,
}

impl Shape for RetryRequest {
    const LIKE: &'static str =
        r#"{"from": "answer"}, or {"input": "Another"}, and may have `version`"#;
}

impl RetryRequest {
    /// The retry to start. That `from` and `input` exclude each other is checked by the engine, which answers 422
    /// `invalid_body`.
    pub(crate) fn of(self, run: RunId, key: IdempotencyKey) -> Retry {
        let mut retry = Retry::whole(run);
        retry.from = self.from;
        retry.input = self.input;
        retry.version = self.version;
        retry.key = key.0;
        retry
    }
}
