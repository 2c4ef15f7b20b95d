//! The coordinator does what every coordinator must, leaves nothing behind, and ends with its store.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;
mod proxy;

use std::{sync::Arc, time::Duration};

use futures::{StreamExt, future::join_all};
use proxy::Proxy;
use serde_json::json;
use tokio::time::timeout;
use workflow_core::{
    LocalEngine, NewRun, Registry, RunId, Runs, Workflows,
    error::Problem,
    fleet::{Coordinator, InstanceId, RunCommand},
    store::{RunLog, StoreError},
};
use workflow_postgres::{PostgresCoordinator, PostgresStore};

/// A validity that no test outlives.
const LONG: Duration = Duration::from_hours(1);

/// How long anything may take.
const DEADLINE: Duration = Duration::from_secs(30);

/// A database of its own, and two connections to its fleet as of two processes.
async fn fleet() -> (
    Box<PostgresStore>,
    Box<PostgresCoordinator>,
    Box<PostgresCoordinator>,
) {
    let url = common::server().create_database();
    let store = PostgresStore::connect(&url).await.unwrap();
    let other = PostgresStore::connect(&url).await.unwrap();
    let (a, b) = (store.coordinator().await, other.coordinator().await);
    (Box::new(store), Box::new(a.unwrap()), Box::new(b.unwrap()))
}

workflow_core::coordinator_tests!(fleet());

/// A run that has ended.
async fn ended_run(store: &PostgresStore) -> RunId {
    let engine = LocalEngine::builder(Registry::default())
        .with_store(Arc::new(store.clone()))
        .build();
    let greet = json!({"nodes": [{"id": "greet", "type": "PromptNode", "data": {"template": "Hello {{ input }}"}}]});
    let workflow = engine.create_workflow(greet).await.unwrap().record.id;
    let run = engine.start(NewRun::new(workflow, json!(null))).await;
    let run = run.unwrap().id;
    let events = engine.events(run, 0).await.unwrap();
    events.for_each(|_| std::future::ready(())).await;
    run
}

#[tokio::test]
async fn no_row_of_a_deleted_run_is_left() {
    const ANY: &str = "DO $$ BEGIN IF NOT EXISTS (SELECT FROM workflow_runner.command) \
         OR NOT EXISTS (SELECT FROM workflow_runner.claim) \
         OR NOT EXISTS (SELECT FROM workflow_runner.blocked) THEN RAISE 'gone'; END IF; END $$";
    const NONE: &str = "DO $$ BEGIN IF EXISTS (SELECT FROM workflow_runner.command) \
         OR EXISTS (SELECT FROM workflow_runner.claim) \
         OR EXISTS (SELECT FROM workflow_runner.blocked) THEN RAISE 'left'; END IF; END $$";
    let server = common::server();
    let url = server.create_database();
    let database = url.rsplit('/').next().unwrap();
    let store = PostgresStore::connect(&url).await.unwrap();
    let coordinator = store.coordinator().await.unwrap();
    let runs = [ended_run(&store).await, ended_run(&store).await];
    for run in runs {
        let why = Problem::new("code", "detail");
        coordinator.send(run, &RunCommand::Cancel).await.unwrap();
        coordinator
            .claim(run, InstanceId::new(), LONG)
            .await
            .unwrap();
        coordinator.block(run, 1, &why).await.unwrap();
    }
    // One by a call, one by retention.
    assert!(store.delete_run(runs[0]).await.unwrap());
    assert!(server.execute(database, ANY));
    store.close().await;
    let retaining = PostgresStore::builder(&url).with_ended_runs_kept(0);
    let _retaining = retaining.connect().await.unwrap();
    let deleted = async {
        while !server.execute(database, NONE) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(DEADLINE, deleted).await.unwrap();
}

#[tokio::test]
async fn a_command_that_cannot_be_read_is_not_left_out() {
    let server = common::server();
    let url = server.create_database();
    let database = url.rsplit('/').next().unwrap();
    let store = PostgresStore::connect(&url).await.unwrap();
    let coordinator = store.coordinator().await.unwrap();
    let run = ended_run(&store).await;
    for _ in 0..2 {
        coordinator.send(run, &RunCommand::Cancel).await.unwrap();
    }
    let later = "UPDATE workflow_runner.command SET body = '{\"type\":\"later\"}' \
                 WHERE number = (SELECT min(number) FROM workflow_runner.command)";
    assert!(server.execute(database, later));
    let commands = coordinator.commands(run).await;
    assert!(
        matches!(commands, Err(StoreError::Unavailable(_))),
        "{commands:?}"
    );
}

/// A task of the store that is aborted while it begins a transaction would leave that open, on a connection that the
/// coordinator uses next.
#[tokio::test]
async fn a_store_that_is_dropped_leaves_no_transaction_open() {
    let url = common::server().create_database();
    let observer = PostgresStore::connect(&url).await.unwrap();
    let observer = observer.coordinator().await.unwrap();
    let proxy = Proxy::start(&url).await;
    proxy.hold_transactions(true);
    let store = PostgresStore::connect(proxy.url()).await.unwrap();
    let coordinator = store.coordinator().await.unwrap();
    timeout(DEADLINE, proxy.held_transaction()).await.unwrap();
    drop(store);
    // The task ends at the next opportunity.
    tokio::task::yield_now().await;
    proxy.hold_transactions(false);
    let engines: Vec<InstanceId> = (0..10).map(|_| InstanceId::new()).collect();
    for _ in 0..10 {
        let registers = engines.iter().map(|id| coordinator.register(*id, LONG));
        let members = timeout(DEADLINE, join_all(registers)).await.unwrap();
        assert!(members.iter().all(Result::is_ok));
    }
    let seen = timeout(DEADLINE, observer.register(engines[0], LONG)).await;
    assert_eq!(seen.unwrap().unwrap().instances, engines.len());
}

#[tokio::test]
async fn notifications_end_when_the_store_is_closed() {
    let url = common::server().create_database();
    let store = PostgresStore::connect(&url).await.unwrap();
    let coordinator = store.coordinator().await.unwrap();
    let mut notifications = coordinator.subscribe(InstanceId::new());
    timeout(DEADLINE, store.close()).await.unwrap();
    let end = async { while notifications.next().await.is_some() {} };
    timeout(DEADLINE, end).await.unwrap();
    assert_eq!(notifications.next().await, None);
    let mut later = coordinator.subscribe(InstanceId::new());
    assert_eq!(later.next().await, None);
    assert!(coordinator.lengths(&[]).await.is_err());
}

#[tokio::test]
async fn a_coordinator_shows_no_password() {
    let server = common::server();
    assert!(server.execute(
        "postgres",
        "CREATE ROLE keeper LOGIN SUPERUSER PASSWORD 's3cret'"
    ));
    let database = server.create_database();
    let url = server.url("keeper:s3cret", database.rsplit('/').next().unwrap());
    let store = PostgresStore::connect(&url).await.unwrap();
    let coordinator = store.coordinator().await.unwrap();
    let shown = format!("{coordinator:?} {:?}", PostgresStore::builder(&url));
    assert!(!shown.contains("s3cret"), "{shown}");
}
