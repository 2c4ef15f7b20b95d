//! The conformance suite of stores.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::ops::Deref;

use tempfile::TempDir;
use workflow_sqlite::SqliteStore;

/// A store in its own directory.
struct Sample {
    store: SqliteStore,
    _directory: TempDir,
}

impl Deref for Sample {
    type Target = SqliteStore;

    fn deref(&self) -> &SqliteStore {
        &self.store
    }
}

async fn empty() -> Sample {
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(directory.path().join("runs.db"))
        .await
        .unwrap();
    Sample {
        store,
        _directory: directory,
    }
}

workflow_core::store_tests!(empty());

mod reopened {
    use workflow_sqlite::SqliteStore;

    fn place() -> impl AsyncFn(Option<SqliteStore>) -> SqliteStore {
        let directory = tempfile::tempdir().unwrap();
        async move |open: Option<SqliteStore>| {
            if let Some(store) = open {
                store.close().await;
            }
            SqliteStore::open(directory.path().join("runs.db"))
                .await
                .unwrap()
        }
    }

    workflow_core::reopen_tests!(place());
}
