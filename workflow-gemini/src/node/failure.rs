//! Conversion of the client's errors to errors of a node, with advice about retries.

use std::{error::Error, time::Duration};

use workflow_core::{NodeContext, NodeError};

use workflow_llm::gate::RETRY_BUDGET;

use crate::{client::GeminiClient, error::GeminiError};

/// The hint of an error that would be retryable if the client allowed retries.
const NO_BUDGET: &str = "not retried: the client's retry budget is 0";

/// The error to report if no model was available: that of the model that may answer soonest, or if none may, that
/// of the first model. Of errors with the same wait, the first one is taken: `min_by_key` keeps the order, which is
/// that of the models.
pub(super) fn most_promising(errors: impl Iterator<Item = GeminiError>) -> GeminiError {
    let wait = |error: &GeminiError| {
        if error.is_retryable() {
            error.retry_after().unwrap_or_default()
        } else {
            Duration::MAX
        }
    };
    let soonest = errors.min_by_key(wait);
    soonest.unwrap_or(GeminiError::Interrupted { source: None })
}

/// Converts an error. The engine retries it only if it is marked as retryable, and not before
/// `retry_after`.
///
/// If the retry budget is empty, the error names it (`waits_for`), so that a reader of the events sees
/// why the next attempt is late.
pub(super) fn to_node_error(
    error: GeminiError,
    cx: &NodeContext,
    client: &GeminiClient,
) -> NodeError {
    let mut failure = NodeError::new(error.code(), message(&error));
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

/// The error and its root cause, such as a refused connection. The errors in between (of the HTTP
/// client) repeat both.
fn message(error: &GeminiError) -> String {
    let mut root: Option<&dyn Error> = error.source();
    while let Some(deeper) = root.and_then(Error::source) {
        root = Some(deeper);
    }
    match root {
        Some(root) => format!("{error}: {root}"),
        None => error.to_string(),
    }
}
