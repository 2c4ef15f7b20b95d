//! Puts a workflow engine behind HTTP: REST, Server-Sent Events and, with the feature `ui`, a web page.
//!
//! [`router`] wraps any [`Engine`](workflow_core::Engine) as an [`axum::Router`], which can stand
//! alone or be nested in another application. [`serve`] is an accept loop with the settings such a
//! service wants: small frames leave at once, silent clients are cut off, other sites are kept out.
//!
//! ```
//! use std::sync::Arc;
//! use tokio::net::TcpListener;
//! use tokio_util::sync::CancellationToken;
//! use workflow_core::{LocalEngine, Registry};
//! use workflow_http::Options;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let shutdown = CancellationToken::new();
//! let options = Options::default().with_shutdown(shutdown.clone());
//! let engine = Arc::new(LocalEngine::builder(Registry::default()).build());
//! let router = workflow_http::router(engine, options.clone());
//! let listener = TcpListener::bind("127.0.0.1:0").await?;
//! # shutdown.cancel();
//! workflow_http::serve(listener, router, &options).await
//! # }
//! ```
//!
//! A run belongs to the engine, not to a connection: every stream here is a view of the run's log,
//! and closing it changes nothing.
//!
//! This crate runs no workflow and keeps no state of its own; it knows the engine's trait only.

mod accept;
mod app;
mod auth;
mod body;
mod budget;
mod catalog;
mod coding;
mod connection;
mod cors;
mod cursor;
mod events;
mod explained;
mod extract;
mod fields;
mod guard;
mod host;
mod idempotency;
mod key;
mod legacy;
mod limits;
mod media;
mod metrics;
mod openapi;
mod options;
mod origin;
#[cfg(feature = "ui")]
mod page;
mod problem;
mod query;
mod readers;
mod router;
mod run_request;
mod runs;
mod serve;
mod sse;
mod trace;
mod unread;
mod url;
mod version;
mod waits;
mod workflows;
mod wrong_keys;

pub use self::{
    host::{Host, InvalidHost},
    key::{ApiKey, InvalidApiKey},
    limits::Limits,
    metrics::Metrics,
    options::Options,
    origin::{InvalidOrigin, Origin},
    router::router,
    serve::serve,
};
