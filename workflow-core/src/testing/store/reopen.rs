//! What is there after a store was closed and its place is opened again.

use serde_json::json;

use super::sample::{
    SampleRun, done, every_kind, failed, started, steps, stored_workflow, suspended, workflow,
};
use crate::{
    record::{PageRequest, RunKey, RunQuery, RunStatus},
    store::{Append, Store, StoreError},
};

pub async fn runs_are_there_again<S: Store>(reopen: impl AsyncFn(Option<S>) -> S) {
    let store = reopen(None).await;
    let mut runs = Vec::new();
    for _ in 0..3 {
        let mut run = SampleRun::stored(&store).await;
        run.append(&store, every_kind()).await;
        runs.insert(0, run);
    }
    let store = reopen(Some(store)).await;
    for run in &runs {
        run.assert_stored(&store).await;
    }
    let listed = store.runs(RunQuery::default()).await.unwrap().items;
    let expected: Vec<_> = runs.into_iter().map(|run| run.record).collect();
    assert_eq!(listed, expected);
}

pub async fn logs_go_on_again<S: Store>(reopen: impl AsyncFn(Option<S>) -> S) {
    let mut store = reopen(None).await;
    let mut run = SampleRun::stored(&store).await;
    for _ in 0..3 {
        run.append(&store, steps(2)).await;
        store = reopen(Some(store)).await;
        run.assert_stored(&store).await;
    }
    let (events, head) = run.next(steps(1));
    let refused = store.append(run.id(), Append::new(3, &events, &head)).await;
    let is_conflict = matches!(
        refused,
        Err(StoreError::Conflict {
            expected: 3,
            actual: 7,
            ..
        })
    );
    assert!(is_conflict, "{refused:?}");
}

pub async fn keys_are_taken_again<S: Store>(reopen: impl AsyncFn(Option<S>) -> S) {
    let store = reopen(None).await;
    let key = RunKey::new("scope", "key", "request");
    let run = SampleRun::of(&workflow("w"), "in".into());
    run.create(&store, Some(key.clone())).await.unwrap();
    let store = reopen(Some(store)).await;
    let found = store.run_by_key(&key).await.unwrap().unwrap();
    assert_eq!(
        (found.record, found.request),
        (run.record, key.request.clone())
    );
    let other = SampleRun::of(&workflow("w"), "in".into());
    let refused = other.create(&store, Some(key)).await;
    assert!(matches!(refused, Err(StoreError::KeyTaken)), "{refused:?}");
}

pub async fn workflows_are_there_again<S: Store>(reopen: impl AsyncFn(Option<S>) -> S) {
    let store = reopen(None).await;
    let first = stored_workflow(&store, "first").await;
    let second = first.next(Some("second".into()), first.spec.clone());
    assert!(store.update_workflow(second.clone()).await.unwrap());
    let store = reopen(Some(store)).await;
    let listed = store.workflows(PageRequest::default()).await.unwrap();
    assert_eq!(listed.items, std::slice::from_ref(&second));
    assert_eq!(
        store.workflows_named("second", 2).await.unwrap(),
        [second.id]
    );
    let third = second.next(None, first.spec.clone());
    assert!(store.update_workflow(third.clone()).await.unwrap());
    let versions = store
        .versions(first.id, PageRequest::default())
        .await
        .unwrap();
    assert_eq!(versions.items, [third, second, first]);
}

pub async fn what_was_deleted_stays_so<S: Store>(reopen: impl AsyncFn(Option<S>) -> S) {
    let store = reopen(None).await;
    let gone = stored_workflow(&store, "gone").await;
    let run = SampleRun::stored_of(&store, &gone, "in".into()).await;
    assert!(store.delete_workflow(gone.id, None).await.unwrap());
    assert!(store.delete_run(run.id()).await.unwrap());
    let store = reopen(Some(store)).await;
    assert_eq!(store.run(run.id()).await.unwrap(), None);
    assert_eq!(store.runs(RunQuery::default()).await.unwrap().items, []);
    assert_eq!(store.workflow(gone.id, None).await.unwrap(), None);
    assert_eq!(store.workflow(gone.id, Some(1)).await.unwrap(), Some(gone));
}

pub async fn what_has_not_ended_is_told_again<S: Store>(reopen: impl AsyncFn(Option<S>) -> S) {
    let store = reopen(None).await;
    let queued = SampleRun::stored(&store).await;
    let mut waiting = SampleRun::stored(&store).await;
    waiting.append(&store, [started(), suspended()]).await;
    let mut ended = SampleRun::stored(&store).await;
    ended.append(&store, [started(), failed()]).await;
    let store = reopen(Some(store)).await;
    let unfinished = store.unfinished(None, 10).await.unwrap();
    assert_eq!(unfinished, [queued.record, waiting.record]);
    let counts = store.count_runs(&RunQuery::default()).await.unwrap();
    assert_eq!((counts.queued, counts.waiting, counts.failed), (1, 1, 1));
}

pub async fn pages_go_on_again<S: Store>(reopen: impl AsyncFn(Option<S>) -> S) {
    let store = reopen(None).await;
    let older = SampleRun::stored(&store).await;
    let newer = SampleRun::stored(&store).await;
    let first_of = |cursor| RunQuery {
        page: PageRequest::new(1, cursor),
        ..RunQuery::default()
    };
    let page = store.runs(first_of(None)).await.unwrap();
    assert_eq!(page.items, [newer.record]);
    let store = reopen(Some(store)).await;
    let page = store.runs(first_of(page.next_cursor)).await.unwrap();
    assert_eq!((page.items, page.next_cursor), (vec![older.record], None));
}

pub async fn large_and_odd_values_are_there_again<S: Store>(reopen: impl AsyncFn(Option<S>) -> S) {
    let store = reopen(None).await;
    let odd = json!({"z": [u64::MAX, i64::MIN, 0.1, 1e308], "a": "nul \0, 水", "large": "x".repeat(1 << 20)});
    let mut run = SampleRun::stored_of(&store, &workflow("Ключ"), odd.clone()).await;
    run.append(&store, [started(), done(odd)]).await;
    let store = reopen(Some(store)).await;
    run.assert_stored(&store).await;
    let query = RunQuery {
        status: Some(RunStatus::Completed),
        text: Some("КЛЮЧ".to_owned()),
        ..RunQuery::default()
    };
    assert_eq!(store.runs(query).await.unwrap().items, [run.record]);
}
