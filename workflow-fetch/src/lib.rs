//! HTTP calls from workflows: the `HttpNode`, and the guard that restricts what it may reach.
//!
//! ```
//! use workflow_core::{Registry, Workflow};
//! use workflow_fetch::{FromEnv, HttpClient};
//!
//! let client = HttpClient::builder()
//!     .with_origin("https://cms.example.com")
//!     .with_secrets(FromEnv::new(["CMS_TOKEN"]))
//!     .build()?;
//!
//! let mut registry = Registry::default();
//! workflow_fetch::register(&mut registry, client);
//!
//! let workflow = Workflow::from_json(r#"{"nodes": [
//!     {"id": "publish", "type": "HttpNode", "data": {
//!         "method": "POST", "url": "https://cms.example.com/articles",
//!         "headers": {"authorization": {"$secret": "CMS_TOKEN"}},
//!         "json": {"title": "{{ input.title }}"}}}
//! ]}"#, &registry)?;
//! # let _ = workflow;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! - [`register`] adds [`HttpNode`] to a registry; [`HttpData`] is the `data` of such a node in a
//!   workflow.
//! - [`HttpClient`] makes the calls. It is built with the origins that workflows may call: without
//!   any, it refuses every call.
//! - [`Secrets`] provides the values of secrets, which a workflow refers to by name; [`FromEnv`] reads
//!   them from the environment. No output, error or `Debug` output contains a secret, even if the
//!   server echoes it.
//! - [`Resolver`] replaces the operating system's name resolution.
//!
//! Workflows are untrusted: the author of one must not reach the network of the service (server-side
//! request forgery, SSRF). Addresses are checked when a connection is made and not before, so a name
//! whose address changes in between (DNS rebinding) is checked, too. The client connects to public
//! addresses only, unless the host allows others for an origin.
//!
//! The client never retries, keeps no cookies, uses no proxy, and supports only text and JSON of limited
//! size.

mod address;
mod builder;
mod call;
mod client;
mod config;
mod data;
mod error;
mod expect;
mod guard;
mod header;
mod members;
mod node;
mod origin;
mod plan;
mod reply;
mod request;
mod resolver;
mod secret;
mod secret_url;

pub use crate::{
    builder::HttpClientBuilder,
    client::HttpClient,
    config::ConfigError,
    data::HttpData,
    node::{HttpNode, register},
    resolver::Resolver,
    secret::{FromEnv, Secrets},
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
