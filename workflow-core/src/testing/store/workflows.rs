//! Workflows and their versions.

use std::sync::Arc;

use futures::future::{join, join_all};
use serde_json::json;

use super::sample::{stored_workflow, workflow};
use crate::{
    record::{PageRequest, WorkflowRecord},
    store::Store,
    value::WorkflowId,
};

/// The next version, with a name and a specification of its own.
fn next(of: &WorkflowRecord, name: &str) -> WorkflowRecord {
    of.next(Some(name.to_owned()), Arc::new(json!({"nodes": [name]})))
}

async fn updated(store: &dyn Store, of: &WorkflowRecord, name: &str) -> WorkflowRecord {
    let record = next(of, name);
    assert!(store.update_workflow(record.clone()).await.unwrap());
    record
}

/// The workflows of a name, newest first.
async fn named(store: &dyn Store, name: &str) -> Vec<WorkflowId> {
    store.workflows_named(name, 10).await.unwrap()
}

pub async fn a_workflow_is_kept(store: &dyn Store) {
    let record = stored_workflow(store, "first").await;
    let newest = store.workflow(record.id, None).await.unwrap();
    assert_eq!(newest.as_ref(), Some(&record));
    let named = store.workflow(record.id, Some(1)).await.unwrap();
    assert_eq!(named, Some(record));
}

pub async fn an_unknown_workflow_is_none(store: &dyn Store) {
    let record = stored_workflow(store, "known").await;
    let unknown = WorkflowId::new();
    for version in [None, Some(0), Some(1), Some(u32::MAX)] {
        assert_eq!(store.workflow(unknown, version).await.unwrap(), None);
    }
    for version in [0, 2, u32::MAX] {
        assert_eq!(
            store.workflow(record.id, Some(version)).await.unwrap(),
            None
        );
    }
    assert!(
        !store
            .update_workflow(next(&workflow("w"), "x"))
            .await
            .unwrap()
    );
    assert!(!store.delete_workflow(unknown, None).await.unwrap());
    let versions = store
        .versions(unknown, PageRequest::default())
        .await
        .unwrap();
    assert_eq!((versions.items, versions.next_cursor), (vec![], None));
}

pub async fn an_update_adds_a_version(store: &dyn Store) {
    let first = stored_workflow(store, "first").await;
    let second = updated(store, &first, "second").await;
    let newest = store.workflow(first.id, None).await.unwrap();
    assert_eq!(newest.as_ref(), Some(&second));
    for record in [first, second] {
        let version = store
            .workflow(record.id, Some(record.version))
            .await
            .unwrap();
        assert_eq!(version, Some(record));
    }
}

pub async fn a_change_is_read_at_once(store: &dyn Store) {
    let mut record = stored_workflow(store, "first").await;
    let id = record.id;
    for _ in 0..30 {
        let next = next(&record, "next");
        let reads = join_all((0..8).map(|_| store.workflow(id, None)));
        let (reads, updated) = join(reads, store.update_workflow(next.clone())).await;
        assert!(updated.unwrap());
        for read in reads {
            let read = read.unwrap();
            assert!(read.as_ref() == Some(&record) || read.as_ref() == Some(&next));
        }
        let newest = store.workflow(id, None).await.unwrap();
        assert_eq!(newest.as_ref(), Some(&next));
        record = next;
    }
    assert!(store.delete_workflow(id, None).await.unwrap());
    assert_eq!(store.workflow(id, None).await.unwrap(), None);
}

pub async fn an_update_that_does_not_follow_is_refused(store: &dyn Store) {
    let first = stored_workflow(store, "first").await;
    let second = updated(store, &first, "second").await;
    let mut wrong = next(&second, "wrong");
    for version in [0, 1, 2, 4, u32::MAX] {
        wrong.version = version;
        assert!(
            !store.update_workflow(wrong.clone()).await.unwrap(),
            "{version}"
        );
    }
    let newest = store.workflow(first.id, None).await.unwrap();
    assert_eq!(newest, Some(second));
    assert_eq!(store.workflow(first.id, Some(4)).await.unwrap(), None);
}

pub async fn of_updates_at_once_one_wins(store: &dyn Store) {
    let first = stored_workflow(store, "first").await;
    let names: Vec<String> = (0..16).map(|n| format!("by {n}")).collect();
    let updates = names
        .iter()
        .map(|name| store.update_workflow(next(&first, name)));
    let outcomes = join_all(updates).await;
    let won: Vec<&String> = std::iter::zip(outcomes, &names)
        .filter_map(|(outcome, name)| outcome.unwrap().then_some(name))
        .collect();
    assert_eq!(won.len(), 1);
    let newest = store.workflow(first.id, None).await.unwrap().unwrap();
    assert_eq!((newest.version, newest.name.as_ref()), (2, Some(won[0])));
}

pub async fn a_deleted_workflow_is_not_listed(store: &dyn Store) {
    let kept = stored_workflow(store, "kept").await;
    let gone = stored_workflow(store, "gone").await;
    assert!(store.delete_workflow(gone.id, None).await.unwrap());
    assert!(!store.delete_workflow(gone.id, None).await.unwrap());
    let listed = store.workflows(PageRequest::default()).await.unwrap();
    assert_eq!(listed.items, [kept]);
    assert_eq!(store.workflow(gone.id, None).await.unwrap(), None);
    assert_eq!(named(store, "gone").await, []);
    assert_eq!(store.workflow_names(10).await.unwrap(), ["kept"]);
}

pub async fn a_workflow_that_has_a_newer_version_is_not_deleted_as_the_older(store: &dyn Store) {
    let first = stored_workflow(store, "first").await;
    let second = updated(store, &first, "second").await;
    assert!(!store.delete_workflow(first.id, Some(1)).await.unwrap());
    let newest = store.workflow(first.id, None).await.unwrap();
    assert_eq!(newest, Some(second));
    assert!(store.delete_workflow(first.id, Some(2)).await.unwrap());
    assert_eq!(store.workflow(first.id, None).await.unwrap(), None);
}

pub async fn versions_of_a_deleted_workflow_stay_readable(store: &dyn Store) {
    let first = stored_workflow(store, "first").await;
    let second = updated(store, &first, "second").await;
    assert!(store.delete_workflow(first.id, None).await.unwrap());
    for record in [&first, &second] {
        let version = store
            .workflow(record.id, Some(record.version))
            .await
            .unwrap();
        assert_eq!(version.as_ref(), Some(record));
    }
    let versions = store
        .versions(first.id, PageRequest::default())
        .await
        .unwrap();
    assert_eq!((versions.items, versions.next_cursor), (vec![], None));
}

pub async fn a_deleted_workflow_takes_no_version(store: &dyn Store) {
    let first = stored_workflow(store, "first").await;
    assert!(store.delete_workflow(first.id, None).await.unwrap());
    assert!(!store.update_workflow(next(&first, "second")).await.unwrap());
    assert_eq!(store.workflow(first.id, Some(2)).await.unwrap(), None);
}

pub async fn a_name_finds_every_workflow_that_has_it(store: &dyn Store) {
    let older = stored_workflow(store, "same").await;
    stored_workflow(store, "other").await;
    let newer = stored_workflow(store, "same").await;
    assert_eq!(named(store, "same").await, [newer.id, older.id]);
    for (limit, found) in [(0, vec![]), (1, vec![newer.id])] {
        assert_eq!(store.workflows_named("same", limit).await.unwrap(), found);
    }
    assert!(store.delete_workflow(newer.id, None).await.unwrap());
    assert_eq!(named(store, "same").await, [older.id]);
}

pub async fn the_names_of_workflows_are_listed(store: &dyn Store) {
    for name in ["first", "second", "third"] {
        stored_workflow(store, name).await;
    }
    let unnamed = WorkflowRecord::new(None, Arc::new(json!({})));
    store.create_workflow(unnamed).await.unwrap();
    let mut names = store.workflow_names(10).await.unwrap();
    names.sort_unstable();
    assert_eq!(names, ["first", "second", "third"]);
    assert_eq!(store.workflow_names(2).await.unwrap().len(), 2);
    assert_eq!(store.workflow_names(0).await.unwrap(), [""; 0]);
}

pub async fn a_name_is_that_of_the_newest_version(store: &dyn Store) {
    let first = stored_workflow(store, "before").await;
    let second = updated(store, &first, "after").await;
    assert_eq!(named(store, "before").await, []);
    assert_eq!(named(store, "after").await, [second.id]);
    let third = second.next(None, Arc::new(json!({})));
    assert!(store.update_workflow(third.clone()).await.unwrap());
    assert_eq!(named(store, "after").await, []);
    assert_eq!(store.workflow(first.id, None).await.unwrap(), Some(third));
}

pub async fn names_are_told_apart(store: &dyn Store) {
    let names = ["name", "Name", "name ", "näme", "na%e", "na\0me", ""];
    let mut stored = Vec::new();
    for name in names {
        stored.push(stored_workflow(store, name).await);
    }
    for record in stored {
        let name = record.name.clone().unwrap();
        assert_eq!(named(store, &name).await, [record.id]);
    }
    assert_eq!(named(store, "na_e").await, []);
}

pub async fn workflows_are_listed_newest_first(store: &dyn Store) {
    let first = stored_workflow(store, "first").await;
    let second = stored_workflow(store, "second").await;
    let renamed = updated(store, &first, "renamed").await;
    let listed = store.workflows(PageRequest::default()).await.unwrap();
    assert_eq!(
        (listed.items, listed.next_cursor),
        (vec![second, renamed], None)
    );
}

pub async fn pages_of_workflows_stay_while_workflows_are_added(store: &dyn Store) {
    let mut expected = Vec::new();
    for n in 0..5 {
        expected.insert(0, stored_workflow(store, &format!("w{n}")).await);
    }
    let gone = expected.remove(2);
    assert!(store.delete_workflow(gone.id, None).await.unwrap());
    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let page = store.workflows(PageRequest::new(2, cursor)).await.unwrap();
        seen.extend(page.items);
        stored_workflow(store, "added").await;
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, expected);
}

pub async fn pages_of_versions_stay_while_versions_are_added(store: &dyn Store) {
    let mut newest = stored_workflow(store, "v1").await;
    let mut expected = vec![newest.clone()];
    // More than nine, so that they are counted as numbers.
    for n in 2..=11 {
        newest = updated(store, &newest, &format!("v{n}")).await;
        expected.insert(0, newest.clone());
    }
    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let page = PageRequest::new(4, cursor);
        let page = store.versions(newest.id, page).await.unwrap();
        seen.extend(page.items);
        newest = updated(store, &newest, "added").await;
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, expected);
}
