//! Retention of ended runs.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use std::{path::Path, time::Duration};

use futures::future::join_all;
use sqlx::{Connection, query, query_scalar};
use support::{SampleRun, file};
use tokio::{task::yield_now, time};
use workflow_core::{
    RunId, Store,
    record::{RunCounts, RunQuery},
    store::{Catalog, RunLog},
};
use workflow_sqlite::SqliteStore;

/// The counts after the store has had time to delete runs: it deletes some between two writes.
async fn counts(store: &SqliteStore) -> RunCounts {
    for _ in 0..5 {
        store.ping().await.unwrap();
    }
    store.count_runs(&RunQuery::default()).await.unwrap()
}

/// Creates ended runs, oldest first, and one unfinished run.
async fn filled(store: &SqliteStore, ended: usize) -> Vec<RunId> {
    SampleRun::stored(store).await;
    let mut runs = Vec::new();
    for _ in 0..ended {
        runs.push(SampleRun::ended(store).await.id);
    }
    runs
}

/// Sets the end of runs to a time long ago.
async fn make_old(path: &Path, runs: &[RunId]) {
    let mut file = file(path).await;
    for run in runs {
        query("UPDATE run SET ended_at = '2020-01-01T00:00:00.000000Z' WHERE id = ?")
            .bind(run.to_string())
            .execute(&mut file)
            .await
            .unwrap();
    }
    file.close().await.unwrap();
}

/// The number of runs in a file.
async fn runs_of(path: &Path) -> i64 {
    let mut file = file(path).await;
    query_scalar("SELECT count(*) FROM run")
        .fetch_one(&mut file)
        .await
        .unwrap()
}

/// Advances the time by an hour without using the store.
async fn an_hour_passes() {
    time::pause();
    time::advance(Duration::from_secs(3_601)).await;
    for _ in 0..10 {
        yield_now().await;
    }
    time::resume();
}

#[tokio::test]
async fn by_default_all_runs_are_kept() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("runs.db");
    let store = SqliteStore::open(&path).await.unwrap();
    let runs = filled(&store, 10).await;
    store.close().await;
    make_old(&path, &runs).await;
    let store = SqliteStore::open(&path).await.unwrap();
    assert_eq!(counts(&store).await.cancelled, 10);
}

#[tokio::test]
async fn the_runs_that_ended_last_are_kept() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("runs.db");
    let store = SqliteStore::builder(&path)
        .with_ended_runs_kept(3)
        .open()
        .await
        .unwrap();
    let runs = filled(&store, 10).await;
    let counts = counts(&store).await;
    assert_eq!((counts.cancelled, counts.queued), (3, 1));
    for (at, run) in runs.into_iter().enumerate() {
        assert_eq!(store.run(run).await.unwrap().is_some(), at >= 7, "{at}");
    }
}

#[tokio::test]
async fn excess_runs_are_deleted_when_a_store_is_opened() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("runs.db");
    let store = SqliteStore::open(&path).await.unwrap();
    // More than one transaction deletes.
    filled(&store, 250).await;
    store.close().await;
    let store = SqliteStore::builder(&path)
        .with_ended_runs_kept(0)
        .open()
        .await
        .unwrap();
    let counts = counts(&store).await;
    assert_eq!((counts.cancelled, counts.queued), (0, 1));
}

#[tokio::test]
async fn expired_runs_are_deleted_with_their_logs() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("runs.db");
    let store = SqliteStore::open(&path).await.unwrap();
    let runs = filled(&store, 6).await;
    store.close().await;
    make_old(&path, &runs[..4]).await;
    let store = SqliteStore::builder(&path)
        .with_days_kept(36_500)
        .open()
        .await
        .unwrap();
    assert_eq!(counts(&store).await.cancelled, 6);
    store.close().await;
    let store = SqliteStore::builder(&path)
        .with_days_kept(1)
        .open()
        .await
        .unwrap();
    let left = counts(&store).await;
    store.close().await;
    let mut file = file(&path).await;
    let events: i64 = query_scalar("SELECT count(*) FROM event")
        .fetch_one(&mut file)
        .await
        .unwrap();
    assert_eq!((left.cancelled, left.queued, events), (2, 1, 5));
}

#[tokio::test]
async fn runs_that_expire_are_deleted_within_an_hour() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("runs.db");
    let store = SqliteStore::builder(&path)
        .with_days_kept(1)
        .open()
        .await
        .unwrap();
    let runs = filled(&store, 3).await;
    assert_eq!(counts(&store).await.cancelled, 3);
    make_old(&path, &runs).await;
    assert_eq!(counts(&store).await.cancelled, 3);
    an_hour_passes().await;
    store.close().await;
    assert_eq!(runs_of(&path).await, 1);
}

#[tokio::test]
async fn a_failed_check_is_repeated_after_an_hour() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("runs.db");
    let store = SqliteStore::builder(&path)
        .with_days_kept(1)
        .open()
        .await
        .unwrap();
    let runs = filled(&store, 3).await;
    assert_eq!(counts(&store).await.cancelled, 3);
    make_old(&path, &runs).await;
    let mut other = file(&path).await;
    query("ALTER TABLE run RENAME TO hidden")
        .execute(&mut other)
        .await
        .unwrap();
    an_hour_passes().await;
    // The answer comes after the check.
    store.ping().await.unwrap();
    query("ALTER TABLE hidden RENAME TO run")
        .execute(&mut other)
        .await
        .unwrap();
    other.close().await.unwrap();
    assert_eq!(counts(&store).await.cancelled, 3);
    an_hour_passes().await;
    store.close().await;
    assert_eq!(runs_of(&path).await, 1);
}

#[tokio::test]
async fn closing_stops_the_deletion_of_runs() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("runs.db");
    let store = SqliteStore::open(&path).await.unwrap();
    join_all((0..1_000).map(|_| SampleRun::ended(&store))).await;
    store.close().await;
    let store = SqliteStore::builder(&path)
        .with_ended_runs_kept(0)
        .open()
        .await
        .unwrap();
    store.close().await;
    // One or two portions may be deleted.
    let left = runs_of(&path).await;
    assert!(left >= 800, "{left}");
}

async fn events_of(path: &Path) -> i64 {
    let mut file = file(path).await;
    query_scalar("SELECT count(*) FROM event")
        .fetch_one(&mut file)
        .await
        .unwrap()
}

/// A run with this number of events, and another run.
async fn long(store: &SqliteStore, steps: usize) -> (SampleRun, SampleRun) {
    let mut long = SampleRun::stored(store).await;
    for _ in 0..steps / 500 {
        long.steps(store, 500).await;
    }
    (long, SampleRun::stored(store).await)
}

#[tokio::test]
async fn a_long_log_is_deleted_in_parts_between_other_writes() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("runs.db");
    let store = SqliteStore::open(&path).await.unwrap();
    let (long, mut other) = long(&store, 10_000).await;
    assert!(store.delete_run(long.id).await.unwrap());
    assert_eq!(store.run(long.id).await.unwrap(), None);
    other.step(&store, "meanwhile").await.unwrap();
    let left = events_of(&path).await;
    assert!(left > 5_000, "a write waited until {left} events were left");
    for _ in 0..30 {
        other.step(&store, "meanwhile").await.unwrap();
    }
    let own = i64::try_from(other.head.last_seq).unwrap();
    assert_eq!(events_of(&path).await, own);
}

#[tokio::test]
async fn the_rest_of_a_deleted_log_is_deleted_at_the_next_start() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("runs.db");
    let store = SqliteStore::open(&path).await.unwrap();
    let (long, other) = long(&store, 10_000).await;
    assert!(store.delete_run(long.id).await.unwrap());
    store.close().await;
    assert!(events_of(&path).await > 1_000);
    let store = SqliteStore::open(&path).await.unwrap();
    for _ in 0..30 {
        store.ping().await.unwrap();
    }
    store.close().await;
    assert_eq!(events_of(&path).await, 1);
    let store = SqliteStore::open(&path).await.unwrap();
    assert!(store.run(other.id).await.unwrap().is_some());
}
