//! What is deleted of runs that ended.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use serde_json::json;
use workflow_core::{
    LocalEngine, NewRun, Registry, RunId, Runs, Workflows,
    record::RunQuery,
    store::{Catalog, RunLog},
};
use workflow_postgres::{Builder, PostgresStore};

/// Stores this many finished runs. Returns their ids, oldest first.
async fn finished(store: &PostgresStore, count: usize) -> Vec<RunId> {
    let engine = LocalEngine::builder(Registry::default())
        .with_store(Arc::new(store.clone()))
        .build();
    let greet = json!({"nodes": [{"id": "greet", "type": "PromptNode", "data": {"template": "Hello {{ input }}"}}]});
    let workflow = engine.create_workflow(greet).await.unwrap().record.id;
    let mut runs = Vec::new();
    for name in 0..count {
        let run = engine
            .start(NewRun::new(workflow, json!(name.to_string())))
            .await
            .unwrap();
        let events = engine.events(run.id, 0).await.unwrap();
        events.for_each(|_| std::future::ready(())).await;
        runs.push(run.id);
    }
    runs
}

/// Connects again with these options, and returns the runs, oldest first, once no event is left of another run.
async fn kept(url: &str, options: impl FnOnce(Builder) -> Builder) -> Vec<RunId> {
    let store = options(PostgresStore::builder(url))
        .connect()
        .await
        .unwrap();
    let database = url.rsplit('/').next().unwrap();
    let tidy = "DO $$ BEGIN IF EXISTS (SELECT FROM workflow_runner.event WHERE run NOT IN \
                (SELECT number FROM workflow_runner.run)) \
                OR EXISTS (SELECT FROM workflow_runner.deleted_run) THEN RAISE 'not yet'; END IF; END $$";
    let tidied = async {
        // Maintenance begins when a store connects.
        tokio::time::sleep(Duration::from_millis(500)).await;
        while !common::server().execute(database, tidy) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), tidied)
        .await
        .unwrap();
    let listed = store.runs(RunQuery::default()).await.unwrap().items;
    let mut ids: Vec<RunId> = listed.iter().map(|record| record.id).collect();
    ids.reverse();
    store.close().await;
    ids
}

#[tokio::test]
async fn the_runs_that_ended_first_are_deleted() {
    let url = common::server().create_database();
    let store = PostgresStore::connect(&url).await.unwrap();
    let runs = finished(&store, 5).await;
    store.close().await;
    assert_eq!(kept(&url, |options| options).await, runs);
    assert_eq!(
        kept(&url, |options| options.with_ended_runs_kept(2)).await,
        runs[3..]
    );
    assert_eq!(
        kept(&url, |options| options.with_ended_runs_kept(0)).await,
        []
    );
}

#[tokio::test]
async fn old_runs_are_deleted() {
    let url = common::server().create_database();
    let store = PostgresStore::connect(&url).await.unwrap();
    let runs = finished(&store, 2).await;
    store.close().await;
    let database = url.rsplit('/').next().unwrap();
    // Two days ago, as a store writes it.
    let age = "UPDATE workflow_runner.run SET ended_at = to_char((now() - interval '2 days') AT TIME ZONE 'UTC', \
               'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') WHERE number = 1";
    assert!(common::server().execute(database, age));
    // The checksum of the first run no longer holds, so it is not listed; what counts is that the second one stays.
    assert_eq!(
        kept(&url, |options| options.with_days_kept(1)).await,
        runs[1..]
    );
    let gone = "DO $$ BEGIN IF (SELECT count(*) FROM workflow_runner.run) <> 1 THEN RAISE 'kept'; END IF; END $$";
    assert!(common::server().execute(database, gone));
}

#[tokio::test]
async fn a_deleted_run_leaves_no_event() {
    let url = common::server().create_database();
    let store = PostgresStore::connect(&url).await.unwrap();
    let runs = finished(&store, 2).await;
    assert!(store.delete_run(runs[0]).await.unwrap());
    store.close().await;
    assert_eq!(kept(&url, |options| options).await, runs[1..]);
}
