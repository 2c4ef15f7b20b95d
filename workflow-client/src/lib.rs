//! A client of the workflow server: start a run, follow it across lost connections and restarts of the server, answer the
//! steps that wait for a person.
//!
//! ```no_run
//! use futures::StreamExt;
//! use serde_json::json;
//! use workflow_client::{Client, EventKind, Update};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::builder("http://127.0.0.1:8000").build()?;
//! let workflow = client.create_workflow(&json!({"nodes": [
//!     {"id": "draft", "type": "LLMNode", "data": {"prompt": "A tweet about {{ input }}"}},
//!     {"id": "approve", "type": "HumanNode", "data": {"message": "Post it?\n{{ draft.output }}"}}
//! ]})).await?;
//! let run = client.start(workflow.id, json!("tides")).await?;
//!
//! let mut updates = client.follow(run.id);
//! while let Some(update) = updates.next().await {
//!     match update? {
//!         Update::Delta(delta) => print!("{}", delta.text),
//!         Update::Event(event) => match event.kind {
//!             EventKind::NodeWaiting(_) => {
//!                 client.answer(run.id, "approve", &json!("yes")).await?;
//!             }
//!             EventKind::RunCompleted(completed) => println!("{}", completed.output),
//!             _ => {}
//!         },
//!         _ => {}
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! - [`Client`] sends requests. What may be repeated safely is retried with exponential back-off, never earlier than the
//!   server's `Retry-After`, for [`retry_for`](ClientBuilder::with_retry_for) at most.
//! - [`Client::follow`] is a stream of [`Update`]s: each event exactly once and in order, and each piece of text once.
//! - [`Client::recording`] is the whole log of a run, as lines to be written to a file.
//! - [`Error`] says by its [`ErrorKind`] what a caller can do; a refusal has the server's code, hint and faults.
//!
//! Events are the types of `workflow-core`. What this version cannot read, such as an event of a newer server, is
//! [`Update::Other`] and no error.
//!
//! # Cancellation
//! Futures and streams do nothing unless polled, and dropping them closes the connection. The run on the server continues;
//! [`Client::cancel`] ends it.

mod backoff;
mod builder;
mod client;
mod cursor;
mod error;
mod follow;
mod frames;
mod http;
mod recording;
mod retry;
mod run;
mod update;

pub use self::{
    builder::{ClientBuilder, ConfigError},
    client::{Client, Start},
    error::{Error, ErrorKind},
    follow::Updates,
    recording::Recording,
    retry::Retry,
    run::{RunState, Wait},
    update::{OtherEvent, Update},
};
pub use workflow_core::{
    EventKind, RunId, RunRecord, RunStatus, StepEvent, WorkflowId,
    error::{Fault, Problem},
    event::{Delta, TextKind},
    record::WorkflowRecord,
    value::{Budget, WaitId},
    view::{Change, PredictedStatus, Prediction, RunDiff},
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
