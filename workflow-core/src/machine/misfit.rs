//! Errors of the transition: events that cannot follow the log before them.

/// An event does not fit the state. The state is unchanged.
#[derive(Debug)]
pub(super) struct DoesNotFit;

/// An event of a stored log does not fit the log before it. The log is damaged, or of another workflow.
#[derive(Debug, thiserror::Error)]
#[error("event {seq} ({name}) does not fit the log before it")]
pub(crate) struct Misfit {
    pub(super) seq: u64,
    pub(super) name: &'static str,
}
