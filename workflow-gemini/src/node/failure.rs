//! A failed request as the engine is told it.

use std::{error::Error, time::Duration};

use workflow_core::{NodeContext, NodeError};

use crate::{client::GeminiClient, error::GeminiError, limits::RETRY_BUDGET};

const NO_BUDGET: &str = "not retried: the client's retry budget is 0";

/// The error that stands for those of all models. Where one of them may answer later, it is the one
/// that will soonest; else that of the model the workflow names first.
pub(super) fn of_all(errors: impl Iterator<Item = GeminiError>) -> GeminiError {
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

/// Tells the engine whether and when another attempt makes sense.
pub(super) fn told(error: GeminiError, cx: &NodeContext, client: &GeminiClient) -> NodeError {
    let mut failure = NodeError::new(error.code(), message(&error));
    let may_pass = error
        .retry_limit()
        .is_none_or(|limit| cx.attempt() <= limit);
    if may_pass && !client.has_retries() {
        failure = failure.with_hint(NO_BUDGET);
    } else if may_pass {
        failure = failure.with_retry();
        if !client.grants_retry() {
            failure = failure.with_awaited(RETRY_BUDGET);
        }
        if let Some(wait) = error.retry_after() {
            failure = failure.with_retry_after(wait);
        }
    }
    if let Some(hint) = error.hint() {
        failure = failure.with_hint(hint);
    }
    failure.with_source(error)
}

/// The error and what lies at the bottom of it, such as a refused connection.
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
