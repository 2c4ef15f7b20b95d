//! Damaged rows: errors name the place and do not contain the data.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use std::{
    error::Error,
    path::{Path, PathBuf},
};

use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, query};
use support::{SampleRun, file, messages, new_run};
use tempfile::TempDir;
use workflow_core::{
    RunId,
    record::{PageRequest, RunCounts, RunKey, RunQuery, WorkflowRecord},
    store::{Catalog, RunLog, StoreError},
};
use workflow_sqlite::SqliteStore;

fn place() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("runs.db");
    (directory, path)
}

/// Changes this number of rows.
async fn change(path: &Path, sql: &str, rows: u64) {
    let mut file = file(path).await;
    let change = query(AssertSqlSafe(sql.to_owned()))
        .execute(&mut file)
        .await
        .unwrap();
    assert_eq!(change.rows_affected(), rows, "{sql}");
    file.close().await.unwrap();
}

/// A store with a run of five events, after this statement.
async fn changed(sql: &str) -> (TempDir, SqliteStore, SampleRun) {
    let (directory, path) = place();
    let store = SqliteStore::open(&path).await.unwrap();
    let mut run = SampleRun::stored(&store).await;
    for _ in 0..4 {
        run.step(&store, "secret").await.unwrap();
    }
    change(&path, sql, 1).await;
    (directory, store, run)
}

#[tokio::test]
async fn an_unreadable_event_is_named() {
    for sql in [
        "UPDATE event SET body = '' WHERE seq = 3",
        "UPDATE event SET body = substr(body, 1, 60) WHERE seq = 3",
        "UPDATE event SET body = replace(body, '\"node.completed\"', '\"secret\"') WHERE seq = 3",
        "UPDATE event SET body = replace(body, '\"attempt\":1', '\"attempt\":\"secret\"') WHERE seq = 3",
        "UPDATE event SET body = (SELECT body FROM event WHERE seq = 4) WHERE seq = 3",
        "UPDATE event SET body = body || ' secret' WHERE seq = 3",
        "UPDATE event SET body = CAST(x'ff' AS TEXT) WHERE seq = 3",
        "DELETE FROM event WHERE seq = 3",
    ] {
        let (_directory, store, run) = changed(sql).await;
        let before = store.read(run.id, 0, 9).await.unwrap();
        assert!(before.iter().map(|event| event.seq).eq([1, 2]), "{sql}");
        assert_eq!(store.read(run.id, 3, 9).await.unwrap().len(), 2);
        let error = store.read(run.id, 2, 9).await.unwrap_err();
        let StoreError::Damaged { run: of, seq, .. } = &error else {
            panic!("{sql}: {error:?}")
        };
        assert_eq!((*of, *seq), (run.id, 3), "{sql}");
        assert!(
            error.source().is_some() && !messages(&error).contains("secret"),
            "{sql}: {}",
            messages(&error)
        );
    }
}

/// Changes that make the record of a run unreadable; the last is the record of a newer version.
const UNREADABLE: [&str; 5] = [
    "UPDATE run SET record = '{\"id\": \"secret\"}'",
    "UPDATE run SET head = ''",
    "UPDATE run SET head = CAST(x'ff' AS TEXT)",
    "UPDATE run SET record = replace(record, id, '0198c0de-0000-7000-8000-000000000000')",
    "UPDATE run SET status = 'secret', head = replace(head, '\"queued\"', '\"secret\"')",
];

#[tokio::test]
async fn an_unreadable_run_is_an_error() {
    for sql in UNREADABLE {
        let (_directory, store, run) = changed(sql).await;
        let error = store.run(run.id).await.unwrap_err();
        let StoreError::DamagedRun { run: of, .. } = &error else {
            panic!("{sql}: {error:?}")
        };
        assert_eq!(*of, run.id, "{sql}");
        assert!(
            error.source().is_some() && !messages(&error).contains("secret"),
            "{sql}: {}",
            messages(&error)
        );
        assert_eq!(store.read(run.id, 0, 9).await.unwrap().len(), 5);
        assert!(store.delete_run(run.id).await.unwrap(), "{sql}");
    }
}

#[tokio::test]
async fn the_key_of_an_unreadable_run_still_exists() {
    let (_directory, path) = place();
    let store = SqliteStore::open(&path).await.unwrap();
    let key = RunKey::new("scope", "key", "request");
    let (record, first) = new_run();
    let id = record.id;
    store
        .create_run(record, &[first], Some(key.clone()))
        .await
        .unwrap();
    change(&path, "UPDATE run SET head = ''", 1).await;
    let error = store.run_by_key(&key).await.unwrap_err();
    assert!(
        matches!(error, StoreError::DamagedRun { run, .. } if run == id),
        "{error:?}"
    );
}

/// Pages through all runs, two by two; each page but the last is full.
async fn listed(store: &SqliteStore) -> Vec<RunId> {
    let mut ids = Vec::new();
    let mut query = RunQuery::default();
    query.page = PageRequest::new(2, None);
    loop {
        let page = store.runs(query.clone()).await.unwrap();
        ids.extend(page.items.iter().map(|run| run.id));
        if page.next_cursor.is_none() {
            return ids;
        }
        assert_eq!(page.items.len(), 2);
        query.page.cursor = page.next_cursor;
    }
}

#[tokio::test]
async fn lists_omit_unreadable_runs() {
    for sql in UNREADABLE {
        let (_directory, path) = place();
        let store = SqliteStore::open(&path).await.unwrap();
        let mut good = Vec::new();
        for number in 1..=20 {
            let run = SampleRun::stored(&store).await;
            // The first, the last, a single one, and more in a row than a page has.
            if ![1, 4, 8, 9, 10, 11, 12, 20].contains(&number) {
                good.push(run.id);
            }
        }
        let sql = format!("{sql} WHERE number IN (1, 4, 8, 9, 10, 11, 12, 20)");
        change(&path, &sql, 8).await;

        let mut unfinished: Vec<RunId> = Vec::new();
        loop {
            let after = unfinished.last().copied();
            let part = store.unfinished(after, 3).await.unwrap();
            if part.is_empty() {
                break;
            }
            unfinished.extend(part.iter().map(|run| run.id));
        }
        assert_eq!(unfinished, good, "{sql}");
        good.reverse();
        assert_eq!(listed(&store).await, good, "{sql}");
        let counts = store.count_runs(&RunQuery::default()).await.unwrap();
        let known = if sql.contains("SET status") { 12 } else { 20 };
        assert_eq!(counts.queued, known, "{sql}");
    }
}

#[tokio::test]
async fn lists_omit_unreadable_workflows() {
    let (_directory, path) = place();
    let store = SqliteStore::open(&path).await.unwrap();
    let mut stored = Vec::new();
    for _ in 0..3 {
        let record = WorkflowRecord::new(Some("same".into()), json!({"nodes": []}).into());
        store.create_workflow(record.clone()).await.unwrap();
        let second = record.next(Some("same".into()), record.spec.clone());
        store.update_workflow(second.clone()).await.unwrap();
        stored.push([record, second]);
    }
    let [oldest, middle, newest] = stored.try_into().unwrap();
    let sql = format!(
        "UPDATE version SET record = '{{\"id\": \"secret\"}}' WHERE version = 2 AND workflow IN ('{}', '{}')",
        newest[0].id, oldest[0].id
    );
    change(&path, &sql, 2).await;

    let page = store.workflows(PageRequest::new(1, None)).await.unwrap();
    assert_eq!(
        (page.items, page.next_cursor),
        (vec![middle[1].clone()], None)
    );
    // The name of a damaged workflow still exists.
    let named = store.workflows_named("same", 10).await.unwrap();
    assert_eq!(named, [newest[0].id, middle[0].id, oldest[0].id]);
    let versions = store
        .versions(newest[0].id, PageRequest::new(1, None))
        .await
        .unwrap();
    assert_eq!(
        (versions.items, versions.next_cursor),
        (vec![newest[0].clone()], None)
    );
    let id = newest[0].id;
    assert_eq!(
        store.workflow(id, Some(1)).await.unwrap().as_ref(),
        Some(&newest[0])
    );
    for version in [None, Some(2)] {
        let error = store.workflow(id, version).await.unwrap_err();
        assert!(
            matches!(error, StoreError::DamagedWorkflow { workflow, .. } if workflow == id),
            "{error:?}"
        );
        assert!(!messages(&error).contains("secret"), "{}", messages(&error));
    }
}

#[tokio::test]
async fn the_background_check_repairs_wrong_numbers_of_runs() {
    for sql in [
        "UPDATE run_count SET runs = runs + 1",
        "UPDATE run_count SET status = 'failed'",
        "DELETE FROM run_count",
    ] {
        let (_directory, path) = place();
        let store = SqliteStore::open(&path).await.unwrap();
        SampleRun::stored(&store).await;
        store.close().await;
        change(&path, sql, 1).await;
        let store = SqliteStore::open(&path).await.unwrap();
        let report = store.check_report().await.unwrap();
        assert!(report.changed > 0, "{sql}: {report:?}");
        let counts = store.count_runs(&RunQuery::default()).await.unwrap();
        let mut expected = RunCounts::default();
        expected.queued = 1;
        assert_eq!(counts, expected, "{sql}");
        store.close().await;
        let store = SqliteStore::open(&path).await.unwrap();
        let report = store.check_report().await.unwrap();
        assert_eq!(report.changed, 0, "{sql}");
    }
}
