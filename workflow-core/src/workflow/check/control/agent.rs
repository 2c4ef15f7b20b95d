//! Agents with their tools, checked.

use std::{sync::Arc, time::Duration};

use serde_json::Value;

use super::Body;
use crate::{
    error::Problem,
    node::{AgentFields, Approve, ToolOnError, agent::ToolSpec},
    value::ValueSchema,
    workflow::Workflow,
};

/// An agent with its tools.
pub(crate) struct PlannedAgent {
    /// The limits. The tools have been taken out of it.
    pub(crate) fields: AgentFields,
    /// The list of a turn: its one leaf, `turn`.
    pub(crate) turn: Arc<Body>,
    pub(crate) tools: Vec<Arc<PlannedTool>>,
    /// The tools as models are told of them.
    pub(crate) specs: Arc<[ToolSpec]>,
}

/// A tool that an agent may call.
pub(crate) struct PlannedTool {
    pub(crate) name: Arc<str>,
    /// The schema of the arguments.
    pub(crate) input: ValueSchema,
    /// The same as JSON, for the form of an approval.
    pub(crate) schema: Arc<Value>,
    pub(crate) work: ToolWork,
    pub(crate) approve: Option<Approve>,
    pub(crate) on_error: ToolOnError,
    /// Whether a call that was lost with its host fails the agent.
    pub(crate) fails_if_ambiguous: bool,
    pub(crate) timeout: Option<Duration>,
    pub(crate) max_result_bytes: usize,
    pub(crate) max_repeats: usize,
}

/// What a call of a tool runs.
pub(crate) enum ToolWork {
    Nodes(Arc<Body>),
    Workflow(Arc<Workflow>),
}

/// A call that a turn asked for.
pub(crate) struct PlannedToolCall {
    /// `None` if there is no such tool.
    pub(crate) tool: Option<Arc<PlannedTool>>,
    pub(crate) args: Arc<Value>,
    /// Why the call is not made.
    pub(crate) refusal: Option<Arc<Problem>>,
}
