//! Outgoing HTTP for workflows: the `HttpNode`, and the guard that decides what it may reach.
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
//! - [`register`] adds [`HttpNode`] to a registry; [`HttpData`] is what a workflow writes into it.
//! - [`HttpClient`] makes the calls. It is built with the origins that workflows may call: without
//!   any, it refuses every call.
//! - [`Secrets`] provides what a workflow only names; [`FromEnv`] reads it from the environment.
//!   No output, error or `Debug` shows a secret, even if the server echoes it.
//! - [`Resolver`] is for hosts that find addresses in another way than the operating system.
//!
//! Addresses are checked when a connection is made, not before: a name that changes its mind in
//! between gains nothing. Only public ones are connected to, unless the host opens others for an
//! origin.
//!
//! What it is *not*: it sends nothing twice by itself, keeps no cookies, uses no proxy, and is no
//! client for anything but text and JSON of bounded size.

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
mod reply;
mod request;
mod resolver;
mod secret;

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
