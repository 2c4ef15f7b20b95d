//! Writes that share a transaction.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use futures::future::join_all;
use support::{SampleRun, new_run};
use workflow_core::{
    Store,
    record::RunQuery,
    store::{Catalog, RunLog, StoreError},
};
use workflow_sqlite::SqliteStore;

#[tokio::test]
async fn a_write_that_fails_does_not_fail_the_others() {
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(directory.path().join("runs.db"))
        .await
        .unwrap();
    // The database refuses a second run with the same id, in the middle of a batch.
    let mut runs: Vec<_> = (0..20).map(|_| new_run()).collect();
    runs.insert(10, runs[3].clone());
    let writes = runs
        .iter()
        .map(|(record, first)| store.create_run(record.clone(), std::slice::from_ref(first), None));
    for (at, outcome) in join_all(writes).await.into_iter().enumerate() {
        let refused = matches!(outcome, Err(StoreError::Unavailable(_)));
        assert_eq!(
            (refused, outcome.is_ok()),
            (at == 10, at != 10),
            "{at}: {outcome:?}"
        );
    }
    let listed = store.runs(RunQuery::default()).await.unwrap().items;
    assert_eq!(listed.len(), 20);
    store.ping().await.unwrap();
}

#[tokio::test]
async fn more_concurrent_writes_than_one_transaction_has() {
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(directory.path().join("runs.db"))
        .await
        .unwrap();
    let writers = (0..700).map(|writer: u64| {
        let store = &store;
        async move {
            let mut run = SampleRun::stored(store).await;
            for _ in 0..writer % 4 {
                run.step(store, "done").await.unwrap();
            }
            run
        }
    });
    for run in join_all(writers).await {
        assert_eq!(store.run(run.id).await.unwrap().unwrap().head, run.head);
        let log = store.read(run.id, 0, 10).await.unwrap();
        assert!(log.iter().map(|event| event.seq).eq(1..=run.head.last_seq));
    }
}
