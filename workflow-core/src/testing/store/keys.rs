//! Keys by which runs are asked for: the same key gives the same run.

use futures::future::join_all;

use super::sample::{SampleRun, started, workflow};
use crate::{
    record::{KeyedRun, RunKey, RunQuery},
    store::{Store, StoreError},
};

async fn stored_by(store: &dyn Store, key: &RunKey) -> Result<SampleRun, StoreError> {
    let run = SampleRun::of(&workflow("w"), "in".into());
    run.create(store, Some(key.clone())).await?;
    Ok(run)
}

async fn assert_finds(store: &dyn Store, key: &RunKey, run: &SampleRun) {
    let found = store.run_by_key(key).await.unwrap();
    let expected = KeyedRun::new(run.record.clone(), key.request.clone());
    assert_eq!(found, Some(expected));
}

pub async fn a_key_finds_its_run(store: &dyn Store) {
    let key = RunKey::new("scope", "key", "request");
    assert_eq!(store.run_by_key(&key).await.unwrap(), None);
    let mut run = stored_by(store, &key).await.unwrap();
    assert_finds(store, &key, &run).await;
    run.append(store, [started()]).await;
    assert_finds(store, &key, &run).await;
}

pub async fn a_key_tells_what_was_asked(store: &dyn Store) {
    let key = RunKey::new("scope", "key", "first request");
    stored_by(store, &key).await.unwrap();
    let again = RunKey::new("scope", "key", "another request");
    let found = store.run_by_key(&again).await.unwrap().unwrap();
    assert_eq!(found.request, "first request");
}

pub async fn a_key_that_is_taken_is_refused(store: &dyn Store) {
    let key = RunKey::new("scope", "key", "request");
    let run = stored_by(store, &key).await.unwrap();
    for request in ["request", "another"] {
        let again = SampleRun::of(&workflow("w"), "again".into());
        let key = RunKey::new("scope", "key", request);
        let refused = again.create(store, Some(key)).await;
        assert!(matches!(refused, Err(StoreError::KeyTaken)), "{refused:?}");
        assert_eq!(store.run(again.id()).await.unwrap(), None);
        let log = store.read(again.id(), 0, 1).await;
        assert!(matches!(log, Err(StoreError::NoSuchRun(_))), "{log:?}");
    }
    assert_finds(store, &key, &run).await;
    let listed = store.runs(RunQuery::default()).await.unwrap().items;
    assert_eq!(listed.len(), 1);
}

pub async fn a_key_is_of_its_scope(store: &dyn Store) {
    let (one, other) = (
        RunKey::new("one", "key", "r"),
        RunKey::new("other", "key", "r"),
    );
    let run = stored_by(store, &one).await.unwrap();
    assert_eq!(store.run_by_key(&other).await.unwrap(), None);
    let second = stored_by(store, &other).await.unwrap();
    assert_finds(store, &one, &run).await;
    assert_finds(store, &other, &second).await;
}

pub async fn keys_are_told_apart(store: &dyn Store) {
    let pairs = [
        ("a", "bc"),
        ("ab", "c"),
        ("", "abc"),
        ("abc", ""),
        ("a", "Bc"),
        ("a", "bc "),
        ("a", "b\0c"),
        ("a", "b\0d"),
        ("a", "bç"),
        ("a", "bc\u{327}"),
    ];
    let mut runs = Vec::new();
    for (scope, key) in pairs {
        let key = RunKey::new(scope, key, "r");
        runs.push((stored_by(store, &key).await.unwrap(), key));
    }
    for (run, key) in runs {
        assert_finds(store, &key, &run).await;
    }
}

pub async fn runs_without_a_key_do_not_meet(store: &dyn Store) {
    for _ in 0..3 {
        SampleRun::stored(store).await;
    }
    let listed = store.runs(RunQuery::default()).await.unwrap().items;
    assert_eq!(listed.len(), 3);
}

pub async fn a_deleted_run_frees_its_key(store: &dyn Store) {
    let key = RunKey::new("scope", "key", "request");
    let first = stored_by(store, &key).await.unwrap();
    assert!(store.delete_run(first.id()).await.unwrap());
    assert_eq!(store.run_by_key(&key).await.unwrap(), None);
    let second = stored_by(store, &key).await.unwrap();
    assert_finds(store, &key, &second).await;
}

pub async fn of_creations_by_one_key_at_once_one_wins(store: &dyn Store) {
    let key = RunKey::new("scope", "key", "request");
    let outcomes = join_all((0..16).map(|_| stored_by(store, &key))).await;
    let mut won = Vec::new();
    for outcome in outcomes {
        match outcome {
            Ok(run) => won.push(run),
            Err(StoreError::KeyTaken) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(won.len(), 1);
    assert_finds(store, &key, &won[0]).await;
    let listed = store.runs(RunQuery::default()).await.unwrap().items;
    assert_eq!(listed, [won[0].record.clone()]);
}
