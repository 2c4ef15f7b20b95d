//! Searches in blocks of few runs.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use sqlx::{AssertSqlSafe, Connection, SqliteConnection, query, query_scalar};
use tempfile::TempDir;
use workflow_core::{
    record::{PageRequest, RunQuery},
    store::Catalog,
    testing::store::random::SearchedRuns,
};
use workflow_sqlkit::search::{Built, Replacements};

use crate::{SqliteStore, index::Indexer};

async fn store() -> (TempDir, PathBuf, SqliteStore) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("runs.db");
    let store = SqliteStore::open(&path).await.unwrap();
    (directory, path, store)
}

/// Builds all blocks that can be built, of 16 runs each.
async fn index(store: &SqliteStore) {
    let indexer = Indexer {
        readers: store.readers().unwrap().clone(),
        queue: store.queue().unwrap().downgrade(),
        signal: Arc::clone(store.index()),
        block_runs: 16,
    };
    while indexer.build_next(&mut Replacements::new()).await.unwrap() == Built::Block {}
}

/// Changes a file beside its store. Returns how many rows.
async fn change(path: &Path, sql: &str) -> u64 {
    let mut file = SqliteConnection::connect(path.to_str().unwrap())
        .await
        .unwrap();
    let changed = query(AssertSqlSafe(sql.to_owned()))
        .execute(&mut file)
        .await
        .unwrap();
    changed.rows_affected()
}

async fn value(store: &SqliteStore, sql: &'static str) -> i64 {
    query_scalar(sql)
        .fetch_one(store.readers().unwrap())
        .await
        .unwrap()
}

#[tokio::test]
async fn an_index_finds_what_a_filter_finds() {
    let (_directory, _, store) = store().await;
    let mut runs = SearchedRuns::stored(&store, 200).await;
    index(&store).await;
    assert_eq!(value(&store, "SELECT count(*) FROM run_block").await, 12);
    runs.compare(&store).await;
    // Runs that end or are deleted after they were indexed.
    runs.change(&store, 60).await;
    runs.compare(&store).await;
    index(&store).await;
    assert!(value(&store, "SELECT count(*) FROM run_block").await < 12);
    runs.compare(&store).await;
}

#[tokio::test]
async fn a_deleted_run_leaves_no_token() {
    let (_directory, _, store) = store().await;
    let mut runs = SearchedRuns::stored(&store, 64).await;
    index(&store).await;
    let rows = value(&store, "SELECT count(*) FROM run_token").await;
    for _ in 0..60 {
        runs.delete(&store, 0).await;
    }
    index(&store).await;
    assert_eq!(value(&store, "SELECT sum(runs) FROM run_block").await, 4);
    assert_eq!(value(&store, "SELECT sum(stale) FROM run_block").await, 0);
    // What is left is joined into one block.
    assert_eq!(
        value(&store, "SELECT count(*) FROM run_token").await,
        rows / 4
    );
    runs.compare(&store).await;
}

#[tokio::test]
async fn blocks_of_few_runs_are_joined_although_they_were_full() {
    let (_directory, path, store) = store().await;
    SearchedRuns::stored(&store, 64).await;
    index(&store).await;
    for sql in [
        "UPDATE run_block SET runs = 4096",
        "DELETE FROM run WHERE number % 16 > 1",
    ] {
        change(&path, sql).await;
    }
    index(&store).await;
    assert_eq!(value(&store, "SELECT count(*) FROM run_block").await, 1);
    assert_eq!(value(&store, "SELECT sum(runs) FROM run_block").await, 8);
}

#[tokio::test]
async fn damage_of_the_index_hides_no_run() {
    for sql in [
        "UPDATE run_token SET bytes = zeroblob(length(bytes)) WHERE id % 3 = 0",
        "UPDATE run_token SET bytes = (SELECT bytes FROM run_token WHERE id % 2048 = 7 LIMIT 1)",
        "DELETE FROM run_token WHERE id % 5 = 0",
        "DELETE FROM run_token",
        "DELETE FROM run_block WHERE block = 2",
        "DELETE FROM run_block",
    ] {
        let (_directory, path, store) = store().await;
        let runs = SearchedRuns::stored(&store, 50).await;
        index(&store).await;
        assert!(change(&path, sql).await > 0, "{sql}");
        runs.compare(&store).await;
    }
}

#[tokio::test]
async fn a_damaged_block_is_built_again() {
    for sql in [
        "UPDATE run_token SET bytes = zeroblob(length(bytes)) WHERE id / 2048 = 2",
        "DELETE FROM run_token WHERE id / 2048 = 2",
        "UPDATE run_block SET runs = 9223372036854775807 WHERE block = 2",
        "UPDATE run_block SET runs = -1 WHERE block = 2",
    ] {
        let (_directory, path, store) = store().await;
        let runs = SearchedRuns::stored(&store, 50).await;
        index(&store).await;
        assert!(change(&path, sql).await > 0, "{sql}");
        runs.compare(&store).await;
        // The store's own task builds it.
        let damaged = &store.index().damaged;
        let is_left = "SELECT count(*) FROM run_block WHERE block = 2";
        while value(&store, is_left).await > 0 || !damaged.is_empty() {}
        assert_eq!(value(&store, "SELECT sum(runs) FROM run_block").await, 48);
        runs.compare(&store).await;
        assert!(damaged.is_empty(), "{sql}");
    }
}

#[tokio::test]
async fn a_run_that_cannot_be_read_ends_no_list() {
    for is_indexed in [false, true] {
        let (_directory, path, store) = store().await;
        SearchedRuns::stored(&store, 40).await;
        if is_indexed {
            index(&store).await;
            change(
                &path,
                "UPDATE run_token SET bytes = zeroblob(length(bytes))",
            )
            .await;
        }
        change(&path, "UPDATE run SET head = '' WHERE number IN (8, 35)").await;
        let ids = "UPDATE run SET id = 'f-7' || id WHERE number IN (1, 20, 21)";
        change(&path, ids).await;
        let mut query = RunQuery::default();
        // Part of every id.
        query.text = Some("-7".to_owned());
        let (mut found, mut cursor) = (0, None);
        loop {
            query.page = PageRequest::new(10, cursor);
            let page = store.runs(query.clone()).await.unwrap();
            found += page.items.len();
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(found, 35, "indexed: {is_indexed}");
    }
}

#[tokio::test]
async fn runs_of_an_older_file_are_counted_and_indexed() {
    let (_directory, path, store) = store().await;
    let runs = SearchedRuns::stored(&store, 40).await;
    store.close().await;
    // As version 2 left it.
    for sql in [
        "DROP TRIGGER run_created",
        "DROP TRIGGER run_moved",
        "DROP TRIGGER run_deleted",
        "DROP TRIGGER indexed_run_deleted",
        "DROP TABLE run_count",
        "DROP TABLE run_block",
        "DROP TABLE run_token",
        "DELETE FROM _sqlx_migrations WHERE version = 3",
    ] {
        change(&path, sql).await;
    }
    let store = SqliteStore::open(&path).await.unwrap();
    runs.compare(&store).await;
    index(&store).await;
    assert_eq!(value(&store, "SELECT sum(runs) FROM run_block").await, 32);
    runs.compare(&store).await;
}
