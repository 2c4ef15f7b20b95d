//! A durable [`Store`](workflow_core::Store): workflows, runs and their logs in one SQLite file.
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
//! - [`SqliteStore`] reads with a few connections, and writes with one: a task that takes what is queued
//!   into one transaction, and answers once that is on the disk.
//! - [`Builder`] says what is kept of runs that ended.
//! - [`Checked`] is what it found when it looked through its file in the background; each row is also compared with
//!   its checksum when it is read.
//! - [`OpenError`] says why a file was not opened, and what to do about it.
//!
//! One process at a time has the file open. A store for several machines is another crate.

mod builder;
mod bulk;
mod error;
mod file;
#[cfg(test)]
mod plans;
mod retention;
mod runs;
mod scan;
mod schema;
mod store;
mod workflows;
mod write;
mod writer;

pub use self::{builder::Builder, error::OpenError, scan::Checked, store::SqliteStore};
