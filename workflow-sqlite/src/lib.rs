//! A durable [`Store`](workflow_core::Store): workflows, runs and their logs in one SQLite file.
//!
//! A write is acknowledged only after it is on the disk, and a row is returned only if it has the
//! checksum that it was written with.
//!
//! ```
//! use std::sync::Arc;
//! use workflow_core::{LocalEngine, NewRun, Registry, Runs, Workflows};
//! use workflow_sqlite::SqliteStore;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let directory = tempfile::tempdir()?;
//! # let path = directory.path().join("runs.db");
//! let store = SqliteStore::open(&path).await?;
//! let engine = LocalEngine::builder(Registry::default()).with_store(Arc::new(store.clone())).build();
//! let greet = serde_json::json!({"nodes": [
//!     {"id": "greet", "type": "PromptNode", "data": {"template": "Hello {{ input }}"}}]});
//! let stored = engine.create_workflow(greet).await?;
//! let run = engine.start(NewRun::new(stored.record.id, "Ada".into())).await?;
//! # drop(engine);
//! store.close().await;
//!
//! // Later, or in the next process:
//! let store = SqliteStore::open(&path).await?;
//! # use workflow_core::store::RunLog;
//! assert!(store.run(run.id).await?.is_some());
//! # store.close().await;
//! # Ok(())
//! # }
//! ```
//!
//! # The parts
//! - [`SqliteStore`] reads with a few connections and writes with one: a task that writes all queued
//!   changes in one transaction and answers after the commit.
//! - [`Builder`] opens a store and has its settings, that is, how long ended runs are kept.
//! - [`CheckReport`] is the result of the background check of the whole file. Each row is also compared
//!   with its checksum when it is read.
//! - [`OpenError`] is the reason why a file was not opened, and what to do.
//!
//! One process at a time has the file open. A store for several machines is another crate.
//!
//! The public API has no types of `sqlx`. SQLite is compiled into the crate.

mod block;
mod builder;
mod bulk;
mod error;
mod file;
mod index;
mod newest;
#[cfg(test)]
mod plans;
mod retention;
mod runs;
mod scan;
mod schema;
mod search;
#[cfg(test)]
mod searches;
mod store;
mod workflows;
mod write;
mod writer;

pub use self::{builder::Builder, error::OpenError, scan::CheckReport, store::SqliteStore};
