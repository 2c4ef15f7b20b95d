//! The bodies that start a run, or do one again.

use axum::extract::{FromRequest, Request};
use serde_json::{Value, json};
use workflow_core::{NewRun, NodeId, RunId, WorkflowId, engine::Retry, error::FaultCode};

use crate::{
    app::App,
    problem::Problem,
    request::{Fields, IdempotencyKey, JsonBody, OptionalJsonBody},
};

/// `{"input": …, "version": …?, "metadata": …?}`
pub(crate) struct RunRequest {
    input: Value,
    version: Option<u32>,
    metadata: Option<Value>,
}

impl RunRequest {
    /// The run that is asked for.
    pub(crate) fn of(self, workflow: WorkflowId, key: IdempotencyKey) -> NewRun {
        let mut run = NewRun::new(workflow, self.input);
        run.version = self.version;
        run.metadata = self.metadata;
        run.key = key.0;
        run
    }
}

impl FromRequest<App> for RunRequest {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let JsonBody(body) = JsonBody::from_request(request, app).await?;
        let shape = r#"{"input": "Quantum Computing"}, and may have `version` and `metadata`"#;
        let mut fields = Fields::of(body, shape);
        let read = Self {
            input: fields.require("input"),
            version: fields.version(),
            metadata: fields.take("metadata"),
        };
        fields.finish().map(|()| read)
    }
}

/// `{"from": …?, "input": …?, "version": …?}`, or no body at all.
pub(crate) struct RetryRequest {
    from: Option<NodeId>,
    input: Option<Value>,
    version: Option<u32>,
}

impl RetryRequest {
    /// The retry that is asked for.
    pub(crate) fn of(self, run: RunId, key: IdempotencyKey) -> Retry {
        let mut retry = Retry::whole(run);
        retry.from = self.from;
        retry.input = self.input;
        retry.version = self.version;
        retry.key = key.0;
        retry
    }
}

impl FromRequest<App> for RetryRequest {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let OptionalJsonBody(body) = OptionalJsonBody::from_request(request, app).await?;
        let shape = r#"{"from": "answer"}, or {"input": "Another"}, and may have `version`"#;
        let mut fields = Fields::of(body.unwrap_or_else(|| json!({})), shape);
        let read = Self {
            from: read_node(&mut fields),
            input: fields.take("input"),
            version: fields.version(),
        };
        fields.finish().map(|()| read)
    }
}

fn read_node(fields: &mut Fields) -> Option<NodeId> {
    let value = fields.take("from").filter(|from| !from.is_null())?;
    let node = value.as_str().and_then(NodeId::parse);
    if node.is_none() {
        let detail = format!("{value} is not the id of a node");
        fields.refuse(FaultCode::InvalidValue, "#/from", detail);
    }
    node
}
