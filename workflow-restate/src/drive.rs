//! Who drives a run when Restate calls.

use async_trait::async_trait;
use workflow_core::{
    LocalEngine,
    fleet::{DriveEnd, DriveError},
    value::RunId,
};

/// What Restate calls: drives runs until they end or are suspended. [`LocalEngine`] implements it.
#[async_trait]
pub trait Drive: Send + Sync + 'static {
    /// Drives a run: see [`LocalEngine::drive`].
    ///
    /// # Errors
    /// [`DriveError`]: Restate calls again, this or another worker, after
    /// [`retry_after`](DriveError::retry_after).
    ///
    /// # Cancellation
    /// The future is dropped when the connection to Restate breaks. Restate then calls some worker, perhaps this one.
    async fn drive(&self, run: RunId) -> Result<DriveEnd, DriveError>;
}

#[async_trait]
impl Drive for LocalEngine {
    async fn drive(&self, run: RunId) -> Result<DriveEnd, DriveError> {
        LocalEngine::drive(self, run).await
    }
}
