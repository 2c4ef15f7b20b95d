//! Why a run cannot be resumed from its log.

/// Why a run cannot go on from a log.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResumeError {
    /// The log does not begin with `run.created`.
    #[error("the log does not begin with run.created")]
    NoBeginning,
    /// The log has a format that this version cannot read; the source names it and a way out.
    #[error("the log has a format that this version cannot read")]
    OtherFormat(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The log is that of another specification.
    #[error("the log is that of another workflow")]
    OtherWorkflow,
    /// An event does not follow from those before it.
    #[error("the log is damaged")]
    Damaged(#[source] Box<dyn std::error::Error + Send + Sync>),
}
