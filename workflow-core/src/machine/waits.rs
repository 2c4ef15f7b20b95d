//! The open waits of a run.

use std::time::Duration;

use super::ids::StepId;
use crate::{
    event::{NodeWaiting, WaitKind},
    value::Timestamp,
};

/// The longest delay during which a run stays in memory. Suspending and resuming costs two events and a replay, so
/// it is not worth it for less. A wait for a person is never short, even if it expires soon.
const SHORT: Duration = Duration::from_secs(60);

/// A wait that has not ended.
pub(super) struct Wait {
    pub(super) step: StepId,
    pub(super) until: Option<Timestamp>,
    /// Whether the answer of a person ends it.
    pub(super) of_person: bool,
    /// Whether it is the question whether a budget is raised.
    pub(super) of_budget: bool,
    /// Whether the run stays in memory for it.
    pub(super) short: bool,
}

impl Wait {
    pub(super) fn new(step: StepId, waiting: &NodeWaiting, now: Timestamp) -> Self {
        let resumes = waiting.resumes_at;
        Self {
            step,
            until: waiting.expires_at.or(resumes),
            of_person: resumes.is_none(),
            of_budget: waiting.kind == Some(WaitKind::Budget),
            short: resumes.is_some_and(|resumes| resumes.since(now) <= SHORT),
        }
    }
}
