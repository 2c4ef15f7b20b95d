//! An HTTP service for a workflow engine: REST, Server-Sent Events and, with the feature `ui`, a web page.
//!
//! [`router`](fn@router) wraps any [`Engine`](workflow_core::Engine) as an [`axum::Router`], which an application can
//! serve by itself or nest in a router of its own. [`serve`](fn@serve) is an accept loop with the settings that such a
//! service needs: it sends small frames without delay, disconnects silent clients, and rejects writes by
//! pages of other sites.
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
//! A run belongs to the engine, not to a connection: every stream is a view of the run's log, and closing
//! it has no effect on the run.
//!
//! # Failures
//!
//! Every response that is not a success is `application/problem+json` (RFC 9457) with a `code` for programs:
//!
//! ```json
//! {
//!   "type": "/problems/invalid-workflow",
//!   "title": "The workflow is not valid",
//!   "status": 422,
//!   "code": "invalid_workflow",
//!   "detail": "1 fault in the workflow",
//!   "errors": [{
//!     "code": "unknown_type",
//!     "pointer": "#/nodes/0/type",
//!     "detail": "`LLMNod` is not a node type",
//!     "hint": "did you mean `LLMNode`?"
//!   }]
//! }
//! ```
//!
//! # Security
//!
//! The defaults suit a service on the loopback interface. A service that other machines reach needs at least one
//! [`ApiKey`] and a proxy with TLS: keys are sent in a header, and this crate has no TLS of its own. Requests that pages
//! of other sites send through a browser on this machine are refused by host name and origin, see [`serve`](fn@serve).
//!
//! # Features
//!
//! - `ui` (off by default): serves the web page at `/`. Without it, the build needs no Node.js and the binary is
//!   smaller.
//!
//! # Foreign types in the API
//!
//! [`axum::Router`] and [`tokio_util::sync::CancellationToken`] are part of this crate's API, and so are the types of
//! [`workflow_core`]. An incompatible release of one of them is an incompatible release of this crate.
//!
//! # Scope
//!
//! This crate runs no workflows and stores nothing. It depends on the traits of the engine, not on an
//! implementation. The API itself is documented by the service: `/api/openapi.json` is the OpenAPI
//! document, and `/docs/api` is the same for readers.

// Order of reading: `router` is the route table, `api` has the handlers, `request` the extractors, `sse` the
// event streams, `openapi` the description of all routes. `serve` accepts connections, `access` authenticates
// and authorizes requests, `metrics` measures them.
mod access;
mod api;
mod app;
mod docs;
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
