//! Errors of the client as those of a [`Model`](workflow_llm::Model).

use std::error::Error;

use workflow_llm::{AnswerFacts, Delivery, ModelError};

use super::turn::metadata;
use crate::error::{GeminiError, NoAnswer};

/// The same error in neutral form, with the original as its source.
pub(super) fn model_error(error: GeminiError) -> ModelError {
    let mut neutral = ModelError::new(error.code(), message(&error))
        .with_retries(error.retry_limit())
        .with_delivery(delivery(&error));
    if let Some(hint) = error.hint() {
        neutral = neutral.with_hint(hint);
    }
    if let Some(wait) = error.retry_after() {
        neutral = neutral.with_retry_after(wait);
    }
    if error.is_unavailable() {
        neutral = neutral.with_unavailable();
    }
    if error.is_billed_as_reported() {
        neutral = neutral.with_final_usage();
    }
    if let Some(usage) = error.usage() {
        neutral = neutral.with_usage(usage);
    }
    if let GeminiError::NoAnswer(no_answer) = &error {
        neutral = neutral.with_answer(facts(no_answer));
    }
    neutral.with_source(error)
}

fn delivery(error: &GeminiError) -> Delivery {
    if !error.was_sent() {
        Delivery::NotSent
    } else if error.never_arrived() {
        Delivery::NotReached
    } else {
        Delivery::Reached
    }
}

fn facts(error: &NoAnswer) -> AnswerFacts {
    let mut facts = AnswerFacts::default();
    let reason = error.finish_reason();
    facts.finish_reason = reason.map(|reason| reason.as_str().to_owned());
    facts.model_version = error.model_version().map(str::to_owned);
    facts.response_id = error.response_id().map(str::to_owned);
    facts.metadata = metadata(error.details());
    facts.parts = error.parts().to_vec();
    facts
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
