//! Notifications when something is in their way: a server that crashes, a network that fails.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;
mod fleet;
mod proxy;

use std::{sync::Arc, time::Duration};

use fleet::{DEADLINE, arrives, coordinator};
use futures::{StreamExt, future::join_all};
use proxy::Proxy;
use serde_json::json;
use sqlx::postgres::PgListener;
use tokio::time::{sleep, timeout};
use workflow_core::{
    LocalEngine, NewRun, Registry, RunId, Runs, Workflows,
    fleet::{Coordinator, InstanceId, Notification},
};
use workflow_postgres::PostgresStore;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn notifications_arrive_again_after_the_server_crashed() {
    // Not the server of the other tests.
    let server = Arc::new(workflow_test_services::Postgres::start());
    let url = server.create_database();
    let (a, b) = (coordinator(&url).await, coordinator(&url).await);
    let mut at_b = b.subscribe(InstanceId::new());
    arrives(&a, &mut at_b).await;
    for _ in 0..2 {
        let crashing = Arc::clone(&server);
        tokio::task::spawn_blocking(move || crashing.crash())
            .await
            .unwrap();
        assert!(arrives(&a, &mut at_b).await, "the loss is not reported");
    }
    assert!(b.receives_notifications());
}

#[tokio::test]
async fn an_append_notifies_no_one() {
    let url = common::server().create_database();
    let store = PostgresStore::connect(&url).await.unwrap();
    let coordinator = store.coordinator().await.unwrap();
    let mut listener = PgListener::connect(&url).await.unwrap();
    listener.listen("workflow_runner").await.unwrap();
    let engine = LocalEngine::builder(Registry::default())
        .with_store(Arc::new(store.clone()))
        .build();
    let steps: Vec<_> = (0..10)
        .map(|step| json!({"id": format!("s{step}"), "type": "PromptNode", "data": {"template": "{{ input }}"}}))
        .collect();
    let workflow = engine.create_workflow(json!({"nodes": steps})).await;
    let workflow = workflow.unwrap().record.id;
    let writers = (0..16).map(async |_| {
        let run = engine.start(NewRun::new(workflow, json!(null))).await;
        let events = engine.events(run.unwrap().id, 0).await.unwrap();
        events.count().await
    });
    let events: usize = join_all(writers).await.into_iter().sum();
    assert!(events > 16 * 20, "{events}");
    let run = RunId::new();
    coordinator.publish(Notification::CommandQueued { run });
    let first = timeout(DEADLINE, listener.recv()).await.unwrap().unwrap();
    assert!(first.payload().contains(&run.to_string()), "{first:?}");
}

#[tokio::test]
async fn a_connection_without_another_end_is_noticed() {
    let url = common::server().create_database();
    let proxy = Proxy::start(&url).await;
    let (direct, behind) = (coordinator(&url).await, coordinator(proxy.url()).await);
    let mut notifications = behind.subscribe(InstanceId::new());
    arrives(&direct, &mut notifications).await;
    proxy.freeze_listeners();
    assert!(
        arrives(&direct, &mut notifications).await,
        "no loss is reported"
    );
    assert!(behind.receives_notifications());
}

#[tokio::test]
async fn notifications_that_could_not_be_sent_are_reported() {
    let url = common::server().create_database();
    let proxy = Proxy::start(&url).await;
    let (direct, behind) = (coordinator(&url).await, coordinator(proxy.url()).await);
    let mut notifications = direct.subscribe(InstanceId::new());
    arrives(&behind, &mut notifications).await;
    proxy.refuse(true);
    behind.publish(Notification::CommandQueued { run: RunId::new() });
    sleep(Duration::from_millis(500)).await;
    proxy.refuse(false);
    let lagged = async { while notifications.next().await.unwrap() != Notification::Lagged {} };
    timeout(DEADLINE, lagged).await.unwrap();
}
