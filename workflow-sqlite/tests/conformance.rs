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

mod changed {
    use std::path::PathBuf;

    use sqlx::{AssertSqlSafe, Connection, SqliteConnection, query, query_scalar};
    use tempfile::TempDir;
    use workflow_core::{
        Store,
        testing::store::damage::{Change, ChangeRow, Row},
    };
    use workflow_sqlite::SqliteStore;

    struct Sample {
        store: SqliteStore,
        path: PathBuf,
        _directory: TempDir,
    }

    impl ChangeRow for Sample {
        fn store(&self) -> &dyn Store {
            &self.store
        }

        async fn change(&mut self, row: Row, change: Change) {
            let (table, column, place) = place(row);
            let mut file = SqliteConnection::connect(self.path.to_str().unwrap())
                .await
                .unwrap();
            let select = format!("SELECT CAST({column} AS BLOB) FROM {table} WHERE {place}");
            let value: Vec<u8> = query_scalar(AssertSqlSafe(select))
                .fetch_one(&mut file)
                .await
                .unwrap();
            let changed = if let Some(value) = change.apply(value) {
                let sql = format!("UPDATE {table} SET {column} = CAST(? AS TEXT) WHERE {place}");
                let update = query(AssertSqlSafe(sql)).bind(value);
                update.execute(&mut file).await
            } else {
                let sql = format!("DELETE FROM {table} WHERE {place}");
                query(AssertSqlSafe(sql)).execute(&mut file).await
            };
            assert_eq!(changed.unwrap().rows_affected(), 1, "{row:?}");
            file.close().await.unwrap();
        }
    }

    /// The table and column of a row's value, and where in the table it is.
    fn place(row: Row) -> (&'static str, &'static str, String) {
        match row {
            Row::Event(run, seq) => {
                let number = format!("(SELECT number FROM run WHERE id = '{run}')");
                ("event", "body", format!("run = {number} AND seq = {seq}"))
            }
            Row::Run(run) => ("run", "record", format!("id = '{run}'")),
            Row::Head(run) => ("run", "head", format!("id = '{run}'")),
            Row::Version(workflow, version) => {
                let place = format!("workflow = '{workflow}' AND version = {version}");
                ("version", "record", place)
            }
            other => panic!("{other:?} is not a row of this store"),
        }
    }

    async fn empty() -> Sample {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("runs.db");
        Sample {
            store: SqliteStore::open(&path).await.unwrap(),
            path,
            _directory: directory,
        }
    }

    workflow_core::damage_tests!(empty());
}
