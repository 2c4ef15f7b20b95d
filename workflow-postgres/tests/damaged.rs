//! Rows that were changed: each is found when it is read, and hides no other.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use std::sync::Arc;

use futures::StreamExt;
use serde_json::json;
use workflow_core::{
    LocalEngine, NewRun, Registry, RunId, Runs, WorkflowId, Workflows,
    record::{PageRequest, RunQuery},
    store::{Catalog, RunLog, StoreError},
};
use workflow_postgres::PostgresStore;

/// A store with a workflow and two finished runs, and the name of its database.
async fn sample() -> (PostgresStore, String, WorkflowId, [RunId; 2]) {
    let url = common::server().create_database();
    let store = PostgresStore::connect(&url).await.unwrap();
    let engine = LocalEngine::builder(Registry::default())
        .with_store(Arc::new(store.clone()))
        .build();
    let greet = json!({"nodes": [{"id": "greet", "type": "PromptNode", "data": {"template": "Hello {{ input }}"}}]});
    let workflow = engine.create_workflow(greet).await.unwrap().record.id;
    let mut runs = Vec::new();
    for name in ["Ada", "Grace"] {
        let run = engine
            .start(NewRun::new(workflow, name.into()))
            .await
            .unwrap();
        let events = engine.events(run.id, 0).await.unwrap();
        events.for_each(|_| std::future::ready(())).await;
        runs.push(run.id);
    }
    let database = url.rsplit('/').next().unwrap().to_owned();
    (store, database, workflow, runs.try_into().unwrap())
}

/// Changes a letter of a column.
fn change(database: &str, sql: &str) {
    assert!(common::server().execute(database, sql), "{sql}");
}

#[tokio::test]
async fn a_changed_event_is_not_returned() {
    let (store, database, _, [run, other]) = sample().await;
    change(
        &database,
        "UPDATE workflow_runner.event SET body = replace(body, 'Ada', 'Eve')",
    );
    let read = store.read(run, 0, 100).await;
    assert!(
        matches!(read, Err(StoreError::Damaged { seq: 1, .. })),
        "{read:?}"
    );
    assert!(!store.read(other, 0, 100).await.unwrap().is_empty());
}

#[tokio::test]
async fn events_before_a_missing_one_are_returned() {
    let (store, database, _, [run, _]) = sample().await;
    change(&database, "DELETE FROM workflow_runner.event WHERE seq = 3");
    let events = store.read(run, 0, 100).await.unwrap();
    assert_eq!(events.last().unwrap().seq, 2);
    let rest = store.read(run, 2, 100).await;
    assert!(
        matches!(rest, Err(StoreError::Damaged { seq: 3, .. })),
        "{rest:?}"
    );
}

#[tokio::test]
async fn every_changed_column_of_a_run_is_found() {
    for column in [
        "status = 'failed'",
        "last_seq = last_seq + 1",
        "ended_at = NULL",
        "name = 'x'",
        "excerpt = 'x'",
        "workflow = id",
        "key = 'x', key_scope = 'x', request = 'x'",
        "record = replace(record, 'Ada', 'Eve')",
        "head = replace(head, 'completed', 'cancelled')",
        "checksum = checksum + 1",
        "head_checksum = head_checksum + 1",
    ] {
        let (store, database, _, [run, other]) = sample().await;
        change(
            &database,
            &format!("UPDATE workflow_runner.run SET {column} WHERE id = '{run}'"),
        );
        let found = store.run(run).await;
        assert!(
            matches!(found, Err(StoreError::DamagedRun { .. })),
            "{column}: {found:?}"
        );
        let listed = store.runs(RunQuery::default()).await.unwrap().items;
        let ids: Vec<RunId> = listed.iter().map(|record| record.id).collect();
        assert_eq!(ids, [other], "{column}");
    }
}

#[tokio::test]
async fn every_changed_column_of_a_workflow_is_found() {
    for sql in [
        "UPDATE workflow_runner.version SET record = replace(record, 'Hello', 'Hallo')",
        "UPDATE workflow_runner.version SET checksum = checksum + 1",
        "UPDATE workflow_runner.workflow SET name = 'x'",
        "UPDATE workflow_runner.workflow SET checksum = checksum + 1",
    ] {
        let (store, database, workflow, _) = sample().await;
        change(&database, sql);
        let found = store.workflow(workflow, None).await;
        assert!(
            matches!(found, Err(StoreError::DamagedWorkflow { .. })),
            "{sql}: {found:?}"
        );
        let listed = store.workflows(PageRequest::default()).await.unwrap();
        assert_eq!(listed.items, [], "{sql}");
    }
}

#[tokio::test]
async fn a_list_is_full_although_its_newest_rows_are_damaged() {
    let (store, database, _, [older, newer]) = sample().await;
    change(
        &database,
        &format!("UPDATE workflow_runner.run SET record = '' WHERE id = '{newer}'"),
    );
    let mut query = RunQuery::default();
    query.page = PageRequest::new(1, None);
    let page = store.runs(query).await.unwrap();
    assert_eq!(page.items.len(), 1);
    assert_eq!((page.items[0].id, page.next_cursor), (older, None));
}
