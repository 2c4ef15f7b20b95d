//! The store does what every store must.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use workflow_postgres::PostgresStore;

/// A store in a database of its own.
async fn empty() -> Box<PostgresStore> {
    let url = common::server().create_database();
    Box::new(PostgresStore::connect(&url).await.unwrap())
}

workflow_core::store_tests!(empty());

mod reopened {
    use workflow_postgres::PostgresStore;

    use super::common;

    fn place() -> impl AsyncFn(Option<PostgresStore>) -> PostgresStore {
        let url = common::server().create_database();
        async move |open: Option<PostgresStore>| {
            if let Some(store) = open {
                store.close().await;
            }
            PostgresStore::connect(&url).await.unwrap()
        }
    }

    workflow_core::reopen_tests!(place());
}

mod changed {
    use sqlx::{AssertSqlSafe, Connection, PgConnection, query, query_scalar};
    use workflow_core::{
        Store,
        testing::store::damage::{Change, ChangeRow, Row},
    };
    use workflow_postgres::PostgresStore;

    use super::common;

    struct Sample {
        store: PostgresStore,
        url: String,
    }

    impl ChangeRow for Sample {
        fn store(&self) -> &dyn Store {
            &self.store
        }

        async fn change(&mut self, row: Row, change: Change) {
            let (table, column, place) = place(row);
            let mut connection = PgConnection::connect(&self.url).await.unwrap();
            let select = format!("SELECT {column} FROM workflow_runner.{table} WHERE {place}");
            let value: String = query_scalar(AssertSqlSafe(select))
                .fetch_one(&mut connection)
                .await
                .unwrap();
            let changed = if let Some(value) = change.apply(value.into_bytes()) {
                let sql = format!("UPDATE workflow_runner.{table} SET {column} = $1 WHERE {place}");
                // The values of these tests are of ASCII, and so is a changed bit of them.
                let update = query(AssertSqlSafe(sql)).bind(String::from_utf8(value).unwrap());
                update.execute(&mut connection).await
            } else {
                let sql = format!("DELETE FROM workflow_runner.{table} WHERE {place}");
                query(AssertSqlSafe(sql)).execute(&mut connection).await
            };
            assert_eq!(changed.unwrap().rows_affected(), 1, "{row:?}");
            connection.close().await.unwrap();
        }
    }

    /// The table and column of a row's value, and where in the table it is.
    fn place(row: Row) -> (&'static str, &'static str, String) {
        match row {
            Row::Event(run, seq) => {
                let number = format!("(SELECT number FROM workflow_runner.run WHERE id = '{run}')");
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
        let url = common::server().create_database();
        let store = PostgresStore::connect(&url).await.unwrap();
        Sample { store, url }
    }

    workflow_core::damage_tests!(empty());
}
