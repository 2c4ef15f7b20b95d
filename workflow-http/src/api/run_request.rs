//! The bodies of requests that start or retry a run.
//!
//! The documentation of these types and their fields becomes descriptions in the OpenAPI document.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use workflow_core::{
    NewRun, NodeId, RunId, WorkflowId,
    engine::Retry,
    value::{Budget, StepPath},
};

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
    /// The most that the run may use. If the workflow has a budget, no limit may be above that of the workflow, which holds where this
    /// one has none.
    budget: Option<Budget>,
}

impl Shape for RunRequest {
    const LIKE: &'static str =
        r#"{"input": "Quantum Computing"}, and may have `version`, `metadata` and `budget`"#;
}

impl RunRequest {
    /// The run to start.
    pub(crate) fn of(self, workflow: WorkflowId, key: IdempotencyKey) -> NewRun {
        let mut run = NewRun::new(workflow, self.input);
        run.version = self.version;
        run.metadata = self.metadata;
        run.budget = self.budget;
        run.key = key.0;
        run
    }
}

/// What does a run again.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RetryRequest {
    /// The top-level node to begin with; the results of what it does not follow from are taken over. With `reuse`: the node that
    /// runs again in any case.
    #[serde(default, deserialize_with = "typed::node")]
    from: Option<NodeId>,
    /// Another input; without `reuse`, nothing is taken over then.
    // As `metadata` of `RunRequest`: `null` is an input like any other.
    #[serde(default, deserialize_with = "typed::some_even_if_null")]
    #[schemars(with = "Value")]
    input: Option<Value>,
    /// Which version of the workflow; that of the run unless it is set.
    #[serde(default, deserialize_with = "typed::version")]
    version: Option<u32>,
    /// For a prediction only: a specification that is not stored, in the place of that of `version`.
    // `null` is no specification, and named as such.
    #[serde(default, deserialize_with = "typed::some_even_if_null")]
    #[schemars(with = "Value")]
    spec: Option<Value>,
    /// What is not done again: each step that would do what a step of the run did, whatever else has changed.
    reuse: Option<Reuse>,
    /// Outputs that are set instead of running steps, by the path of the step. Other steps that may act outside of the run then wait
    /// until a person has decided about each.
    #[serde(default)]
    overrides: BTreeMap<StepPath, Value>,
    /// The path of the only step to run, with the results before it taken over. Its output is that of the run.
    only: Option<StepPath>,
    /// The most that the run may use, as when a run is started; by default the budget that was set for the earlier run.
    budget: Option<Budget>,
}

/// What a retry does not do again.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Reuse {
    /// Steps that would do the same as before.
    Unchanged,
}

impl Shape for RetryRequest {
    const LIKE: &'static str = r#"{"reuse": "unchanged"}, {"from": "answer"}, {"only": "answer"} or {"input": "Another"}, and may have `version`, `overrides` and `budget`"#;
}

impl RetryRequest {
    /// The retry to start. Which fields exclude each other is checked by the engine, which answers 422
    /// `invalid_body`.
    pub(crate) fn of(self, run: RunId, key: IdempotencyKey) -> Retry {
        let mut retry = Retry::whole(run);
        retry.from = self.from;
        retry.input = self.input;
        retry.version = self.version;
        retry.spec = self.spec;
        retry.reuse = self.reuse.is_some();
        retry.overrides = self.overrides;
        retry.only = self.only;
        retry.budget = self.budget;
        retry.key = key.0;
        retry
    }
}
