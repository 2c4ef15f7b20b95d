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

// In the order of reading: `router` the table of routes, `api` their handlers, `request` what these read, `sse` streams,
// `openapi` the description of all; `serve` accepts connections, `access` decides who is served, `metrics` counts.
mod access;
mod api;
mod app;
mod limits;
mod metrics;
mod openapi;
mod options;
#[cfg(feature = "ui")]
mod page;
mod problem;
mod request;
mod router;
mod serve;
mod sse;

pub use crate::{
    access::{ApiKey, Host, InvalidApiKey, InvalidHost, InvalidOrigin, Origin},
    limits::Limits,
    metrics::Metrics,
    options::Options,
    router::router,
    serve::serve,
};
