//! Engines that are alive.

use std::time::Duration;

use super::sample::{LONG, SHORT, eventually};
use crate::{
    fleet::{Coordinator, Membership},
    store::Store,
    value::InstanceId,
};

/// Registers an engine for a long time.
async fn register(coordinator: &dyn Coordinator, instance: InstanceId) -> Membership {
    coordinator.register(instance, LONG).await.unwrap()
}

pub async fn engines_are_counted(_: &dyn Store, a: &dyn Coordinator, b: &dyn Coordinator) {
    let [one, two, three] = [(); 3].map(|()| InstanceId::new());
    assert_eq!(register(a, one).await.instances, 1);
    assert_eq!(register(b, two).await.instances, 2);
    assert_eq!(register(a, one).await.instances, 2);
    assert_eq!(register(a, three).await.instances, 3);
    assert_eq!(register(b, two).await.instances, 3);
}

pub async fn the_first_engine_is_the_oldest(
    _: &dyn Store,
    a: &dyn Coordinator,
    b: &dyn Coordinator,
) {
    let [one, two, three] = [(); 3].map(|()| InstanceId::new());
    assert!(register(a, two).await.is_oldest);
    assert!(!register(b, three).await.is_oldest);
    // Whenever it registers: it was started first.
    assert!(register(b, one).await.is_oldest);
    assert!(!register(a, two).await.is_oldest);
    assert!(register(b, one).await.is_oldest);
}

pub async fn an_engine_that_leaves_is_not_counted(
    _: &dyn Store,
    a: &dyn Coordinator,
    b: &dyn Coordinator,
) {
    let (one, two) = (InstanceId::new(), InstanceId::new());
    register(a, one).await;
    assert!(!register(b, two).await.is_oldest);
    for _ in 0..2 {
        let left = a.register(one, Duration::ZERO).await.unwrap();
        assert_eq!(left, Membership::new(1, false));
        assert_eq!(register(b, two).await, Membership::new(1, true));
    }
    assert_eq!(register(a, one).await, Membership::new(2, true));
}

pub async fn an_engine_that_does_not_register_again_expires(
    _: &dyn Store,
    a: &dyn Coordinator,
    b: &dyn Coordinator,
) {
    let (one, two) = (InstanceId::new(), InstanceId::new());
    let first = a.register(one, SHORT).await.unwrap();
    assert_eq!(first, Membership::new(1, true));
    eventually("the engine expires", async || {
        register(b, two).await == Membership::new(1, true)
    })
    .await;
    assert_eq!(register(a, one).await, Membership::new(2, true));
}

pub async fn an_engine_that_registers_again_stays(
    _: &dyn Store,
    a: &dyn Coordinator,
    b: &dyn Coordinator,
) {
    let [one, two, expiring] = [(); 3].map(|()| InstanceId::new());
    a.register(one, SHORT).await.unwrap();
    register(a, one).await;
    a.register(expiring, SHORT).await.unwrap();
    eventually("the other engine expires", async || {
        register(b, two).await.instances < 3
    })
    .await;
    assert_eq!(register(b, two).await, Membership::new(2, false));
}
