//! The coordinator.

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures::stream::BoxStream;
use sqlx::postgres::PgPool;
use workflow_core::{
    RunId,
    error::Problem,
    fleet::{CommandNumber, Coordinator, InstanceId, Membership, Notification, RunCommand},
    store::StoreError,
};

use crate::{commands, notifications::Notifications};

/// The [`Coordinator`] of the engines on one database, made by
/// [`PostgresStore::coordinator`](crate::PostgresStore::coordinator). Clones are the same coordinator.
///
/// What is durable is in tables beside the runs, and written by the connections of the store. Times are those of the
/// server.
///
/// # Notifications
/// They are sent by NOTIFY, apart from every other statement, and received by LISTEN on a connection of its own, which is
/// opened again however long the server is away. A subscriber gets [`Notification::Lagged`] when that connection is opened
/// again, when it reads too slowly, when they could not be sent, and once soon after it subscribed: from then on it
/// gets those that are addressed to it.
///
/// A pooler in transaction mode accepts LISTEN without effect. That is noticed within 2 seconds and logged as a
/// warning; engines then find out by reading the store. The way out is to connect directly to Postgres.
#[derive(Clone)]
pub struct PostgresCoordinator {
    pool: PgPool,
    notifications: Arc<Notifications>,
}

impl PostgresCoordinator {
    pub(crate) async fn start(pool: PgPool, capacity: usize) -> sqlx::Result<Self> {
        let notifications = Notifications::start(pool.clone(), capacity).await?;
        Ok(Self {
            pool,
            notifications: Arc::new(notifications),
        })
    }

    /// Whether notifications of other engines arrive, as far as it is known: `false` behind a pooler in transaction
    /// mode. It is tested every 5 seconds, and on each new connection.
    pub fn receives_notifications(&self) -> bool {
        self.notifications.arrive()
    }
}

#[async_trait]
impl Coordinator for PostgresCoordinator {
    async fn register(
        &self,
        instance: InstanceId,
        valid_for: Duration,
    ) -> Result<Membership, StoreError> {
        commands::register(&self.pool, instance, valid_for).await
    }

    async fn send(&self, run: RunId, command: &RunCommand) -> Result<(), StoreError> {
        commands::send(&self.pool, run, command).await
    }

    async fn commands(&self, run: RunId) -> Result<Vec<(CommandNumber, RunCommand)>, StoreError> {
        commands::of_run(&self.pool, run).await
    }

    async fn delete_commands(&self, run: RunId, upto: CommandNumber) -> Result<(), StoreError> {
        commands::delete(&self.pool, run, upto).await
    }

    async fn claim(
        &self,
        run: RunId,
        instance: InstanceId,
        valid_for: Duration,
    ) -> Result<(), StoreError> {
        if valid_for.is_zero() {
            return commands::release(&self.pool, run, instance).await;
        }
        commands::claim(&self.pool, run, instance, valid_for).await
    }

    async fn claimed_by(&self, run: RunId) -> Result<Option<InstanceId>, StoreError> {
        commands::claimed_by(&self.pool, run).await
    }

    async fn block(&self, run: RunId, at: u64, why: &Problem) -> Result<(), StoreError> {
        commands::block(&self.pool, run, at, why).await
    }

    async fn blocked(&self, run: RunId) -> Result<Option<(u64, Problem)>, StoreError> {
        commands::blocked(&self.pool, run).await
    }

    async fn runs_with_commands(&self, limit: usize) -> Result<Vec<RunId>, StoreError> {
        commands::runs_with_commands(&self.pool, limit).await
    }

    async fn lengths(&self, runs: &[RunId]) -> Result<Vec<(RunId, u64)>, StoreError> {
        commands::lengths(&self.pool, runs).await
    }

    fn publish(&self, notification: Notification) {
        self.notifications.publish(notification);
    }

    fn subscribe(&self, instance: InstanceId) -> BoxStream<'static, Notification> {
        self.notifications.subscribe(instance)
    }
}

impl fmt::Debug for PostgresCoordinator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresCoordinator")
            .field("receives_notifications", &self.receives_notifications())
            .finish_non_exhaustive()
    }
}
