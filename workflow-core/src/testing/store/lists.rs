//! Lists of runs: order, pages, filters, counts, and what has not ended.

use std::collections::BTreeSet;

use super::sample::{
    SampleRun, cancelled, done, failed, started, stored_workflow, suspended, workflow,
};
use crate::{
    event::EventKind,
    record::{PageRequest, RunCounts, RunQuery, RunRecord, RunStatus},
    store::{Store, StoreError},
    value::RunId,
};

pub(super) async fn ids(store: &dyn Store, query: RunQuery) -> Vec<RunId> {
    ids_of(&store.runs(query).await.unwrap().items)
}

fn ids_of(records: &[RunRecord]) -> Vec<RunId> {
    records.iter().map(|record| record.id).collect()
}

/// So many runs, newest first.
async fn stored(store: &dyn Store, how_many: usize) -> Vec<RunId> {
    let mut runs = Vec::new();
    for _ in 0..how_many {
        runs.push(SampleRun::stored(store).await.id());
    }
    runs.reverse();
    runs
}

/// A run to which all this happened.
async fn run_with(store: &dyn Store, kinds: impl IntoIterator<Item = EventKind>) -> SampleRun {
    let mut run = SampleRun::stored(store).await;
    run.append(store, kinds).await;
    run
}

/// One run of each status, in this order.
async fn one_of_each(store: &dyn Store) -> [(RunStatus, RunId); 6] {
    let result = done("x".into());
    [
        (RunStatus::Queued, SampleRun::stored(store).await.id()),
        (RunStatus::Running, run_with(store, [started()]).await.id()),
        (
            RunStatus::Waiting,
            run_with(store, [started(), suspended()]).await.id(),
        ),
        (
            RunStatus::Completed,
            run_with(store, [started(), result]).await.id(),
        ),
        (
            RunStatus::Failed,
            run_with(store, [started(), failed()]).await.id(),
        ),
        (
            RunStatus::Cancelled,
            run_with(store, [cancelled()]).await.id(),
        ),
    ]
}

/// Reads all pages of a query. Returns the length of each page.
async fn walk(store: &dyn Store, query: &RunQuery, limit: usize) -> (Vec<RunId>, Vec<usize>) {
    let (mut seen, mut lengths) = (Vec::new(), Vec::new());
    let mut page = PageRequest::new(limit, None);
    loop {
        let query = RunQuery {
            page: page.clone(),
            ..query.clone()
        };
        let found = store.runs(query).await.unwrap();
        lengths.push(found.items.len());
        seen.extend(ids_of(&found.items));
        if found.next_cursor.is_none() {
            return (seen, lengths);
        }
        page.cursor = found.next_cursor;
    }
}

pub async fn an_empty_store_lists_nothing(store: &dyn Store) {
    let runs = store.runs(RunQuery::default()).await.unwrap();
    assert_eq!((runs.items, runs.next_cursor), (vec![], None));
    let counts = store.count_runs(&RunQuery::default()).await.unwrap();
    assert_eq!(counts, RunCounts::default());
    assert_eq!(store.unfinished(None, 10).await.unwrap(), []);
    let workflows = store.workflows(PageRequest::default()).await.unwrap();
    assert_eq!((workflows.items, workflows.next_cursor), (vec![], None));
}

pub async fn runs_are_listed_newest_first(store: &dyn Store) {
    let runs = stored(store, 5).await;
    assert_eq!(ids(store, RunQuery::default()).await, runs);
}

pub async fn runs_stored_out_of_order_are_listed_by_age(store: &dyn Store) {
    let older = SampleRun::of(&workflow("w"), "older".into());
    let younger = SampleRun::stored(store).await;
    older.create(store, None).await.unwrap();
    assert_eq!(
        ids(store, RunQuery::default()).await,
        [younger.id(), older.id()]
    );
    let unfinished = store.unfinished(None, 10).await.unwrap();
    assert_eq!(ids_of(&unfinished), [older.id(), younger.id()]);
}

pub async fn lists_tell_how_runs_are_doing(store: &dyn Store) {
    let run = run_with(store, [started(), suspended()]).await;
    let listed = store.runs(RunQuery::default()).await.unwrap().items;
    assert_eq!(listed, [run.record]);
}

pub async fn pages_of_runs_follow_each_other(store: &dyn Store) {
    let runs = stored(store, 7).await;
    for (limit, lengths) in [
        (1, vec![1; 7]),
        (3, vec![3, 3, 1]),
        (7, vec![7]),
        (8, vec![7]),
    ] {
        let walked = walk(store, &RunQuery::default(), limit).await;
        assert_eq!(walked, (runs.clone(), lengths));
    }
}

pub async fn a_run_behind_many_is_listed_and_counted(store: &dyn Store) {
    const MANY: usize = 300;
    let oldest = run_with(store, [started(), done("x".into())]).await.id();
    let mut runs = stored(store, MANY).await;
    runs.push(oldest);
    let walked = walk(store, &RunQuery::default(), 200).await;
    assert_eq!(walked, (runs, vec![200, 101]));
    let completed = RunQuery {
        status: Some(RunStatus::Completed),
        ..RunQuery::default()
    };
    assert_eq!(ids(store, completed).await, [oldest]);
    let counts = store.count_runs(&RunQuery::default()).await.unwrap();
    let counted = [RunStatus::Queued, RunStatus::Completed].map(|status| counts.of(status));
    assert_eq!(counted, [300, 1]);
}

pub async fn pages_of_runs_stay_while_runs_are_added_and_deleted(store: &dyn Store) {
    let runs = stored(store, 6).await;
    let mut page = PageRequest::new(2, None);
    let mut seen = Vec::new();
    loop {
        let query = RunQuery {
            page: page.clone(),
            ..RunQuery::default()
        };
        let found = store.runs(query).await.unwrap();
        seen.extend(ids_of(&found.items));
        SampleRun::stored(store).await;
        // The run that the cursor names may be gone when the next page is asked for.
        store.delete_run(*seen.last().unwrap()).await.unwrap();
        if found.next_cursor.is_none() {
            break;
        }
        page.cursor = found.next_cursor;
    }
    assert_eq!(seen, runs);
}

pub async fn cursors_that_no_list_gave_are_refused(store: &dyn Store) {
    let workflow = stored_workflow(store, "w").await;
    let run = SampleRun::stored(store).await;
    let long = "9".repeat(100);
    for cursor in ["", "1 OR 1=1", "-1", "ü", &long] {
        let page = PageRequest::new(10, Some(cursor.to_owned()));
        let query = RunQuery {
            page: page.clone(),
            ..RunQuery::default()
        };
        let runs = store.runs(query).await.map(|_| ());
        let workflows = store.workflows(page.clone()).await.map(|_| ());
        let versions = store.versions(workflow.id, page).await.map(|_| ());
        for refused in [runs, workflows, versions] {
            assert!(
                matches!(refused, Err(StoreError::BadCursor)),
                "{cursor:?}: {refused:?}"
            );
        }
    }
    run.assert_stored(store).await;
}

pub async fn runs_are_found_by_status(store: &dyn Store) {
    for (status, run) in one_of_each(store).await {
        let query = RunQuery {
            status: Some(status),
            ..RunQuery::default()
        };
        assert_eq!(ids(store, query).await, [run], "{status:?}");
    }
}

pub async fn runs_are_found_by_workflow(store: &dyn Store) {
    let (ours, other) = (workflow("same"), workflow("same"));
    let mut of_ours = Vec::new();
    for _ in 0..3 {
        of_ours.insert(
            0,
            SampleRun::stored_of(store, &ours, "in".into()).await.id(),
        );
        SampleRun::stored_of(store, &other, "in".into()).await;
    }
    let query = RunQuery {
        workflow_id: Some(ours.id),
        ..RunQuery::default()
    };
    assert_eq!(walk(store, &query, 2).await, (of_ours, vec![2, 1]));
    let of_none = RunQuery {
        workflow_id: Some(workflow("never stored").id),
        ..RunQuery::default()
    };
    assert_eq!(ids(store, of_none).await, []);
}

pub async fn filters_hold_on_every_page(store: &dyn Store) {
    let (ours, other) = (workflow("ours"), workflow("other"));
    let mut wanted = Vec::new();
    for n in 0..20 {
        let of = if n % 2 == 0 { &ours } else { &other };
        let input = if n % 5 == 0 { "left out" } else { "Taken" };
        let mut run = SampleRun::stored_of(store, of, input.into()).await;
        if n % 4 == 0 {
            run.append(store, [failed()]).await;
        }
        if n % 4 == 0 && n % 5 != 0 {
            wanted.insert(0, run.id());
        }
    }
    let query = RunQuery {
        workflow_id: Some(ours.id),
        status: Some(RunStatus::Failed),
        text: Some("taken".to_owned()),
        ..RunQuery::default()
    };
    assert_eq!(walk(store, &query, 2).await, (wanted.clone(), vec![2, 2]));
    assert_eq!(walk(store, &query, 3).await, (wanted, vec![3, 1]));
}

pub async fn runs_are_counted_by_status(store: &dyn Store) {
    one_of_each(store).await;
    run_with(store, [failed()]).await;
    let expected = RunCounts {
        queued: 1,
        running: 1,
        waiting: 1,
        completed: 1,
        failed: 2,
        cancelled: 1,
        at_least: false,
    };
    // Neither the status that is asked for nor the page is part of the question.
    let query = RunQuery {
        status: Some(RunStatus::Failed),
        page: PageRequest::new(1, None),
        ..RunQuery::default()
    };
    assert_eq!(store.count_runs(&query).await.unwrap(), expected);
}

pub async fn counts_follow_filters(store: &dyn Store) {
    let ours = workflow("ours");
    for input in ["red", "green", "RED"] {
        SampleRun::stored_of(store, &ours, input.into()).await;
        SampleRun::stored_of(store, &workflow("other"), input.into()).await;
    }
    let mut query = RunQuery {
        workflow_id: Some(ours.id),
        ..RunQuery::default()
    };
    assert_eq!(store.count_runs(&query).await.unwrap().queued, 3);
    query.text = Some("red".to_owned());
    assert_eq!(store.count_runs(&query).await.unwrap().queued, 2);
    query.workflow_id = None;
    assert_eq!(store.count_runs(&query).await.unwrap().queued, 4);
}

pub async fn what_has_not_ended_is_told_oldest_first(store: &dyn Store) {
    let [(_, queued), (_, running), (_, waiting), ..] = one_of_each(store).await;
    let youngest = SampleRun::stored(store).await.id();
    let unfinished = store.unfinished(None, usize::MAX).await.unwrap();
    assert_eq!(ids_of(&unfinished), [queued, running, waiting, youngest]);
    let of_store = store.run(running).await.unwrap().unwrap();
    assert_eq!(unfinished[1], of_store);
}

pub async fn what_has_not_ended_is_told_in_parts(store: &dyn Store) {
    let mut runs = stored(store, 7).await;
    runs.reverse();
    let mut seen: Vec<RunId> = Vec::new();
    loop {
        let after = seen.last().copied();
        let part = ids_of(&store.unfinished(after, 3).await.unwrap());
        if part.is_empty() {
            break;
        }
        // A listed run may end meanwhile, or be deleted.
        store.delete_run(part[0]).await.unwrap();
        seen.extend(part);
    }
    assert_eq!(seen, runs);
    assert_eq!(store.unfinished(None, 0).await.unwrap(), []);
}

pub async fn a_page_is_of_one_moment(store: &dyn Store) {
    stored(store, 20).await;
    let changes = async {
        for _ in 0..20 {
            let mut run = SampleRun::stored(store).await;
            run.append(store, [started(), failed()]).await;
        }
    };
    let reads = async {
        for _ in 0..20 {
            let listed = store.runs(RunQuery::default()).await.unwrap().items;
            let ids = ids_of(&listed);
            assert!(ids.is_sorted_by(|a, b| a > b));
            assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
            for record in listed {
                let ends_at = if record.head.status == RunStatus::Failed {
                    3
                } else {
                    1
                };
                assert_eq!(record.head.last_seq, ends_at);
            }
        }
    };
    futures::future::join(changes, reads).await;
}
