//! temp
#![allow(missing_docs)]
mod error;
mod event;
mod executor;
mod fault;
mod id;
mod machine;
mod node;
mod nodes;
mod pointer;
mod registry;
mod retry;
mod scope;
mod spec;
mod suggest;
mod template;
mod time;
mod usage;
mod workflow;

pub use self::{
    error::{NodeError, Problem},
    event::*,
    executor::{DEFAULT_CONCURRENT_STEPS, Executor, ResumeError, Run},
    fault::{Fault, FaultCode, InvalidWorkflow},
    id::{InvalidId, NodeId, RunId, StepPath, StepRef, WorkflowId},
    node::{Node, NodeContext},
    nodes::{PromptNode, TransformNode},
    registry::{NodeType, Registry},
    retry::{LONGEST_REQUESTED_WAIT, RetryPolicy},
    template::{Expr, Json, MAX_TEMPLATE_BYTES, Template, TemplateError},
    time::Timestamp,
    usage::Usage,
    workflow::Workflow,
};
