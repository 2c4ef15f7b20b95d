//! What drives a run when Restate calls.

use async_trait::async_trait;
use workflow_core::{
    LocalEngine,
    fleet::{DriveEnd, DriveError},
    value::RunId,
};

/// Drives runs until they end or are suspended, when Restate calls a worker. [`LocalEngine`] implements it; tests and
/// engines of a program's own may, too.
///
/// ```
/// use async_trait::async_trait;
/// use workflow_core::{fleet::{DriveEnd, DriveError}, value::RunId};
/// use workflow_restate::Drive;
///
/// /// Ends each run at once.
/// struct Nothing;
///
/// #[async_trait]
/// impl Drive for Nothing {
///     async fn drive(&self, _run: RunId) -> Result<DriveEnd, DriveError> {
///         Ok(DriveEnd::Ended)
///     }
/// }
/// ```
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
