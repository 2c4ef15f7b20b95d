//! The log of a run.

use futures::future::{join, join_all};

use super::sample::{SampleRun, completed, done, numbers, started, steps};
use crate::{
    event::StepEvent,
    store::{Append, Store, StoreError},
    value::{Cost, RunId, Usd},
};

pub async fn a_new_run_has_its_first_event(store: &dyn Store) {
    let run = SampleRun::stored(store).await;
    run.assert_stored(store).await;
    assert_eq!(run.last_seq(), 1);
}

pub async fn a_new_run_may_have_several_events(store: &dyn Store) {
    for kinds in [vec![started()], vec![started(), done("x".into())]] {
        let mut run = SampleRun::of(&super::sample::workflow("w"), "in".into());
        let (events, head) = run.next(kinds);
        run.log.extend(events);
        run.record.head = head;
        let created = store.create_run(run.record.clone(), &run.log, None).await;
        created.unwrap();
        run.assert_stored(store).await;
        let has_ended = run.record.head.status.has_ended();
        let unfinished = store.unfinished(None, 10).await.unwrap();
        let listed = unfinished.iter().any(|record| record.id == run.id());
        assert_eq!(listed, !has_ended);
    }
}

pub async fn events_are_read_in_order(store: &dyn Store) {
    let mut run = SampleRun::stored(store).await;
    for batch in [1, 3, 2] {
        run.append(store, steps(batch)).await;
    }
    let log = store.read(run.id(), 0, usize::MAX).await.unwrap();
    assert_eq!(numbers(&log), [1, 2, 3, 4, 5, 6, 7]);
    run.assert_stored(store).await;
}

pub async fn events_and_head_are_written_together(store: &dyn Store) {
    let mut run = SampleRun::stored(store).await;
    for kinds in [vec![started()], steps(2), vec![done("x".into())]] {
        run.append(store, kinds).await;
        run.assert_stored(store).await;
    }
}

pub async fn an_append_behind_the_end_is_refused(store: &dyn Store) {
    let mut run = SampleRun::stored(store).await;
    let (events, head) = run.next(steps(2));
    run.append(store, steps(3)).await;
    let refused = store.append(run.id(), Append::new(1, &events, &head)).await;
    assert_conflict(&refused, run.id(), 1, 4);
    run.assert_stored(store).await;
}

pub async fn an_append_beyond_the_end_is_refused(store: &dyn Store) {
    let run = SampleRun::stored(store).await;
    let (events, head) = run.next(steps(2));
    for beyond in [2, 3, i64::MAX.unsigned_abs(), u64::MAX] {
        let refused = store
            .append(run.id(), Append::new(beyond, &events, &head))
            .await;
        assert_conflict(&refused, run.id(), beyond, 1);
    }
    run.assert_stored(store).await;
}

pub async fn the_same_append_again_is_refused(store: &dyn Store) {
    let mut run = SampleRun::stored(store).await;
    let (events, head) = run.next(steps(2));
    run.append(store, steps(2)).await;
    let refused = store.append(run.id(), Append::new(1, &events, &head)).await;
    assert_conflict(&refused, run.id(), 1, 3);
}

pub async fn of_appends_at_once_one_wins(store: &dyn Store) {
    let mut run = SampleRun::stored(store).await;
    let writers = (1..=16).map(|writer| {
        let (events, head) = run.next(steps(writer));
        let id = run.id();
        async move {
            store
                .append(id, Append::new(1, &events, &head))
                .await
                .map(|()| events)
        }
    });
    let mut won = Vec::new();
    for outcome in join_all(writers).await {
        match outcome {
            Ok(events) => won.push(events),
            Err(StoreError::Conflict { expected: 1, .. }) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(won.len(), 1);
    run.catch_up(store).await;
    assert!(
        run.log[1..] == won[0],
        "the log is not what was acknowledged"
    );
}

pub async fn an_append_to_an_unknown_run_is_refused(store: &dyn Store) {
    let never_stored = SampleRun::of(&super::sample::workflow("w"), "in".into());
    let (events, head) = never_stored.next(steps(1));
    let refused = store
        .append(never_stored.id(), Append::new(1, &events, &head))
        .await;
    assert_unknown(&refused, never_stored.id());
    assert_eq!(store.run(never_stored.id()).await.unwrap(), None);
}

pub async fn an_append_of_nothing_writes_the_head(store: &dyn Store) {
    let mut run = SampleRun::stored(store).await;
    run.record.head.usage.input_tokens = 5;
    run.record.head.cost = Some(Cost::at_least(Usd::from_nano(1_500_000_001)));
    let head = run.record.head.clone();
    store
        .append(run.id(), Append::new(1, &[], &head))
        .await
        .unwrap();
    run.assert_stored(store).await;
    let refused = store.append(run.id(), Append::new(0, &[], &head)).await;
    assert_conflict(&refused, run.id(), 0, 1);
}

pub async fn a_log_is_read_in_parts(store: &dyn Store) {
    let mut run = SampleRun::stored(store).await;
    run.append(store, steps(9)).await;
    let read = |after, limit| store.read(run.id(), after, limit);
    assert_eq!(numbers(&read(0, 3).await.unwrap()), [1, 2, 3]);
    assert_eq!(numbers(&read(3, 4).await.unwrap()), [4, 5, 6, 7]);
    assert_eq!(numbers(&read(7, 4).await.unwrap()), [8, 9, 10]);
    assert_eq!(numbers(&read(9, usize::MAX).await.unwrap()), [10]);
}

pub async fn a_log_of_large_events_is_read_on_until_nothing_comes(store: &dyn Store) {
    let mut run = SampleRun::stored(store).await;
    let large = |n: u8| completed(char::from(b'a' + n).to_string().repeat(700_000).into());
    run.append(store, (0..5).map(large)).await;
    run.append(store, steps(3)).await;
    for limit in [1, 2, usize::MAX] {
        let mut read = Vec::new();
        loop {
            let after = read.last().map_or(0, |last: &StepEvent| last.seq);
            let part = store.read(run.id(), after, limit).await.unwrap();
            assert!(part.len() <= limit);
            if part.is_empty() {
                break;
            }
            read.extend(part);
        }
        assert!(read == run.log, "{limit}: {:?}", numbers(&read));
    }
}

pub async fn beyond_the_end_of_a_log_is_nothing(store: &dyn Store) {
    let run = SampleRun::stored(store).await;
    for after in [1, 2, i64::MAX.unsigned_abs(), u64::MAX - 1, u64::MAX] {
        assert_eq!(store.read(run.id(), after, 10).await.unwrap(), []);
        assert_eq!(store.read(run.id(), after, usize::MAX).await.unwrap(), []);
    }
    assert_eq!(store.read(run.id(), 0, 0).await.unwrap(), []);
}

pub async fn a_log_that_is_unknown_cannot_be_read(store: &dyn Store) {
    let unknown = RunId::new();
    for limit in [0, 1, usize::MAX] {
        let refused = store.read(unknown, 0, limit).await;
        assert_unknown(&refused.map(|_| ()), unknown);
    }
    assert_eq!(store.run(unknown).await.unwrap(), None);
}

pub async fn nothing_of_a_log_is_read_when_none_is_wanted(store: &dyn Store) {
    let run = SampleRun::stored(store).await;
    for after in [0, 1, 9] {
        assert_eq!(store.read(run.id(), after, 0).await.unwrap(), []);
    }
    let unknown = store.read(RunId::new(), 0, 0).await;
    assert!(
        matches!(unknown, Err(StoreError::NoSuchRun(_))),
        "{unknown:?}"
    );
}

pub async fn runs_at_once_keep_to_their_logs(store: &dyn Store) {
    let runs = (0..64).map(|_| async {
        let mut run = SampleRun::stored(store).await;
        for batch in 1..8 {
            run.append(store, steps(batch)).await;
        }
        run
    });
    for run in join_all(runs).await {
        run.assert_stored(store).await;
    }
}

pub async fn a_reader_sees_whole_appends(store: &dyn Store) {
    let mut run = SampleRun::stored(store).await;
    let id = run.id();
    let write = async {
        for _ in 0..50 {
            run.append(store, steps(10)).await;
        }
    };
    let read = async {
        let mut seen = 0;
        while seen < 501 {
            let record = store.run(id).await.unwrap().unwrap();
            let log = store.read(id, 0, usize::MAX).await.unwrap();
            seen = log.len();
            assert_eq!(seen % 10, 1, "part of an append is seen");
            assert!(record.head.last_seq <= log.last().unwrap().seq);
            tokio::task::yield_now().await;
        }
    };
    join(write, read).await;
}

fn assert_conflict(outcome: &Result<(), StoreError>, of: RunId, at: u64, ends_at: u64) {
    let Err(StoreError::Conflict {
        run,
        expected,
        actual,
    }) = outcome
    else {
        panic!("{outcome:?}")
    };
    assert_eq!((*run, *expected, *actual), (of, at, ends_at));
}

fn assert_unknown(outcome: &Result<(), StoreError>, run: RunId) {
    assert!(
        matches!(outcome, Err(StoreError::NoSuchRun(unknown)) if *unknown == run),
        "{outcome:?}"
    );
}
