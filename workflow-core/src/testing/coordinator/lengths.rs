//! The lengths of logs.

use std::collections::HashMap;

use crate::{
    fleet::Coordinator,
    store::Store,
    testing::store::sample::{SampleRun, steps},
    value::RunId,
};

async fn lengths(coordinator: &dyn Coordinator, runs: &[RunId]) -> HashMap<RunId, u64> {
    let lengths = coordinator.lengths(runs).await.unwrap();
    let by_run: HashMap<RunId, u64> = lengths.iter().copied().collect();
    assert_eq!(by_run.len(), lengths.len(), "a run has two lengths");
    by_run
}

pub async fn lengths_follow_the_logs(store: &dyn Store, a: &dyn Coordinator, b: &dyn Coordinator) {
    let mut one = SampleRun::stored(store).await;
    let other = SampleRun::stored(store).await;
    let runs = [one.id(), other.id()];
    for length in [1, 4, 7] {
        for coordinator in [a, b] {
            let expected = HashMap::from([(one.id(), length), (other.id(), 1)]);
            assert_eq!(lengths(coordinator, &runs).await, expected);
        }
        one.append(store, steps(3)).await;
    }
    assert_eq!(lengths(a, &runs[..1]).await, HashMap::from([(runs[0], 10)]));
}

pub async fn unknown_and_deleted_runs_have_no_length(
    store: &dyn Store,
    a: &dyn Coordinator,
    b: &dyn Coordinator,
) {
    let (run, deleted) = (
        SampleRun::stored(store).await,
        SampleRun::stored(store).await,
    );
    assert!(store.delete_run(deleted.id()).await.unwrap());
    let runs = [deleted.id(), run.id(), RunId::new()];
    for coordinator in [a, b] {
        let expected = HashMap::from([(run.id(), 1)]);
        assert_eq!(lengths(coordinator, &runs).await, expected);
        assert_eq!(lengths(coordinator, &[]).await, HashMap::new());
    }
}

pub async fn the_lengths_of_many_runs_are_read_at_once(
    store: &dyn Store,
    a: &dyn Coordinator,
    _: &dyn Coordinator,
) {
    let mut runs = Vec::new();
    for _ in 0..20 {
        runs.push(SampleRun::stored(store).await.id());
    }
    let expected: HashMap<RunId, u64> = runs.iter().map(|run| (*run, 1)).collect();
    runs.extend((0..1_000).map(|_| RunId::new()));
    assert_eq!(lengths(a, &runs).await, expected);
}
