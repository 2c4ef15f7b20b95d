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

pub mod engine;
pub mod error;
pub mod event;
pub mod executor;
mod machine;
pub mod node;
pub mod record;
pub mod store;
pub mod template;
#[cfg(feature = "testing")]
pub mod testing;
pub mod value;
pub mod view;
pub mod workflow;

pub use self::{
    engine::{Engine, EngineError, LocalEngine, NewRun, Runs, Workflows},
    error::{Fault, InvalidWorkflow, NodeError},
    event::{EventKind, StepEvent, Update},
    executor::{Executor, Run},
    node::{Node, NodeContext, Registry, RetryPolicy},
    record::{RunRecord, RunStatus},
    store::{MemoryStore, Store},
    template::{Json, Template},
    value::{NodeId, RunId, WorkflowId},
    workflow::Workflow,
};

#[cfg(all(doctest, feature = "testing"))]
#[doc = include_str!("../README.md")]
struct Readme;
