//! What engines on one store exchange through it.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use futures::stream::BoxStream;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Notification;
use crate::{
    error::Problem,
    store::StoreError,
    value::{InstanceId, RunId, WaitId},
};

/// Connects the engines of one store: durable commands and claims, and notifications that may be lost.
///
/// All times are measured by the clock of the coordinator, since the clocks of machines differ. An implementation passes
/// [`coordinator_tests!`](crate::coordinator_tests).
///
/// # Errors
/// Every method fails with [`StoreError::Unavailable`] when the coordinator cannot be reached now; the engine retries.
///
/// # Cancellation
/// A write whose future is dropped happens whole or not at all.
#[async_trait]
pub trait Coordinator: Send + Sync + 'static {
    /// Registers an engine as alive for `valid_for` from now, and returns who else is. Engines call it every few
    /// seconds; [`Duration::ZERO`] removes the engine.
    async fn register(
        &self,
        instance: InstanceId,
        valid_for: Duration,
    ) -> Result<Membership, StoreError>;

    /// Stores a command for the engine that drives a run, after those that were sent before.
    ///
    /// # Errors
    /// [`StoreError::NoSuchRun`].
    async fn send(&self, run: RunId, command: &RunCommand) -> Result<(), StoreError>;

    /// The commands of a run that are not deleted, in the order in which they were sent. Empty for an unknown run.
    async fn commands(&self, run: RunId) -> Result<Vec<(CommandNumber, RunCommand)>, StoreError>;

    /// At most `limit` runs that have commands, in any order.
    async fn runs_with_commands(&self, limit: usize) -> Result<Vec<RunId>, StoreError>;

    /// Deletes the commands of a run up to and including a number: their result is in the log. Those of a deleted run are
    /// deleted with it.
    async fn delete_commands(&self, run: RunId, upto: CommandNumber) -> Result<(), StoreError>;

    /// Claims a run for an engine that drives it although its dispatcher does not know that any more. Valid for
    /// `valid_for` from now; claimed again to extend it. [`Duration::ZERO`] ends the claim of this engine. Changes nothing
    /// while another engine's claim is valid.
    ///
    /// # Errors
    /// [`StoreError::NoSuchRun`].
    async fn claim(
        &self,
        run: RunId,
        instance: InstanceId,
        valid_for: Duration,
    ) -> Result<(), StoreError>;

    /// The engine whose claim on a run is valid now.
    async fn claimed_by(&self, run: RunId) -> Result<Option<InstanceId>, StoreError>;

    /// Records why a run cannot continue after event number `at`, so that every engine can report it. It counts as long as the
    /// log has no later event.
    ///
    /// # Errors
    /// [`StoreError::NoSuchRun`].
    async fn block(&self, run: RunId, at: u64, why: &Problem) -> Result<(), StoreError>;

    /// What [`block`](Self::block) recorded last.
    async fn blocked(&self, run: RunId) -> Result<Option<(u64, Problem)>, StoreError>;

    /// The number of the last event of each of these runs, in one request. Unknown runs are left out.
    async fn lengths(&self, runs: &[RunId]) -> Result<Vec<(RunId, u64)>, StoreError>;

    /// Sends a notification to the engines of the fleet, without waiting. Notifications may be lost, merged (the
    /// newest [`Appended`](Notification::Appended) of a run replaces earlier ones) and reordered between runs.
    fn publish(&self, notification: Notification);

    /// The notifications for an engine, from now on: those to all engines, which may include its own, and
    /// [`Text`](Notification::Text) to this one. [`Notification::Lagged`] stands for any number that were lost. The stream
    /// ends when the coordinator is closed.
    fn subscribe(&self, instance: InstanceId) -> BoxStream<'static, Notification>;
}

/// A request to a run, for the engine that drives it. Repeating one changes nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum RunCommand {
    /// A person answers a wait.
    Answer {
        /// The wait.
        wait: WaitId,
        /// The answer.
        payload: Arc<Value>,
    },
    /// Cancel the run.
    Cancel,
}

/// The number of a command: greater than those of the commands that were sent to its run before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommandNumber(pub i64);

/// The engines of a fleet that are alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Membership {
    /// How many engines are registered, with the caller.
    pub instances: usize,
    /// Whether the caller is the oldest one, by [`InstanceId`]. It does what only one engine should do. For a few seconds
    /// after an engine died there may be none, and for moments two.
    pub is_oldest: bool,
}

impl Membership {
    /// A membership in a fleet of this many engines.
    pub fn new(instances: usize, is_oldest: bool) -> Self {
        Self {
            instances,
            is_oldest,
        }
    }
}
