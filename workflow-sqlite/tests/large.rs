//! Logs that are too large for one read.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use support::{SampleRun, log};
use workflow_core::store::RunLog;
use workflow_sqlite::SqliteStore;

#[tokio::test]
async fn a_read_ends_after_about_one_mebibyte() {
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(directory.path().join("runs.db"))
        .await
        .unwrap();
    let mut run = SampleRun::stored(&store).await;
    for size in [400_000, 400_000, 400_000, 3_000_000, 10] {
        run.step(&store, &"x".repeat(size)).await.unwrap();
    }
    let part = async |after| store.read(run.id, after, 500).await.unwrap().len();
    assert_eq!(part(0).await, 4, "run.created, and 1.2 MB");
    assert_eq!(part(4).await, 1, "one event, however large");
    assert_eq!(part(5).await, 1);
    assert_eq!(log(&store, run.id).await.len(), 6);
}
