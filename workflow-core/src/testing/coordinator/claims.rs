//! Claims of runs.

use std::time::Duration;

use futures::future::join_all;

use super::sample::{LONG, SHORT, assert_no_run, eventually, stored_run};
use crate::{
    fleet::Coordinator,
    store::Store,
    value::{InstanceId, RunId},
};

/// A stored run, and two engines, the older one first.
async fn run_and_two_engines(store: &dyn Store) -> (RunId, InstanceId, InstanceId) {
    let run = stored_run(store).await;
    (run, InstanceId::new(), InstanceId::new())
}

async fn holder(coordinator: &dyn Coordinator, run: RunId) -> Option<InstanceId> {
    coordinator.claimed_by(run).await.unwrap()
}

/// Waits until a short claim that was made just now has expired.
async fn wait_short(store: &dyn Store, coordinator: &dyn Coordinator) {
    let run = stored_run(store).await;
    let instance = InstanceId::new();
    coordinator.claim(run, instance, SHORT).await.unwrap();
    eventually("a claim expires", async || {
        holder(coordinator, run).await.is_none()
    })
    .await;
}

pub async fn a_claim_is_known_to_every_engine(
    store: &dyn Store,
    a: &dyn Coordinator,
    b: &dyn Coordinator,
) {
    let (run, instance) = (stored_run(store).await, InstanceId::new());
    assert_eq!(holder(a, run).await, None);
    a.claim(run, instance, LONG).await.unwrap();
    assert_eq!(holder(a, run).await, Some(instance));
    assert_eq!(holder(b, run).await, Some(instance));
}

pub async fn a_valid_claim_is_not_taken(
    store: &dyn Store,
    a: &dyn Coordinator,
    b: &dyn Coordinator,
) {
    let (run, first, second) = run_and_two_engines(store).await;
    a.claim(run, second, LONG).await.unwrap();
    for other in [first, InstanceId::new()] {
        b.claim(run, other, LONG).await.unwrap();
        assert_eq!(holder(a, run).await, Some(second));
        assert_eq!(holder(b, run).await, Some(second));
    }
}

pub async fn an_expired_claim_is_nobodys_and_can_be_taken(
    store: &dyn Store,
    a: &dyn Coordinator,
    b: &dyn Coordinator,
) {
    let (run, first, second) = run_and_two_engines(store).await;
    a.claim(run, first, SHORT).await.unwrap();
    eventually("the claim expires", async || holder(b, run).await.is_none()).await;
    assert_eq!(holder(a, run).await, None);
    b.claim(run, second, LONG).await.unwrap();
    assert_eq!(holder(a, run).await, Some(second));
    // The first one is back, and late.
    a.claim(run, first, LONG).await.unwrap();
    a.claim(run, first, Duration::ZERO).await.unwrap();
    assert_eq!(holder(b, run).await, Some(second));
}

pub async fn a_claim_is_extended(store: &dyn Store, a: &dyn Coordinator, b: &dyn Coordinator) {
    let (run, instance) = (stored_run(store).await, InstanceId::new());
    a.claim(run, instance, SHORT).await.unwrap();
    a.claim(run, instance, LONG).await.unwrap();
    wait_short(store, b).await;
    assert_eq!(holder(b, run).await, Some(instance));
}

pub async fn a_claim_is_released(store: &dyn Store, a: &dyn Coordinator, b: &dyn Coordinator) {
    let (run, instance) = (stored_run(store).await, InstanceId::new());
    a.claim(run, instance, Duration::ZERO).await.unwrap();
    a.claim(run, instance, LONG).await.unwrap();
    a.claim(run, instance, Duration::ZERO).await.unwrap();
    assert_eq!(holder(b, run).await, None);
    let other = InstanceId::new();
    b.claim(run, other, LONG).await.unwrap();
    assert_eq!(holder(a, run).await, Some(other));
}

pub async fn a_release_by_another_engine_changes_nothing(
    store: &dyn Store,
    a: &dyn Coordinator,
    b: &dyn Coordinator,
) {
    let (run, instance) = (stored_run(store).await, InstanceId::new());
    a.claim(run, instance, LONG).await.unwrap();
    b.claim(run, InstanceId::new(), Duration::ZERO)
        .await
        .unwrap();
    assert_eq!(holder(a, run).await, Some(instance));
}

pub async fn claims_belong_to_one_run(store: &dyn Store, a: &dyn Coordinator, b: &dyn Coordinator) {
    let (one, other) = (stored_run(store).await, stored_run(store).await);
    let (first, second) = (InstanceId::new(), InstanceId::new());
    a.claim(one, first, LONG).await.unwrap();
    b.claim(other, second, LONG).await.unwrap();
    a.claim(other, first, Duration::ZERO).await.unwrap();
    a.claim(one, first, Duration::ZERO).await.unwrap();
    assert_eq!(holder(b, one).await, None);
    assert_eq!(holder(b, other).await, Some(second));
}

pub async fn of_claims_at_once_one_wins(
    store: &dyn Store,
    a: &dyn Coordinator,
    b: &dyn Coordinator,
) {
    for _ in 0..10 {
        let run = stored_run(store).await;
        let instances: Vec<InstanceId> = (0..6).map(|_| InstanceId::new()).collect();
        let claims = instances.iter().enumerate().map(|(n, instance)| {
            let by = if n % 2 == 0 { a } else { b };
            by.claim(run, *instance, LONG)
        });
        for claim in join_all(claims).await {
            claim.unwrap();
        }
        let winner = holder(a, run).await.unwrap();
        assert!(instances.contains(&winner));
        assert_eq!(holder(b, run).await, Some(winner));
    }
}

pub async fn an_unknown_run_is_not_claimed(
    _: &dyn Store,
    a: &dyn Coordinator,
    b: &dyn Coordinator,
) {
    let (run, instance) = (RunId::new(), InstanceId::new());
    assert_no_run(run, &a.claim(run, instance, LONG).await);
    assert_eq!(holder(b, run).await, None);
    b.claim(run, instance, Duration::ZERO).await.unwrap();
}

pub async fn the_claim_of_a_deleted_run_is_deleted(
    store: &dyn Store,
    a: &dyn Coordinator,
    b: &dyn Coordinator,
) {
    let (run, instance) = (stored_run(store).await, InstanceId::new());
    a.claim(run, instance, LONG).await.unwrap();
    assert!(store.delete_run(run).await.unwrap());
    assert_eq!(holder(b, run).await, None);
    assert_no_run(run, &a.claim(run, instance, LONG).await);
    a.claim(run, instance, Duration::ZERO).await.unwrap();
}
