//! Runs that are forgotten.

use super::sample::{SampleRun, failed, started, steps};
use crate::{
    record::{RunCounts, RunQuery},
    store::{Append, Store, StoreError},
    value::RunId,
};

pub async fn a_deleted_run_is_gone(store: &dyn Store) {
    let kept = SampleRun::stored(store).await;
    let mut gone = SampleRun::stored(store).await;
    gone.append(store, steps(3)).await;
    assert!(store.delete_run(gone.id()).await.unwrap());
    assert_eq!(store.run(gone.id()).await.unwrap(), None);
    let log = store.read(gone.id(), 0, 10).await;
    assert!(matches!(log, Err(StoreError::NoSuchRun(_))), "{log:?}");
    let listed = store.runs(RunQuery::default()).await.unwrap().items;
    assert_eq!(listed, std::slice::from_ref(&kept.record));
    assert_eq!(store.unfinished(None, 10).await.unwrap(), listed);
    kept.assert_stored(store).await;
}

pub async fn a_deleted_run_is_not_counted(store: &dyn Store) {
    let mut run = SampleRun::stored(store).await;
    run.append(store, [started(), failed()]).await;
    assert!(store.delete_run(run.id()).await.unwrap());
    let counts = store.count_runs(&RunQuery::default()).await.unwrap();
    assert_eq!(counts, RunCounts::default());
}

pub async fn a_run_is_deleted_once(store: &dyn Store) {
    let run = SampleRun::stored(store).await;
    let (events, head) = run.next(steps(1));
    assert!(store.delete_run(run.id()).await.unwrap());
    assert!(!store.delete_run(run.id()).await.unwrap());
    assert!(!store.delete_run(RunId::new()).await.unwrap());
    let refused = store.append(run.id(), Append::new(1, &events, &head)).await;
    assert!(
        matches!(refused, Err(StoreError::NoSuchRun(_))),
        "{refused:?}"
    );
}

pub async fn a_run_that_follows_a_deleted_one_has_its_own_log(store: &dyn Store) {
    for _ in 0..3 {
        let mut gone = SampleRun::stored(store).await;
        gone.append(store, steps(20)).await;
        assert!(store.delete_run(gone.id()).await.unwrap());
        let mut next = SampleRun::stored(store).await;
        next.append(store, steps(2)).await;
        next.assert_stored(store).await;
    }
}

pub async fn a_long_log_is_gone_at_once(store: &dyn Store) {
    let mut gone = SampleRun::stored(store).await;
    for _ in 0..5 {
        gone.append(store, steps(1_000)).await;
    }
    let mut other = SampleRun::stored(store).await;
    assert!(store.delete_run(gone.id()).await.unwrap());
    for after in [0, 1, 2_500, 5_000] {
        let log = store.read(gone.id(), after, 10).await;
        assert!(matches!(log, Err(StoreError::NoSuchRun(_))), "{log:?}");
    }
    other.append(store, steps(3)).await;
    other.assert_stored(store).await;
}
