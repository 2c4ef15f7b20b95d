//! Who drives a run.

use std::time::Duration;

use async_trait::async_trait;

use crate::{
    store::StoreError,
    value::{RunId, Timestamp},
};

/// Ensures that some engine of the fleet drives a run.
#[async_trait]
pub trait Dispatcher: Send + Sync + 'static {
    /// Requests that [`LocalEngine::drive`](crate::LocalEngine::drive) be called for a run by some engine, now or at `at`,
    /// and after [`DriveEnd::Suspended`] at the time that it names.
    ///
    /// After this returns, the request must survive the death of any engine: another engine is called until one call
    /// ends without an error. Repeating a request changes nothing. Requests for one run should not be executed at the same
    /// time; if they are, the log stays consistent, but a step in flight may be executed twice.
    ///
    /// # Errors
    /// If the request is not stored. The engine retries.
    ///
    /// # Cancellation
    /// The request is stored or is not.
    async fn dispatch(&self, run: RunId, at: Option<Timestamp>) -> Result<(), DispatchError>;

    /// Checks that the dispatcher can be reached. Engines call it every few seconds, for
    /// [`FleetStatus::dispatcher_reached_at`](super::FleetStatus::dispatcher_reached_at). Provided: it can.
    ///
    /// # Errors
    /// If it cannot be reached. Runs are stored nevertheless, and wait.
    async fn ping(&self) -> Result<(), DispatchError> {
        Ok(())
    }
}

/// Why a dispatcher did not take a run.
#[derive(Debug, thiserror::Error)]
#[error("the dispatcher did not take the run")]
pub struct DispatchError(#[source] Box<dyn std::error::Error + Send + Sync>);

impl DispatchError {
    /// An error with its cause.
    pub fn new(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(cause.into())
    }
}

/// How [`LocalEngine::drive`](crate::LocalEngine::drive) ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a dispatcher has to handle every end"
)]
pub enum DriveEnd {
    /// The run has ended, is deleted, or cannot continue. There is nothing more to do.
    Ended,
    /// The run is suspended until a command is sent to it, or until this time: it must be driven then.
    Suspended(Option<Timestamp>),
}

/// Why [`LocalEngine::drive`](crate::LocalEngine::drive) did not drive a run to its end or suspension. It must be called again,
/// by this or another engine, after [`retry_after`](Self::retry_after).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DriveError {
    /// Another engine has appended to the log.
    #[error("another engine drives the run")]
    Fenced,
    /// The store, or the coordinator, cannot be used now.
    #[error("the store failed: {0}")]
    Store(String),
    /// The log was written by a newer version of this program, which must drive it.
    #[error("the log was written by a newer version of this program")]
    NewerLog,
    /// The engine shuts down. The run is suspended.
    #[error("the engine is shutting down")]
    ShuttingDown,
    /// The engine was built without a fleet: it drives its runs itself.
    #[error("the engine has no fleet: it drives its runs itself")]
    NoFleet,
    /// The task that drove the run has panicked.
    #[error("the drive has failed: see the log of the process")]
    Panicked,
}

impl DriveError {
    /// How long to wait before the next call: 0 while shutting down, since another engine can go on at once, else 200 ms to
    /// 5 s.
    pub fn retry_after(&self) -> Duration {
        match self {
            Self::ShuttingDown => Duration::ZERO,
            Self::Fenced => Duration::from_millis(200),
            Self::Store(_) | Self::Panicked => Duration::from_secs(1),
            Self::NewerLog | Self::NoFleet => Duration::from_secs(5),
        }
    }
}

impl From<StoreError> for DriveError {
    fn from(error: StoreError) -> Self {
        let mut text = error.to_string();
        if let Some(cause) = std::error::Error::source(&error) {
            text = format!("{text}: {cause}");
        }
        Self::Store(text)
    }
}
