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
//! - A [`Workflow`] is a checked specification: acyclic, every reference resolvable, every node built. A check
//!   returns all [`Fault`]s at once, each with its place.
//! - A [`Node`] does one step; a [`Registry`] has the node types by name. Programs add their own.
//! - An [`Executor`] runs a workflow in the caller's task: [`Run`] is a stream of [`Update`]s that works when
//!   polled and cancels when dropped.
//! - An [`Engine`] stores workflows and runs, and runs them independently of its callers; [`LocalEngine`] does
//!   so in this process, over a [`Store`].
//! - A run is its log: [`StepEvent`]s numbered from 1 without gaps. Streams, lists, reports and resumed runs
//!   derive from it.
//!
//! # Modules
//! The root re-exports what a first program needs. Every other name is reached by the module of its task:
//! [`workflow`], [`node`] and [`template`] to describe work, [`executor`] and [`engine`] to run it, [`fleet`] to run it on
//! several machines, [`event`] and
//! [`view`] to watch it, [`record`] and [`store`] to keep it, [`price`] to know its cost, [`error`] and [`value`] for what all of them use.
//! The feature `testing` adds the module `testing`, for tests of node types, workflows and stores.
//!
//! # Foreign types
//! These crates are part of the contract. A new major version of one is a new major version of this crate.
//! - [`serde_json::Value`] is every input, output and specification. The feature `preserve_order` of `serde_json` is
//!   on: members keep their order.
//! - [`serde`] traits read the `data` of node types; records, events and reports implement them.
//! - [`schemars::JsonSchema`] describes the `data` of node types, and what HTTP documents of records and events.
//! - [`futures::Stream`] is a [`Run`], and what an engine returns for the events of one.
//! - [`tokio_util::sync::CancellationToken`] is what a [`NodeContext`] gives to work that outlives its attempt.
//! - [`async_trait`](macro@async_trait::async_trait) is on the traits that others implement: [`Node`], [`Store`], [`Engine`].
//!
//! Ids and times are types of this crate. An engine needs a tokio runtime with time, and no other driver. This crate knows neither HTTP nor databases nor
//! any model: those are crates of their own.

pub mod engine;
pub mod error;
pub mod event;
pub mod executor;
pub mod fleet;
mod machine;
pub mod node;
pub mod price;
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
    node::{Node, NodeContext, Plan, PlanContext, Registry, RetryPolicy, agent::Agent},
    record::{RunRecord, RunStatus},
    store::{MemoryStore, Store},
    template::{Json, Template},
    value::{NodeId, RunId, WorkflowId},
    workflow::Workflow,
};

#[cfg(all(doctest, feature = "testing"))]
#[doc = include_str!("../README.md")]
struct Readme;
