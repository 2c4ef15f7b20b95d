//! A failed request as the engine is told it.

use std::{error::Error, time::Duration};

use workflow_core::{NodeContext, NodeError};

use crate::{client::GeminiClient, error::GeminiError};

const BUDGET_SPENT: &str = "not retried: too many recent requests failed, and the client's retry \
                            budget is used up";

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
    if may_pass && !client.grants_retry() {
        failure = failure.hint(BUDGET_SPENT);
    } else if may_pass {
        failure = failure.retryable();
        if let Some(wait) = error.retry_after() {
            failure = failure.retry_after(wait);
        }
    }
    if let Some(hint) = hint(error.code()) {
        failure = failure.hint(hint);
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

/// What the author of a workflow, or who runs the service, can do about it.
fn hint(code: &str) -> Option<&'static str> {
    Some(match code {
        "authentication_failed" => "check GEMINI_API_KEY (or GOOGLE_API_KEY) of the service",
        "model_not_found" => "name another `model`: this one is unknown or retired",
        "token_unavailable" => "see why the service gets no access token",
        "out_of_tokens" => "raise `max_output_tokens`, or let the model think less",
        "continuation_needed" => "ask for less with `max_output_tokens`",
        "daily_quota_exceeded" => "wait until midnight Pacific time, or use another model or plan",
        "no_quota" => "use another model, or turn on billing for the project",
        _ => return None,
    })
}
