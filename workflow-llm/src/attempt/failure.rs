//! Conversion of a provider's errors to errors of a node, with advice about retries.

use std::time::Duration;

use workflow_core::{NodeContext, NodeError};

use crate::{error::ModelError, gate::RETRY_BUDGET, model::Model};

/// The hint of an error that would be retryable if the client allowed retries.
const NO_BUDGET: &str = "not retried: the client's retry budget is 0";

/// The one to report of several models that were unavailable: that of the model that may answer soonest, or if none may, that
/// of the first model. Of errors with the same wait, the first one is taken: `min_by_key` keeps the order, which is
/// that of the models.
pub(super) fn most_promising<T>(
    tried: impl Iterator<Item = (T, ModelError)>,
) -> Option<(T, ModelError)> {
    let wait = |(_, error): &(T, ModelError)| {
        if error.is_retryable() {
            error.retry_after().unwrap_or_default()
        } else {
            Duration::MAX
        }
    };
    tried.min_by_key(wait)
}

/// Converts an error. The engine retries it only if it is marked as retryable, and not before
/// `retry_after`.
///
/// If the retry budget is empty, the error names it (`waits_for`), so that a reader of the events sees
/// why the next attempt is late.
pub(super) fn to_node_error(error: ModelError, cx: &NodeContext, client: &dyn Model) -> NodeError {
    let mut failure = plain(&error);
    // Attempts count from 1, so an error with a limit of 1 is retried after the first attempt only.
    let is_retryable = error
        .retry_limit()
        .is_none_or(|limit| cx.attempt() <= limit);
    if is_retryable && !client.has_retries() {
        failure = failure.with_hint(NO_BUDGET);
    } else if is_retryable {
        failure = failure.with_retry();
        if !client.grants_retry() {
            failure = failure.with_awaited(RETRY_BUDGET);
        }
        if let Some(wait) = error.retry_after() {
            failure = failure.with_retry_after(wait);
        }
    }
    // Replaces `NO_BUDGET`: the cause of the failure is worth more than the reason for no retry.
    if let Some(hint) = error.hint() {
        failure = failure.with_hint(hint);
    }
    failure.with_source(error)
}

/// The error of a request that was never sent, which is not retried.
pub(super) fn before_attempt(error: ModelError) -> NodeError {
    let failure = plain(&error);
    let failure = match error.hint() {
        Some(hint) => failure.with_hint(hint),
        None => failure,
    };
    failure.with_source(error)
}

fn plain(error: &ModelError) -> NodeError {
    NodeError::new(error.code().to_owned(), error.to_string())
}
