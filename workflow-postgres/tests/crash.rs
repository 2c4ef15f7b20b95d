//! The server ends in the middle: what was acknowledged is there, once.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use std::{sync::Arc, time::Duration};

use serde_json::json;
use workflow_core::{
    LocalEngine, NewRun, Registry, Runs, Workflows,
    store::{RunLog, Store, StoreError},
};
use workflow_postgres::PostgresStore;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_continue_after_the_server_crashes() {
    let server = common::server();
    let url = server.create_database();
    let store = PostgresStore::connect(&url).await.unwrap();
    let engine = LocalEngine::builder(Registry::default())
        .with_store(Arc::new(store.clone()))
        .build();
    let steps: Vec<_> = (0..40)
        .map(|step| {
            json!({"id": format!("s{step}"), "type": "DelayNode", "data": {"for": "20ms"},
                   "needs": if step == 0 { vec![] } else { vec![format!("s{}", step - 1)] }})
        })
        .collect();
    let workflow = engine
        .create_workflow(json!({"nodes": steps}))
        .await
        .unwrap();
    let run = engine
        .start(NewRun::new(workflow.record.id, json!(null)))
        .await
        .unwrap();
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(150)).await;
        tokio::task::spawn_blocking(|| common::server().crash())
            .await
            .unwrap();
    }
    let record = loop {
        match store.run(run.id).await {
            Ok(Some(record)) if record.head.status.has_ended() => break record,
            Ok(_) | Err(StoreError::Unavailable(_)) => {}
            Err(error) => panic!("{error}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(record.head.status.as_str(), "completed");
    let events = store.read(run.id, 0, 10_000).await.unwrap();
    let seqs: Vec<u64> = events.iter().map(|event| event.seq).collect();
    assert_eq!(seqs, (1..=record.head.last_seq).collect::<Vec<_>>());
    store.ping().await.unwrap();
}
