//! What the cases share.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::{
    store::{Store, StoreError},
    testing::store::sample::SampleRun,
    value::RunId,
};

/// A validity that a test waits for.
pub(super) const SHORT: Duration = Duration::from_millis(400);

/// A validity that no test outlives.
pub(super) const LONG: Duration = Duration::from_secs(3_600);

/// How long anything may take.
pub(super) const DEADLINE: Duration = Duration::from_secs(30);

/// A run that is stored.
pub(super) async fn stored_run(store: &dyn Store) -> RunId {
    SampleRun::stored(store).await.id()
}

/// Checks again and again, until the answer is yes.
pub(super) async fn eventually(what: &str, check: impl AsyncFn() -> bool) {
    let started = Instant::now();
    while !check().await {
        assert!(
            started.elapsed() < DEADLINE,
            "{what}: not within {DEADLINE:?}"
        );
        sleep(Duration::from_millis(20)).await;
    }
}

/// The coordinator has no such run.
pub(super) fn assert_no_run<T: std::fmt::Debug>(run: RunId, result: &Result<T, StoreError>) {
    assert!(
        matches!(result, Err(StoreError::NoSuchRun(of)) if *of == run),
        "{result:?}"
    );
}
