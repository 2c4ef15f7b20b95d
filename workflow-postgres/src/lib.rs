//! A durable [`Store`](workflow_core::Store) for several machines: workflows, runs and their logs in Postgres.
//!
//! ```no_run
//! use std::sync::Arc;
//! use workflow_core::{LocalEngine, Registry};
//! use workflow_postgres::PostgresStore;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let store = PostgresStore::connect("postgres://workflows:secret@db.example/workflows").await?;
//! let engine = LocalEngine::builder(Registry::default()).with_store(Arc::new(store)).build();
//! # Ok(())
//! # }
//! ```
//!
//! # The parts
//! - [`PostgresStore`] writes and reads with a pool of connections. An append is one statement that compares and
//!   sets, so that of two writers of one run the second is refused.
//! - [`Builder`] sets the number of connections, time-outs and retention.
//! - [`DatabaseLock`] lets one process at a time drive the runs of a database; another one can wait for it as a standby.
//! - [`PostgresCoordinator`] connects the engines on one database to a [fleet](workflow_core::fleet), with a dispatcher
//!   beside it.
//! - [`ConnectError`] is why a database cannot be used, and what to do about it.
//!
//! # In the database
//! Everything is in the schema `workflow_runner`, which the store creates: other programs may use the same
//! database. Migrations run when a store connects, under an advisory lock. The version of Postgres must be 14 or
//! newer, and `synchronous_commit` must stay on: a reader is shown an event once its commit is durable.
//!
//! A pooler in transaction mode is possible if it keeps prepared statements (`PgBouncer` 1.21 and newer,
//! `max_prepared_statements` above 0). Notifications between engines do not pass it: see [`PostgresCoordinator`].

mod advisory;
mod builder;
mod commands;
mod connect;
mod coordinator;
mod error;
mod index;
mod lock;
mod maintenance;
mod notifications;
mod page;
#[cfg(test)]
mod plans;
mod runs;
mod schema;
mod search;
#[cfg(test)]
mod searches;
mod session;
mod signals;
mod store;
mod workflows;
mod write;

pub use self::{
    builder::Builder,
    coordinator::PostgresCoordinator,
    error::{ConnectError, ConnectErrorKind},
    lock::DatabaseLock,
    store::PostgresStore,
};
