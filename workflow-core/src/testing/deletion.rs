//! Runs that are forgotten.

use super::sample::{SampleRun, failed, started, steps};
use crate::{
    id::RunId,
    record::{RunCounts, RunQuery},
    store::{Store, StoreError},
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
    let refused = store.append(run.id(), 1, &events, &head).await;
    assert!(
        matches!(refused, Err(StoreError::NoSuchRun(_))),
        "{refused:?}"
    );
}
