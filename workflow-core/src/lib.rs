//! Describe a workflow as JSON, check it whole, run it, and watch every step as a stream of events.
//!
//! ```
//! use std::sync::Arc;
//! use futures::StreamExt;
//! use workflow_core::{EventKind, Executor, Registry, Update, Workflow};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let workflow = Workflow::from_json(r#"{"nodes": [
//!     {"id": "greet", "type": "PromptNode", "data": {"template": "Hello {{ input.name }}"}},
//!     {"id": "shape", "type": "TransformNode", "data": {"value": {"greeting": "{{ greet.output }}"}}}
//! ]}"#, &Registry::default())?;
//!
//! let mut run = Executor::new().run(Arc::new(workflow), serde_json::json!({"name": "Ada"}));
//! let mut names = Vec::new();
//! while let Some(update) = run.next().await {
//!     if let Update::Event(event) = update {
//!         names.push(event.kind.name());
//!         if let EventKind::RunCompleted(done) = event.kind {
//!             assert_eq!(*done.output, serde_json::json!({"greeting": "Hello Ada"}));
//!         }
//!     }
//! }
//! assert_eq!(names, [
//!     "run.created", "run.started", "node.started", "node.completed",
//!     "node.started", "node.completed", "run.completed",
//! ]);
//! # Ok(())
//! # }
//! ```
//!
//! # The parts
//! - A [`Workflow`] is a checked specification: acyclic, every reference resolvable, every node
//!   built. What is wrong with one is told as [`Fault`]s, all at once, each with its place.
//! - A [`Node`] does one step; a [`Registry`] says which types there are. Programs add their own.
//! - An [`Executor`] runs a workflow in the caller's task: [`Run`] is a stream of [`Update`]s that
//!   works when polled and cancels when dropped.
//! - An [`Engine`] keeps workflows and runs, and runs them on their own; [`LocalEngine`] does so in
//!   this process, over a [`Store`]. Its runs do not depend on anybody watching.
//! - A run is its log: [`StepEvent`]s numbered from 1 without gaps. What streams show, lists tell
//!   and a resumed run begins with is all read from there.
//!
//! This crate knows neither HTTP nor databases nor any model: those are crates of their own.

mod engine;
mod error;
mod event;
mod executor;
mod machine;
mod node;
mod record;
mod store;
mod template;
#[cfg(feature = "testing")]
pub mod testing;
mod value;
mod view;
mod workflow;

pub use self::{
    engine::{
        Created, Engine, EngineError, EngineLimits, LocalEngine, LocalEngineBuilder, NewRun,
        Observer, Recovered, Retry, Runs, Validation, Workflows,
    },
    error::{NodeError, Problem},
    event::{
        Delta, EventKind, LOG_FORMAT, NodeAdmitted, NodeCancelled, NodeCompleted, NodeFailed,
        NodeOutline, NodeProgress, NodeQueued, NodeResumed, NodeRetrying, NodeSkipped, NodeStarted,
        NodeWaiting, PinnedWorkflow, Progress, Report, ResumeError, ReusedStep, RunCancelled,
        RunCompleted, RunCreated, RunFailed, RunResumed, RunStarted, RunSuspended, SkipReason,
        StartReason, StepEvent, TextKind, Update,
    },
    executor::{
        DEFAULT_CONCURRENT_STEPS, DEFAULT_EVENTS, DEFAULT_MAP_ITEMS, DEFAULT_OPEN_FRAMES,
        DEFAULT_RUN_MEMORY, Executor, Run,
    },
    node::{MAX_RENDERED_BYTES, Node, NodeContext, OutputShape},
    record::{
        KeyedRun, Page, PageRequest, RunCounts, RunHead, RunKey, RunQuery, RunRecord, RunStatus,
        Span, SpanState, WorkflowRecord, WorkflowRef,
    },
    store::{Append, Catalog, MemoryStore, RunLog, Store, StoreError},
    template::{Expr, Json, MAX_TEMPLATE_BYTES, Template, TemplateError, TextOrSecret},
    workflow::{Library, MAX_NESTING, Workflow},
};
pub use crate::value::{JsonError, read_json};
pub use crate::view::{
    AttemptReport, Outage, QueueReport, RunOutline, RunReport, StepHistory, StepReport, StepStatus,
};
pub use crate::{
    error::{Fault, FaultCode, InvalidWorkflow},
    node::{
        DisplayHints, LONGEST_REQUESTED_WAIT, NodeType, PromptNode, Queued, Registry, RetryPolicy,
        TransformNode,
    },
    value::{
        InvalidId, InvalidWaitId, MAX_DEPTH, MAX_OUTPUT_BYTES, MAX_RESULT_BYTES, NodeId, RunId,
        StepPath, StepRef, Timestamp, Usage, ValueSchema, WaitId, WorkflowId, heap_bytes,
    },
    view::{SignalError, WaitReport},
    workflow::MAX_NODES,
};
