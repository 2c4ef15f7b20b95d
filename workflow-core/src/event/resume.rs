//! Errors of replaying a log.

/// Why a run cannot be resumed from a log.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResumeError {
    /// The first event of the log is not `run.created`.
    #[error("the first event of the log is not run.created")]
    NoBeginning,
    /// The log has a format that this version cannot read. The source names it and the remedy.
    #[error("the log has a format that this version cannot read")]
    OtherFormat(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The log was written by a workflow with another specification, or one that calls other versions.
    #[error("the log belongs to another workflow or version")]
    OtherWorkflow,
    /// An event does not fit the state that results from the events before it.
    #[error("the log is damaged")]
    Damaged(#[source] Box<dyn std::error::Error + Send + Sync>),
}
