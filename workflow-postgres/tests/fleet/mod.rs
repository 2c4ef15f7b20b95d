//! Coordinators, and whether notifications arrive.

use std::time::Duration;

use futures::{StreamExt, stream::BoxStream};
use tokio::time::{Instant, timeout_at};
use workflow_core::{
    RunId,
    fleet::{Coordinator, Notification},
};
use workflow_postgres::{PostgresCoordinator, PostgresStore};

pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

pub(crate) async fn coordinator(url: &str) -> PostgresCoordinator {
    let store = PostgresStore::connect(url).await.unwrap();
    store.coordinator().await.unwrap()
}

/// Publishes a notification again and again until it arrives. Returns whether others were reported as lost before.
pub(crate) async fn arrives(
    from: &PostgresCoordinator,
    at: &mut BoxStream<'static, Notification>,
) -> bool {
    let sent = Notification::CommandQueued { run: RunId::new() };
    let started = Instant::now();
    let mut has_lagged = false;
    loop {
        from.publish(sent.clone());
        let until = Instant::now() + Duration::from_millis(300);
        while let Ok(received) = timeout_at(until, at.next()).await {
            let received = received.unwrap();
            if received == sent {
                return has_lagged;
            }
            has_lagged |= received == Notification::Lagged;
        }
        assert!(started.elapsed() < DEADLINE, "nothing arrives");
    }
}
