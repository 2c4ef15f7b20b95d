//! The bodies of requests. They are read field by field, so that one fault does not hide another; the
//! types here only say what is read.
#![expect(dead_code, reason = "of these types, only the schema matters")]

use schemars::JsonSchema;
use serde_json::{Value, json};
use workflow_core::NodeId;

use crate::request::JSON;

/// What a request sends.
pub(super) struct Body {
    schema: Value,
    example: Value,
    required: bool,
}

impl Body {
    /// JSON of this schema, such as this example.
    pub(super) fn json(schema: Value, example: Value) -> Self {
        Self {
            schema,
            example,
            required: true,
        }
    }

    /// Says that it may be left out.
    pub(super) fn optional(mut self) -> Self {
        self.required = false;
        self
    }

    pub(super) fn told(&self) -> Value {
        json!({
            "required": self.required,
            "content": {JSON: {"schema": self.schema, "example": self.example}},
        })
    }
}

/// What starts a run.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename = "RunRequest")]
pub(super) struct RunShape {
    /// What the run works on; any JSON that fits the workflow's `input`.
    input: Value,
    /// Which version of the workflow; the newest unless it is set.
    version: Option<u32>,
    /// What is to be kept with the run.
    #[schemars(default)]
    metadata: Value,
}

/// What does a run again: nothing, or one of `from` and `input`.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename = "RetryRequest")]
pub(super) struct RetryShape {
    /// The top-level node to begin with; the results of what it does not follow from are taken over.
    from: Option<NodeId>,
    /// Another input; nothing is taken over then.
    #[schemars(default)]
    input: Value,
    /// Which version of the workflow; that of the run unless it is set.
    version: Option<u32>,
}
