//! Rows that changed behind the back of their store: the place is named, and what is there is not shown.

use serde_json::json;

use super::{
    damage::{Change, ChangeRow, Row},
    sample::{SampleRun, started, steps, stored_workflow},
};
use crate::{
    record::{PageRequest, RunQuery},
    store::{Store, StoreError},
};

/// Changes of a value, spread over its beginning, where the fields are that each row has, and its rest.
const CHANGES: [Change; 9] = [
    Change::Bit(0),
    Change::Bit(3),
    Change::Bit(8),
    Change::Bit(21),
    Change::Bit(55),
    Change::Bit(89),
    Change::Bit(144),
    Change::Bit(1_597),
    Change::Cut,
];

/// A run of six events.
async fn run_of_six(store: &dyn Store) -> SampleRun {
    let mut run = SampleRun::stored(store).await;
    run.append(store, [started()]).await;
    run.append(store, steps(4)).await;
    assert_eq!(run.last_seq(), 6);
    run
}

/// Reading stops before the damaged event, is refused at it, and continues after it.
async fn assert_named(store: &dyn Store, run: &SampleRun, damaged: usize, change: Change) {
    let seq = damaged as u64;
    if damaged > 1 {
        let before = store.read(run.id(), 0, 10).await.unwrap();
        assert_eq!(before, run.log[..damaged - 1], "{seq}, {change:?}");
    }
    let error = store.read(run.id(), seq - 1, 10).await.unwrap_err();
    let is_named = matches!(
        &error,
        StoreError::Damaged { run: of, seq: at, .. } if *of == run.id() && *at == seq
    );
    assert!(is_named, "{seq}, {change:?}: {error:?}");
    if damaged < run.log.len() {
        let after = store.read(run.id(), seq, 10).await.unwrap();
        assert_eq!(after, run.log[damaged..], "{seq}, {change:?}");
    }
}

pub async fn a_changed_event_is_named<S: ChangeRow>(empty: impl AsyncFn() -> S) {
    for change in CHANGES {
        let mut place = empty().await;
        let run = run_of_six(place.store()).await;
        place.change(Row::Event(run.id(), 4), change).await;
        assert_named(place.store(), &run, 4, change).await;
    }
}

/// The last one, too: the record of a run counts its events.
pub async fn a_lost_event_is_named<S: ChangeRow>(empty: impl AsyncFn() -> S) {
    for lost in 1..=6 {
        let mut place = empty().await;
        let run = run_of_six(place.store()).await;
        let row = Row::Event(run.id(), lost as u64);
        place.change(row, Change::Remove).await;
        assert_named(place.store(), &run, lost, Change::Remove).await;
    }
}

pub async fn a_changed_run_is_named_and_not_listed<S: ChangeRow>(empty: impl AsyncFn() -> S) {
    for change in CHANGES {
        for row in [Row::Run, Row::Head] {
            let mut place = empty().await;
            let mut runs = Vec::new();
            for _ in 0..3 {
                runs.push(SampleRun::stored(place.store()).await);
            }
            let changed = runs.remove(1).id();
            place.change(row(changed), change).await;
            let error = place.store().run(changed).await.unwrap_err();
            assert!(
                matches!(error, StoreError::DamagedRun { run, .. } if run == changed),
                "{change:?}: {error:?}"
            );
            let mut expected: Vec<_> = runs.into_iter().map(|run| run.record).collect();
            let unfinished = place.store().unfinished(None, 10).await.unwrap();
            assert_eq!(unfinished, expected, "{change:?}");
            expected.reverse();
            let listed = place.store().runs(RunQuery::default()).await.unwrap();
            assert_eq!(listed.items, expected, "{change:?}");
        }
    }
}

pub async fn a_changed_run_can_be_deleted<S: ChangeRow>(empty: impl AsyncFn() -> S) {
    for row in [Row::Run, Row::Head] {
        let mut place = empty().await;
        let run = run_of_six(place.store()).await;
        place.change(row(run.id()), Change::Cut).await;
        assert!(place.store().delete_run(run.id()).await.unwrap());
        assert_eq!(place.store().run(run.id()).await.unwrap(), None);
    }
}

pub async fn a_changed_workflow_is_named_and_not_listed<S: ChangeRow>(empty: impl AsyncFn() -> S) {
    for change in CHANGES {
        let mut place = empty().await;
        let first = stored_workflow(place.store(), "first").await;
        let second = stored_workflow(place.store(), "second").await;
        let run = SampleRun::stored_of(place.store(), &first, json!(1)).await;
        let row = Row::Version(first.id, first.version);
        place.change(row, change).await;
        let error = place.store().workflow(first.id, None).await.unwrap_err();
        assert!(
            matches!(error, StoreError::DamagedWorkflow { workflow, .. } if workflow == first.id),
            "{change:?}: {error:?}"
        );
        let listed = place
            .store()
            .workflows(PageRequest::default())
            .await
            .unwrap();
        assert_eq!(listed.items, [second], "{change:?}");
        run.assert_stored(place.store()).await;
    }
}
