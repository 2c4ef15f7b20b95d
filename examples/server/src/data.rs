//! The store of workflows and runs: a directory, a Postgres database, or memory.

use std::sync::Arc;

use workflow_core::{MemoryStore, Store};
use workflow_postgres::PostgresStore;
use workflow_sqlite::SqliteStore;

use crate::{cli::DataArgs, error::CliError};

/// The name of the database in the data directory.
const FILE: &str = "workflows.db";

pub(crate) enum Data {
    Memory,
    File(SqliteStore),
    Database(PostgresStore),
}

impl Data {
    /// Opens the store that the settings select.
    pub(crate) async fn open(args: &DataArgs) -> Result<Self, CliError> {
        if args.memory {
            return Ok(Self::Memory);
        }
        if let Some(url) = &args.postgres {
            let mut store = PostgresStore::builder(url.expose());
            if let Some(days) = args.keep_days {
                store = store.with_days_kept(days);
            }
            if let Some(runs) = args.keep_runs {
                store = store.with_ended_runs_kept(runs);
            }
            return Ok(Self::Database(store.connect().await?));
        }
        let mut store = SqliteStore::builder(args.data_dir.join(FILE));
        if let Some(days) = args.keep_days {
            store = store.with_days_kept(days);
        }
        if let Some(runs) = args.keep_runs {
            store = store.with_ended_runs_kept(runs);
        }
        Ok(Self::File(store.open().await?))
    }

    pub(crate) fn store(&self) -> Arc<dyn Store> {
        match self {
            Self::Memory => Arc::new(MemoryStore::new()),
            Self::File(store) => Arc::new(store.clone()),
            Self::Database(store) => Arc::new(store.clone()),
        }
    }

    /// Completes pending writes and closes the store. Later writes fail.
    pub(crate) async fn close(self) {
        match self {
            Self::Memory => {}
            Self::File(store) => store.close().await,
            Self::Database(store) => store.close().await,
        }
    }
}
