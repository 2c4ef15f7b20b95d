//! Failures as [`ModelError`]s: codes, retries, hints and messages.

use std::{error::Error, time::Duration};

use workflow_httpkit::{Peer, Phase, Redactor, TimedOut, without_cut_secret};
use workflow_llm::{AnswerFacts, Delivery, ModelError};

use super::{Failure, HEAD, NoAnswer, NoAnswerReason, Refusal, class::Class, excerpt};

/// What messages and hints name.
#[derive(Clone, Debug)]
pub(crate) struct ErrorContext {
    /// The name of the provider.
    pub(crate) provider: String,
    pub(crate) peer: Peer,
    pub(crate) has_key: bool,
    /// All that must not be shown.
    pub(crate) redactor: Redactor,
}

/// What is known of a request and its answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct CallFacts {
    /// Whether the request declared tools.
    pub(crate) has_tools: bool,
    /// The header `x-request-id` of the answer, redacted.
    pub(crate) request_id: Option<String>,
}

impl ErrorContext {
    /// A text of the server, redacted and shortened.
    pub(crate) fn shown(&self, text: &str) -> String {
        excerpt(text, &self.redactor)
    }

    /// The error of a failure, redacted.
    pub(crate) fn error(&self, failure: Failure, facts: &CallFacts) -> ModelError {
        let Self {
            provider,
            peer,
            redactor,
            ..
        } = self;
        match failure {
            Failure::Refused(mut refusal) => {
                refusal.redact(redactor);
                let error = self.refused(&refusal, facts.has_tools, "");
                error.with_answer(facts.answer())
            }
            Failure::NoAnswer(mut error) => {
                error.redact(redactor);
                no_answer(*error, facts.answer())
            }
            Failure::Connection(error) => {
                let delivery = if error.is_connect() {
                    Delivery::NotReached
                } else {
                    Delivery::Reached
                };
                let error = error.without_url();
                let root = root_cause(&error);
                let message = format!("`{provider}` at {peer} could not be reached: {root}");
                ModelError::new("connection_failed", message)
                    .with_retries(None)
                    .with_delivery(delivery)
                    .with_source(error)
            }
            Failure::Timeout(error) => timed_out(&error, provider),
            Failure::Interrupted(source) => {
                let message = format!("the answer of `{provider}` broke off");
                match source {
                    None => ModelError::interrupted(message),
                    Some(source) => {
                        let root = root_cause(&*source);
                        ModelError::interrupted(format!("{message}: {root}")).with_source(source)
                    }
                }
            }
            Failure::TooLarge(limit) => {
                let message = format!(
                    "the answer of `{provider}` is larger than {limit} bytes (`max_reply_bytes`)"
                );
                ModelError::new("answer_too_large", message)
            }
            Failure::Foreign {
                content_type,
                excerpt: text,
            } => {
                let whole = without_cut_secret(text.as_bytes(), HEAD, redactor);
                let text = excerpt(&String::from_utf8_lossy(whole), redactor);
                let content_type = excerpt(&content_type, redactor);
                let message =
                    format!("the answer is not that of a model provider ({content_type}): {text}");
                // The page of a proxy can be that of a restart, or of a login that stays in the way.
                ModelError::new("foreign_answer", message)
                    .with_retries(Some(1))
                    .with_hint("check the base URL of the provider, which mostly ends in `/v1`")
            }
        }
    }

    /// The error of a refusal, whose texts are redacted.
    fn refused(&self, refusal: &Refusal, has_tools: bool, cause: &str) -> ModelError {
        let class = refusal.class;
        let message = format!("{cause}`{}` answered {refusal}", self.provider);
        let retries = (!refusal.is_retryable()).then_some(0);
        let mut error = ModelError::new(class.code(), message).with_retries(retries);
        if let Some(wait) = refusal.retry_after() {
            error = error.with_retry_after(wait);
        }
        if matches!(
            class,
            Class::NotFound | Class::RateLimited | Class::NoQuota | Class::Overloaded
        ) {
            error = error.with_unavailable();
        }
        if refusal.is_free() {
            error = error.with_final_usage();
        }
        match self.hint(refusal, has_tools) {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
    }

    /// The error of a request that is not sent because its model cools down. It has the code of the refusal that began the cool-down.
    pub(crate) fn cooling_down(
        &self,
        model: &str,
        left: Duration,
        refusal: &Refusal,
    ) -> ModelError {
        let seconds = left.as_secs_f64().ceil();
        let cause = format!("no request is sent to {model} for another {seconds} s");
        let error = self.refused(refusal, false, &format!("{cause}: "));
        let error = error.with_delivery(Delivery::NotSent);
        if refusal.is_retryable() {
            return error.with_retry_after(left);
        }
        error
    }

    fn hint(&self, refusal: &Refusal, has_tools: bool) -> Option<&'static str> {
        Some(match refusal.class {
            Class::InvalidRequest if has_tools => {
                "if the model does not support tools, use one that does; vLLM needs --enable-auto-tool-choice and --tool-call-parser"
            }
            Class::ContextLength => "shorten the prompt, or use a model with a larger context",
            Class::Authentication if self.has_key => "check the API key of the provider",
            Class::Authentication => "the service has no API key for the provider: set one",
            Class::Billing | Class::NoQuota => {
                "check the plan and the billing of the account, or use another provider"
            }
            Class::NotFound if refusal.is_foreign() => {
                "check the base URL of the provider, which mostly ends in `/v1`"
            }
            Class::NotFound => {
                "use another `model`: the provider does not have this one; Ollama gets it with `ollama pull`"
            }
            _ => return None,
        })
    }
}

fn no_answer(error: NoAnswer, mut facts: AnswerFacts) -> ModelError {
    let reported = error.usage;
    let hint = match error.reason {
        NoAnswerReason::OutOfTokens => Some("raise `max_output_tokens`, or reduce thinking"),
        _ => None,
    };
    let message = error.to_string();
    let retries = Some(error.retry_limit());
    let mut model_error = ModelError::new(error.code(), message).with_retries(retries);
    // Finished by the model. Without counts, what it used is not known.
    if !reported.is_empty() {
        model_error = model_error.with_usage(reported).with_final_usage();
    }
    facts.finish_reason = error.finish_reason;
    facts.model_version = error.model;
    facts.response_id = error.id;
    model_error = model_error.with_answer(facts);
    match hint {
        Some(hint) => model_error.with_hint(hint),
        None => model_error,
    }
}

fn timed_out(error: &TimedOut, provider: &str) -> ModelError {
    let TimedOut { peer, phase, limit } = error;
    let phase = match phase {
        Phase::Connect => "to connect",
        Phase::FirstByte => "to begin its answer",
        Phase::Idle => "to continue its answer",
        Phase::Total => "for its whole answer",
    };
    let at = peer
        .as_ref()
        .map(|peer| format!(" at {peer}"))
        .unwrap_or_default();
    let message = format!("`{provider}`{at} took longer than {limit:?} {phase}");
    let error = ModelError::new("model_timeout", message).with_retries(None);
    match peer {
        // Known only if there was no connection.
        Some(_) => error.with_delivery(Delivery::NotReached),
        None => error,
    }
}

impl CallFacts {
    /// The facts of an answer, with the provider's name of the request.
    pub(crate) fn answer(&self) -> AnswerFacts {
        let mut facts = AnswerFacts::default();
        if let Some(id) = &self.request_id {
            facts
                .metadata
                .insert("request_id".to_owned(), id.clone().into());
        }
        facts
    }
}

/// The innermost error, such as a refused connection. The errors in between repeat it.
fn root_cause(error: &dyn Error) -> &dyn Error {
    let mut root = error;
    while let Some(source) = root.source() {
        root = source;
    }
    root
}
