//! Runs that cannot continue.

use super::sample::{assert_no_run, stored_run};
use crate::{error::Problem, fleet::Coordinator, store::Store, value::RunId};

async fn blocked(coordinator: &dyn Coordinator, run: RunId) -> Option<(u64, Problem)> {
    coordinator.blocked(run).await.unwrap()
}

pub async fn a_blocked_run_is_known_to_every_engine(
    store: &dyn Store,
    a: &dyn Coordinator,
    b: &dyn Coordinator,
) {
    let (run, other) = (stored_run(store).await, stored_run(store).await);
    assert_eq!(blocked(b, run).await, None);
    let mut why = Problem::new(
        "log_damaged",
        "event 7 has a \u{0}, a \"quote\", 日本語 and a 🦀",
    )
    .with_title("Not readable");
    why.hint = Some("restore it".repeat(1_000));
    why.retry_after_ms = Some(u64::MAX);
    a.block(run, 7, &why).await.unwrap();
    for coordinator in [a, b] {
        assert_eq!(blocked(coordinator, run).await, Some((7, why.clone())));
        assert_eq!(blocked(coordinator, other).await, None);
    }
}

pub async fn the_last_obstacle_counts(store: &dyn Store, a: &dyn Coordinator, b: &dyn Coordinator) {
    let run = stored_run(store).await;
    for (by, at, code) in [(a, 1, "one"), (b, 1 << 40, "two"), (a, 3, "three")] {
        let why = Problem::new(code, "it cannot continue");
        by.block(run, at, &why).await.unwrap();
        assert_eq!(blocked(a, run).await, Some((at, why.clone())));
        assert_eq!(blocked(b, run).await, Some((at, why)));
    }
}

pub async fn an_unknown_run_is_not_blocked(
    _: &dyn Store,
    a: &dyn Coordinator,
    b: &dyn Coordinator,
) {
    let run = RunId::new();
    assert_no_run(run, &a.block(run, 1, &Problem::new("code", "detail")).await);
    assert_eq!(blocked(b, run).await, None);
}

pub async fn the_obstacle_of_a_deleted_run_is_deleted(
    store: &dyn Store,
    a: &dyn Coordinator,
    b: &dyn Coordinator,
) {
    let run = stored_run(store).await;
    let why = Problem::new("code", "detail");
    a.block(run, 1, &why).await.unwrap();
    assert!(store.delete_run(run).await.unwrap());
    assert_eq!(blocked(b, run).await, None);
    assert_no_run(run, &a.block(run, 1, &why).await);
}
