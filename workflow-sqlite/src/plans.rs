//! Tests of the query plans: every statement searches an index, and none scans a table or sorts.

use sqlx::{AssertSqlSafe, query_as, sqlite::SqlitePool};
use workflow_core::{
    RunStatus, WorkflowId,
    record::{PageRequest, RunQuery},
};

use workflow_sqlkit::search::Among;

use crate::{SqliteStore, block, index, retention, runs, scan, search, workflows};

/// The steps of `EXPLAIN QUERY PLAN`.
async fn plan(readers: &SqlitePool, sql: &str) -> Vec<String> {
    let explained = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
    let steps: Vec<(i64, i64, i64, String)> = query_as(explained).fetch_all(readers).await.unwrap();
    steps.into_iter().map(|(.., step)| step).collect()
}

async fn store() -> (tempfile::TempDir, SqliteStore) {
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(directory.path().join("runs.db"))
        .await
        .unwrap();
    (directory, store)
}

/// All combinations of filters of the list of runs, without text.
fn queries() -> Vec<RunQuery> {
    let page = PageRequest::new(10, Some(WorkflowId::new().to_string()));
    let mut queries = Vec::new();
    for workflow_id in [None, Some(WorkflowId::new())] {
        for status in [None, Some(RunStatus::Failed)] {
            for page in [PageRequest::default(), page.clone()] {
                let mut query = RunQuery::default();
                (query.workflow_id, query.status, query.page) = (workflow_id, status, page);
                queries.push(query);
            }
        }
    }
    queries
}

#[tokio::test]
async fn every_statement_searches_an_index() {
    let (_directory, store) = store().await;
    let statements = vec![
        runs::RUN.to_owned(),
        runs::BY_KEY.to_owned(),
        runs::UNFINISHED.to_owned(),
        runs::LOG.to_owned(),
        workflows::NEWEST.to_owned(),
        workflows::VERSION.to_owned(),
        workflows::NAMED.to_owned(),
        workflows::NAMES.to_owned(),
        workflows::LISTED.to_owned(),
        workflows::VERSIONS.to_owned(),
        retention::EXPIRED.to_owned(),
        retention::ENDED.to_owned(),
        retention::OLDEST_ENDED.to_owned(),
        retention::ORPHANS.to_owned(),
        scan::RUNS.to_owned(),
        scan::VERSIONS.to_owned(),
        scan::EVENTS.to_owned(),
        search::YOUNGEST.to_owned(),
        index::NEWEST.to_owned(),
        index::RUNS.to_owned(),
        block::RUNS_IN.to_owned(),
    ];
    for sql in statements {
        let steps = plan(store.readers().unwrap(), &sql).await;
        assert!(!steps.is_empty(), "{sql}");
        for step in steps {
            let is_search = step.starts_with("SEARCH") || step.starts_with("SCALAR SUBQUERY");
            assert!(is_search, "{sql}: {step}");
        }
    }
}

#[tokio::test]
async fn every_filter_has_an_index() {
    let (_directory, store) = store().await;
    for query in queries() {
        let index = match (query.workflow_id, query.status) {
            (None, None) => "sqlite_autoindex_run_1 (id<?)",
            (None, Some(_)) => "run_by_status (status=? AND id<?)",
            (Some(_), None) => "run_by_workflow (workflow=? AND id<?)",
            (Some(_), Some(_)) => "run_by_workflow_and_status (workflow=? AND status=? AND id<?)",
        };
        let sql = runs::list_query(&query).unwrap().into_string();
        let steps = plan(store.readers().unwrap(), &sql).await;
        assert_eq!(steps, [format!("SEARCH run USING INDEX {index}")], "{sql}");
    }
}

/// The index of ids has the order of a page, but a search must not read all runs.
#[tokio::test]
async fn a_search_reads_runs_by_number() {
    let (_directory, store) = store().await;
    for query in queries() {
        let readers = store.readers().unwrap();
        let index = block::IndexSignal::default();
        let search = search::TextSearch::new(readers, &query, "text", &index).unwrap();
        for among in [Among::Range((1, 2)), Among::Numbers(&[1, 2])] {
            for sql in [
                search.runs_query(among, 10).into_string(),
                search.counts_query(among).into_string(),
            ] {
                let steps = plan(readers, &sql).await;
                let number = "SEARCH run USING INTEGER PRIMARY KEY (rowid";
                assert!(steps[0].starts_with(number), "{sql}: {steps:?}");
            }
        }
    }
    let steps = plan(store.readers().unwrap(), search::ROWS).await;
    assert!(steps[0].starts_with("SEARCH run_token USING INTEGER PRIMARY KEY"));
}

#[tokio::test]
async fn counting_reads_no_run() {
    let (_directory, store) = store().await;
    for query in queries() {
        let sql = runs::count_query(&query).into_string();
        for step in plan(store.readers().unwrap(), &sql).await {
            assert!(step.split(' ').all(|word| word != "run"), "{sql}: {step}");
        }
    }
}
