//! Events that cannot follow the log before them.

/// An event does not fit the state. Nothing was changed.
#[derive(Debug)]
pub(super) struct DoesNotFit;

/// An event of a stored log that does not fit.
#[derive(Debug, thiserror::Error)]
#[error("event {seq} ({name}) does not fit the log before it")]
pub(crate) struct Misfit {
    pub(super) seq: u64,
    pub(super) name: &'static str,
}
