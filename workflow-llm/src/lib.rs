//! Model providers for workflows, without any provider.
//!
//! - A [`Model`] is a client of one provider: it sends a [`ModelRequest`] once, and returns a stream of [`ModelChunk`]s that ends
//!   with a [`ModelTurn`] or a [`ModelError`].
//! - [`Models`] has the providers of a host by name: `local/qwen3:8b` is the model `qwen3:8b` of the provider `local`.
//! - [`gate`] is what a client may use to hold its requests to limits: rate limits, requests in flight, a budget for retries.
//! - [`ProviderInfo`] has what is known of a provider before anything is sent: its name, its address, its prices.
//! - [`register`] adds the node types `LLMNode` and `AgentNode` to a registry; [`LlmData`] and [`AgentData`] are the `data` of such nodes.
//! - `testing` (feature `testing`) has the contract of a [`Model`] as tests that every provider runs.
//!
//! This crate knows neither HTTP nor any provider.
//!
//! Types of other crates in the public API: [`serde_json::Value`] for schemas and what providers return as it came, [`futures::Stream`],
//! and types of [`workflow_core`].

// Reading order: `request` and `message` (with `part` and `schema`), `turn`, `error`, `provider`, `model`, `models`, `gate`, `data`, `attempt`, `node`, `agent`.
mod agent;
mod attempt;
mod data;
mod error;
pub mod gate;
mod message;
mod model;
mod models;
mod node;
mod part;
mod provider;
mod request;
mod schema;
pub mod spelling;
#[cfg(feature = "testing")]
pub mod testing;
mod turn;

pub use self::{
    agent::{AgentData, AgentNode},
    data::LlmData,
    error::{Delivery, ModelError},
    message::{Message, TurnMessage},
    model::{Model, ModelStream},
    models::{InvalidProvider, Models, NamedModel},
    node::LlmNode,
    part::Part,
    provider::{Continuation, ProviderInfo},
    request::{ModelRequest, ServiceTier, Thinking},
    schema::{AnswerSchema, Misfit},
    turn::{AnswerFacts, ModelChunk, ModelTurn},
};

/// Registers the node types `LLMNode` and `AgentNode`, whose nodes use the models of these providers. A client of one provider is enough.
///
/// A node has five attempts unless its workflow sets `retry`, and so has each turn of an agent. The back-off starts at 1 s and doubles up
/// to 30 s, with jitter; it is never shorter than the wait that the provider asks for. `LLMNode` counts as a type without side effects, so
/// the check of a workflow warns of a node whose output nothing reads. `AgentNode` does not, since its tools may have some.
///
/// The README of this crate has an example.
pub fn register(registry: &mut workflow_core::Registry, models: impl Into<Models>) {
    let models = models.into();
    node::register(registry, &models);
    agent::register(registry, &models);
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
