//! Rows that are not what was written: the place is told, what is in it is not.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use std::error::Error;

use sqlx::{AssertSqlSafe, Connection, query};
use support::{SampleRun, file, told};
use tempfile::TempDir;
use workflow_core::{RunQuery, Store, StoreError};
use workflow_sqlite::SqliteStore;

/// A store with a run of five events, changed by this.
async fn changed(sql: &'static str) -> (TempDir, SqliteStore, SampleRun) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("runs.db");
    let store = SqliteStore::open(&path).await.unwrap();
    let mut run = SampleRun::stored(&store).await;
    for _ in 0..4 {
        run.step(&store, "secret").await.unwrap();
    }
    store.close().await;
    let mut file = file(&path).await;
    let change = query(AssertSqlSafe(sql)).execute(&mut file).await.unwrap();
    assert_eq!(change.rows_affected(), 1);
    file.close().await.unwrap();
    (directory, SqliteStore::open(&path).await.unwrap(), run)
}

#[tokio::test]
async fn an_event_that_cannot_be_read_is_named() {
    for sql in [
        "UPDATE event SET body = '' WHERE seq = 3",
        "UPDATE event SET body = substr(body, 1, 60) WHERE seq = 3",
        "UPDATE event SET body = replace(body, '\"node.completed\"', '\"secret\"') WHERE seq = 3",
        "UPDATE event SET body = replace(body, '\"attempt\":1', '\"attempt\":\"secret\"') WHERE seq = 3",
        "UPDATE event SET body = (SELECT body FROM event WHERE seq = 4) WHERE seq = 3",
        "UPDATE event SET body = body || ' secret' WHERE seq = 3",
        "DELETE FROM event WHERE seq = 3",
    ] {
        let (_directory, store, run) = changed(sql).await;
        assert_eq!(store.read(run.id, 0, 2).await.unwrap().len(), 2);
        assert_eq!(store.read(run.id, 3, 9).await.unwrap().len(), 2);
        let error = store.read(run.id, 0, 9).await.unwrap_err();
        let StoreError::Damaged { run: of, seq, .. } = &error else {
            panic!("{sql}: {error:?}")
        };
        assert_eq!((*of, *seq), (run.id, 3), "{sql}");
        assert!(
            error.source().is_some() && !told(&error).contains("secret"),
            "{sql}: {}",
            told(&error)
        );
    }
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_told() {
    for sql in [
        "UPDATE run SET record = '{\"id\": \"secret\"}'",
        "UPDATE run SET head = replace(head, '\"running\"', '\"secret\"') || '}'",
        "UPDATE run SET head = ''",
    ] {
        let (_directory, store, run) = changed(sql).await;
        let one = store.run(run.id).await.map(|_| ()).unwrap_err();
        let listed = store
            .runs(RunQuery::default())
            .await
            .map(|_| ())
            .unwrap_err();
        for error in [one, listed] {
            assert!(
                matches!(error, StoreError::Unavailable(_)),
                "{sql}: {error:?}"
            );
            assert!(!told(&error).contains("secret"), "{sql}: {}", told(&error));
        }
        assert_eq!(store.read(run.id, 0, 9).await.unwrap().len(), 5);
    }
}
