//! Writes whose futures are dropped happen whole or not at all.

use std::pin::pin;

use futures::future::poll_immediate;

use super::sample::{SampleRun, steps, stored_workflow, workflow};
use crate::{
    record::{PageRequest, RunKey, RunQuery},
    store::{Append, Store, StoreError},
};

/// How often a write is polled before it is dropped: not at all, and up to where any store is done.
const POLLS: std::ops::Range<usize> = 0..12;

/// Polls a write this many times, then drops it. Returns whether it was done.
async fn dropped_after(polls: usize, write: impl Future) -> bool {
    let mut write = pin!(write);
    for _ in 0..polls {
        if poll_immediate(&mut write).await.is_some() {
            return true;
        }
        tokio::task::yield_now().await;
    }
    false
}

pub async fn a_dropped_append_is_whole_or_not_at_all(store: &dyn Store) {
    for polls in POLLS {
        let mut run = SampleRun::stored(store).await;
        let (events, head) = run.next(steps(20));
        let done = dropped_after(
            polls,
            store.append(run.id(), Append::new(1, &events, &head)),
        )
        .await;
        // The write may still be in progress: the next append finds it, or is found by it.
        let (more, next_head) = run.next(steps(3));
        let ends_at = match store
            .append(run.id(), Append::new(1, &more, &next_head))
            .await
        {
            Ok(()) => 4,
            Err(StoreError::Conflict { actual, .. }) => actual,
            Err(other) => panic!("{other:?}"),
        };
        assert!(ends_at == 21 || (ends_at == 4 && !done), "{ends_at}");
        run.catch_up(store).await;
        assert_eq!(run.last_seq(), ends_at);
        let written = if ends_at == 21 { events } else { more };
        assert!(run.log[1..] == written, "the log is neither");
    }
}

pub async fn a_dropped_creation_is_whole_or_not_at_all(store: &dyn Store) {
    for polls in POLLS {
        let key = RunKey::new("scope", format!("key {polls}"), "request");
        let run = SampleRun::of(&workflow("w"), "in".into());
        let done = dropped_after(polls, run.create(store, Some(key.clone()))).await;
        let other = SampleRun::of(&workflow("w"), "other".into());
        match other.create(store, Some(key.clone())).await {
            Ok(()) => {
                assert!(!done);
                assert_eq!(store.run(run.id()).await.unwrap(), None);
                other.assert_stored(store).await;
            }
            Err(StoreError::KeyTaken) => {
                run.assert_stored(store).await;
                assert_eq!(store.run(other.id()).await.unwrap(), None);
            }
            Err(other) => panic!("{other:?}"),
        }
        let listed = store.runs(RunQuery::default()).await.unwrap().items;
        assert_eq!(listed.len(), polls + 1);
    }
}

pub async fn a_dropped_update_is_whole_or_not_at_all(store: &dyn Store) {
    for polls in POLLS {
        let first = stored_workflow(store, "first").await;
        let dropped = first.next(Some("dropped".into()), first.spec.clone());
        let done = dropped_after(polls, store.update_workflow(dropped)).await;
        let other = first.next(Some("other".into()), first.spec.clone());
        let name = if store.update_workflow(other).await.unwrap() {
            "other"
        } else {
            "dropped"
        };
        assert!(!done || name == "dropped");
        let newest = store.workflow(first.id, None).await.unwrap().unwrap();
        assert_eq!((newest.version, newest.name.as_deref()), (2, Some(name)));
        let versions = store
            .versions(first.id, PageRequest::default())
            .await
            .unwrap();
        assert_eq!(versions.items, [newest, first]);
    }
}

pub async fn a_dropped_deletion_is_whole_or_not_at_all(store: &dyn Store) {
    for polls in POLLS {
        let mut run = SampleRun::stored(store).await;
        run.append(store, steps(20)).await;
        let done = dropped_after(polls, store.delete_run(run.id())).await;
        let was_there = store.delete_run(run.id()).await.unwrap();
        assert!(!(done && was_there));
        assert_eq!(store.run(run.id()).await.unwrap(), None);
        let log = store.read(run.id(), 0, 1).await;
        assert!(matches!(log, Err(StoreError::NoSuchRun(_))), "{log:?}");
    }
}

pub async fn a_store_that_can_be_written_says_so(store: &dyn Store) {
    store.ping().await.unwrap();
    let run = SampleRun::stored(store).await;
    store.ping().await.unwrap();
    run.assert_stored(store).await;
}
