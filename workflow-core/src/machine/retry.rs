//! Decides whether a failed attempt is retried.
//!
//! The policy is data of the workflow, the classification is the node's, and the time that the other side requests
//! is a lower bound. No node retries by itself: two layers of retries multiply.

use std::{borrow::Cow, sync::Arc, time::Duration};

use crate::{
    error::{NodeError, Problem},
    event::{EventKind, NodeRetrying, Report},
    node::{LONGEST_REQUESTED_WAIT, RetryPolicy},
    value::{StepRef, millis},
};

/// What follows a failed attempt.
pub(super) enum AfterFailure {
    Retry {
        wait: Duration,
        /// The shared resource that the next attempt has to wait for.
        waits_for: Option<Cow<'static, str>>,
        error: Problem,
    },
    Fail(Problem),
}

/// Decides what follows a failed attempt. `failures` includes this one; `jitter_sample` is a random number in `0.0..1.0`.
///
/// `max_attempts` is compared with failures and not with attempts: an attempt that was lost with its host did not
/// fail.
pub(super) fn decide(
    policy: &RetryPolicy,
    failures: u32,
    error: NodeError,
    jitter_sample: f64,
) -> AfterFailure {
    let requested = error.retry_after();
    if !error.is_retryable() || failures >= policy.max_attempts {
        return AfterFailure::Fail(error.into_problem());
    }
    if let Some(requested) = requested.filter(|requested| *requested > LONGEST_REQUESTED_WAIT) {
        let mut problem = error.into_problem();
        let longest = LONGEST_REQUESTED_WAIT.as_secs();
        problem.hint = Some(format!(
            "not retried: asked to wait {} s, at most {longest} s are waited",
            requested.as_secs()
        ));
        return AfterFailure::Fail(problem);
    }
    // Rounded up to whole milliseconds, as the event states it: the next attempt is never earlier than requested.
    let wait = policy
        .wait(failures, jitter_sample, requested)
        .saturating_add(Duration::from_nanos(999_999));
    AfterFailure::Retry {
        wait: Duration::from_millis(millis(wait)),
        waits_for: error.awaited(),
        error: error.into_problem(),
    }
}

pub(super) fn event(
    step: StepRef,
    attempt: u32,
    max_attempts: u32,
    wait: Duration,
    waits_for: Option<Cow<'static, str>>,
    error: Problem,
    report: Option<Box<Report>>,
) -> EventKind {
    let next_in_ms = millis(wait);
    EventKind::NodeRetrying(Box::new(NodeRetrying {
        step,
        attempt,
        max_attempts,
        next_in_ms,
        error: Arc::new(error),
        waits_for,
        report,
    }))
}
