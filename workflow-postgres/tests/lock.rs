//! One process at a time holds the lock of a database.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use std::time::Duration;

use tokio::{sync::oneshot, time::timeout};
use workflow_postgres::{DatabaseLock, PostgresStore};

const SOON: Duration = Duration::from_secs(20);

/// Ends the connection that holds the lock, as a failing network does.
const CUT: &str = "SELECT pg_terminate_backend(pid) FROM pg_locks \
     WHERE locktype = 'advisory' AND granted AND objid = x'726e0002'::int \
     AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

async fn connect(url: &str) -> PostgresStore {
    PostgresStore::connect(url).await.unwrap()
}

/// Waits for the lock in the background. Returns once it waits.
async fn standby(url: &str) -> tokio::task::JoinHandle<DatabaseLock> {
    let store = connect(url).await;
    let (waits, waiting) = oneshot::channel();
    let lock = tokio::spawn(async move { store.lock(|| waits.send(()).unwrap()).await.unwrap() });
    timeout(SOON, waiting).await.unwrap().unwrap();
    lock
}

#[tokio::test]
async fn a_standby_gets_the_lock_when_the_holder_ends() {
    let url = common::server().create_database();
    let lock = connect(&url)
        .await
        .lock(|| panic!("it waits"))
        .await
        .unwrap();
    let standby = standby(&url).await;
    assert!(!standby.is_finished());
    drop(lock);
    timeout(SOON, standby).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_holder_that_lost_its_connection_holds_the_lock_again() {
    let server = common::server();
    let url = server.create_database();
    let lock = connect(&url).await.lock(|| {}).await.unwrap();
    assert!(server.execute(url.rsplit('/').next().unwrap(), CUT));
    assert!(timeout(Duration::from_secs(4), lock.lost()).await.is_err());
    let standby = standby(&url).await;
    assert!(!standby.is_finished());
}

#[tokio::test]
async fn of_holder_and_standby_one_has_the_lock_after_each_cut() {
    let server = common::server();
    let url = server.create_database();
    let database = url.rsplit('/').next().unwrap();
    let mut lock = connect(&url).await.lock(|| {}).await.unwrap();
    for _ in 0..4 {
        let mut waiting = standby(&url).await;
        assert!(server.execute(database, CUT));
        tokio::select! {
            () = lock.lost() => lock = timeout(SOON, waiting).await.unwrap().unwrap(),
            () = tokio::time::sleep(Duration::from_secs(5)) => {
                // The holder was faster.
                assert!(timeout(Duration::ZERO, &mut waiting).await.is_err());
                waiting.abort();
            }
        }
    }
}

#[tokio::test]
async fn databases_of_one_server_have_locks_of_their_own() {
    let server = common::server();
    let one = connect(&server.create_database()).await;
    let other = connect(&server.create_database()).await;
    let _one = one.lock(|| panic!("it waits")).await.unwrap();
    let _other = other.lock(|| panic!("it waits")).await.unwrap();
}
