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
