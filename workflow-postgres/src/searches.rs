//! Searches in blocks of few runs.

use sqlx::{AssertSqlSafe, query, query_scalar};
use workflow_core::testing::store::random::SearchedRuns;
use workflow_sqlkit::search::{Built, Replacements};
use workflow_test_services::Postgres;

use crate::{PostgresStore, index};

/// A store in a database of its own.
async fn store(server: &Postgres) -> PostgresStore {
    let url = server.create_database();
    PostgresStore::connect(&url).await.unwrap()
}

/// Builds all blocks that can be built, of 16 runs each.
async fn index(store: &PostgresStore) {
    let damaged = &store.signals().damaged;
    let build =
        || async { index::build_next(store.pool(), &mut Replacements::new(), damaged, 16).await };
    while build().await.unwrap() == Built::Block {}
}

async fn change(store: &PostgresStore, sql: &str) -> u64 {
    let changed = query(AssertSqlSafe(sql.to_owned()))
        .execute(store.pool())
        .await;
    changed.unwrap().rows_affected()
}

async fn value(store: &PostgresStore, sql: &'static str) -> i64 {
    query_scalar(sql).fetch_one(store.pool()).await.unwrap()
}

#[tokio::test]
async fn an_index_finds_what_a_filter_finds() {
    let server = Postgres::start();
    let store = store(&server).await;
    let mut runs = SearchedRuns::stored(&store, 200).await;
    index(&store).await;
    assert_eq!(
        value(&store, "SELECT count(*) FROM workflow_runner.run_block").await,
        12
    );
    runs.compare(&store).await;
    // Runs that end or are deleted after they were indexed.
    runs.change(&store, 60).await;
    runs.compare(&store).await;
    // Nothing is built while the store's own task builds.
    let stale = "SELECT count(*) FROM workflow_runner.run_block WHERE stale";
    while value(&store, stale).await > 0 {
        index(&store).await;
    }
    assert!(value(&store, "SELECT count(*) FROM workflow_runner.run_block").await < 12);
    runs.compare(&store).await;
}

#[tokio::test]
async fn the_index_is_built_while_runs_are_driven() {
    let server = Postgres::start();
    let store = store(&server).await;
    SearchedRuns::stored(&store, 32).await;
    let _lock = store.lock(|| {}).await.unwrap();
    index(&store).await;
    assert_eq!(
        value(&store, "SELECT count(*) FROM workflow_runner.run_block").await,
        2
    );
}

#[tokio::test]
async fn damage_of_the_index_hides_no_run() {
    let server = Postgres::start();
    for sql in [
        "UPDATE workflow_runner.run_token SET bytes = '' WHERE id % 3 = 0",
        "DELETE FROM workflow_runner.run_token WHERE id % 5 = 0",
        "DELETE FROM workflow_runner.run_block WHERE block = 2",
    ] {
        let store = store(&server).await;
        let runs = SearchedRuns::stored(&store, 50).await;
        index(&store).await;
        assert!(change(&store, sql).await > 0, "{sql}");
        runs.compare(&store).await;
    }
}

#[tokio::test]
async fn a_deletion_that_did_not_find_the_last_block_is_found() {
    let server = Postgres::start();
    let store = store(&server).await;
    SearchedRuns::stored(&store, 32).await;
    index(&store).await;
    for sql in [
        "ALTER TABLE workflow_runner.run DISABLE TRIGGER indexed_run_deleted",
        "DELETE FROM workflow_runner.run WHERE number = 20",
        "ALTER TABLE workflow_runner.run ENABLE TRIGGER indexed_run_deleted",
    ] {
        change(&store, sql).await;
    }
    let wrong = "SELECT count(*) FROM workflow_runner.run_block WHERE runs <> \
                 (SELECT count(*) FROM workflow_runner.run WHERE number BETWEEN first AND last)";
    assert_eq!(value(&store, wrong).await, 1);
    while value(&store, wrong).await > 0 {
        index(&store).await;
    }
}

#[tokio::test]
async fn a_run_of_an_open_transaction_is_indexed_after_it() {
    let server = Postgres::start();
    let store = store(&server).await;
    let runs = SearchedRuns::stored(&store, 32).await;
    // A run whose number was assigned before others were committed.
    for sql in [
        "CREATE TABLE moved AS SELECT * FROM workflow_runner.run WHERE number = 5",
        "DELETE FROM workflow_runner.run WHERE number = 5",
    ] {
        change(&store, sql).await;
    }
    let mut open = store.pool().begin().await.unwrap();
    let create = query("INSERT INTO workflow_runner.run OVERRIDING SYSTEM VALUE TABLE moved");
    create.execute(&mut *open).await.unwrap();
    index(&store).await;
    let blocks = "SELECT count(*) FROM workflow_runner.run_block";
    assert_eq!(value(&store, blocks).await, 0);
    open.commit().await.unwrap();
    while value(&store, blocks).await < 2 {
        index(&store).await;
    }
    runs.compare(&store).await;
}

#[tokio::test]
async fn a_block_is_stale_if_a_run_is_deleted_while_it_is_built() {
    let server = Postgres::start();
    let store = store(&server).await;
    SearchedRuns::stored(&store, 32).await;
    while value(&store, "SELECT count(*) FROM workflow_runner.run_block").await < 2 {
        index(&store).await;
    }
    let delete = |number| format!("DELETE FROM workflow_runner.run WHERE number = {number}");
    change(&store, &delete(1)).await;
    // The block of both is stale, so this changes nothing of it, and the block that replaces it has the run.
    let mut open = store.pool().begin().await.unwrap();
    let delete = query(AssertSqlSafe(delete(2)));
    delete.execute(&mut *open).await.unwrap();
    let damaged = &store.signals().damaged;
    let first = "SELECT block FROM workflow_runner.run_block WHERE first = 1";
    while value(&store, first).await == 1 {
        let mut replacements = Replacements::new();
        let built = index::build_next(store.pool(), &mut replacements, damaged, 16).await;
        built.unwrap();
    }
    open.commit().await.unwrap();
    let stale = "SELECT count(*) FROM workflow_runner.run_block WHERE stale AND first = 1";
    assert_eq!(value(&store, stale).await, 1);
}

#[tokio::test]
async fn a_damaged_block_is_built_again() {
    let server = Postgres::start();
    for sql in [
        "UPDATE workflow_runner.run_token SET bytes = '' WHERE id / 2048 = 2",
        "DELETE FROM workflow_runner.run_token WHERE id / 2048 = 2",
        "UPDATE workflow_runner.run_block SET runs = 5000 WHERE block = 2",
    ] {
        let store = store(&server).await;
        let runs = SearchedRuns::stored(&store, 50).await;
        index(&store).await;
        assert!(change(&store, sql).await > 0, "{sql}");
        runs.compare(&store).await;
        // The store's own task builds it.
        let damaged = &store.signals().damaged;
        let is_left = "SELECT count(*) FROM workflow_runner.run_block WHERE block = 2";
        while value(&store, is_left).await > 0 || !damaged.is_empty() {}
        runs.compare(&store).await;
        assert!(damaged.is_empty(), "{sql}");
    }
}

#[tokio::test]
async fn runs_of_an_older_database_are_counted_and_indexed() {
    let server = Postgres::start();
    let url = server.create_database();
    let store = PostgresStore::connect(&url).await.unwrap();
    let runs = SearchedRuns::stored(&store, 40).await;
    // As version 2 left it.
    for sql in [
        "DROP FUNCTION workflow_runner.count_run CASCADE",
        "DROP FUNCTION workflow_runner.mark_stale_block CASCADE",
        "DROP TABLE workflow_runner.run_count, workflow_runner.run_count_change, workflow_runner.run_block, workflow_runner.run_token",
        "DELETE FROM workflow_runner._sqlx_migrations WHERE version = 3",
    ] {
        change(&store, sql).await;
    }
    store.close().await;
    let store = PostgresStore::connect(&url).await.unwrap();
    runs.compare(&store).await;
    index(&store).await;
    assert_eq!(
        value(
            &store,
            "SELECT sum(runs)::bigint FROM workflow_runner.run_block"
        )
        .await,
        32
    );
    runs.compare(&store).await;
}
