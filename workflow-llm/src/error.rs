//! [`ModelError`]: why a request has no answer.

use std::{borrow::Cow, error::Error, fmt, time::Duration};

use workflow_core::value::Usage;

use crate::turn::AnswerFacts;

/// Why a request has no answer, and what to do about it.
///
/// Texts never contain a credential. Build one with [`new`](Self::new), and set what is known:
///
/// ```
/// use std::time::Duration;
/// use workflow_llm::ModelError;
///
/// let error = ModelError::new("rate_limited", "the API answered 429")
///     .with_retries(None)
///     .with_retry_after(Duration::from_secs(20))
///     .with_unavailable();
/// assert!(error.is_retryable() && error.is_unavailable());
/// ```
pub struct ModelError(Box<Facts>);

struct Facts {
    code: Cow<'static, str>,
    message: String,
    hint: Option<Cow<'static, str>>,
    retry_limit: Option<u32>,
    retry_after: Option<Duration>,
    is_unavailable: bool,
    delivery: Delivery,
    has_final_usage: bool,
    usage: Option<Usage>,
    answer: Option<AnswerFacts>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// How far a request came. Decides what counts in budgets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Delivery {
    /// It was not sent: it is invalid, its model cools down, or a queue is full. It costs nothing, and takes no token of the retry budget.
    NotSent,
    /// It was sent, but there was no connection. It costs nothing.
    NotReached,
    /// It reached the provider, or may have.
    Reached,
}

impl ModelError {
    /// An error that is not retried, of a request that reached the provider.
    ///
    /// `code` is stable, in `snake_case`, and one of those that other providers use for the same situation; the README of this crate
    /// lists them. `message` says what happened, with its root cause.
    pub fn new(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self(Box::new(Facts {
            code: code.into(),
            message: message.into(),
            hint: None,
            retry_limit: Some(0),
            retry_after: None,
            is_unavailable: false,
            delivery: Delivery::Reached,
            has_final_usage: false,
            usage: None,
            answer: None,
            source: None,
        }))
    }

    /// The error of a request that cannot be sent. Code `invalid_request`; not retried.
    pub fn invalid_request(reason: impl fmt::Display) -> Self {
        let message = format!("the request cannot be sent: {reason}");
        Self::new("invalid_request", message).with_delivery(Delivery::NotSent)
    }

    /// The error of a request with an option that the provider does not have. Code `unsupported_option`; not retried.
    pub fn unsupported_option(provider: &str, option: &str) -> Self {
        let message = format!("the provider `{provider}` has no `{option}`");
        Self::new("unsupported_option", message)
            .with_delivery(Delivery::NotSent)
            .with_hint("leave it out, or use a model of another provider")
    }

    /// The error of an answer that broke off. Code `answer_interrupted`; retried.
    pub fn interrupted(message: impl Into<String>) -> Self {
        Self::new("answer_interrupted", message).with_retries(None)
    }

    /// Sets the most retries that are reasonable: `Some(0)`, the default, for a permanent failure, `Some(1)` for one that is as likely
    /// permanent as temporary, `None` for as many as the policy of the node allows.
    #[must_use]
    pub fn with_retries(mut self, limit: Option<u32>) -> Self {
        self.0.retry_limit = limit;
        self
    }

    /// Sets the shortest wait before the next attempt. Default: none.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }

    /// Sets what the author of the workflow or the operator of the service can do. Default: nothing.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Marks the model as unavailable, so that another model may answer: it is unknown, overloaded, or over a limit. An error of the
    /// connection says nothing about the model.
    #[must_use]
    pub fn with_unavailable(mut self) -> Self {
        self.0.is_unavailable = true;
        self
    }

    /// Sets how far the request came. Default: [`Delivery::Reached`].
    #[must_use]
    pub fn with_delivery(mut self, delivery: Delivery) -> Self {
        self.0.delivery = delivery;
        self
    }

    /// Declares that what was reported before and with the error is all that is billed: the provider refused the request, or finished its
    /// answer. Default: more may have been used than is known.
    #[must_use]
    pub fn with_final_usage(mut self) -> Self {
        self.0.has_final_usage = true;
        self
    }

    /// Sets the tokens that were used although there is no answer. Default: the last running total.
    #[must_use]
    pub fn with_usage(mut self, usage: Usage) -> Self {
        self.0.usage = Some(usage);
        self
    }

    /// Sets the facts of an answer that is complete, but not usable.
    #[must_use]
    pub fn with_answer(mut self, answer: AnswerFacts) -> Self {
        self.0.answer = Some(answer);
        self
    }

    /// Sets the error of the client. The message does not repeat it, except for its root cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The stable code.
    pub fn code(&self) -> &str {
        &self.0.code
    }

    /// Whether the same request may succeed in a later attempt.
    pub fn is_retryable(&self) -> bool {
        self.0.retry_limit != Some(0)
    }

    /// The most retries that are reasonable.
    pub fn retry_limit(&self) -> Option<u32> {
        self.0.retry_limit
    }

    /// The shortest wait before the next attempt.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// What can be done about it.
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// Whether another model may answer.
    pub fn is_unavailable(&self) -> bool {
        self.0.is_unavailable
    }

    /// How far the request came.
    pub fn delivery(&self) -> Delivery {
        self.0.delivery
    }

    /// Whether the request was sent, so that it may have taken a token of the retry budget.
    pub fn was_sent(&self) -> bool {
        self.0.delivery != Delivery::NotSent
    }

    /// Whether what was reported is all that is billed.
    pub fn has_final_usage(&self) -> bool {
        self.0.has_final_usage || self.0.delivery != Delivery::Reached
    }

    /// The tokens that were used.
    pub fn usage(&self) -> Option<Usage> {
        self.0.usage
    }

    /// The facts of an answer that is not usable.
    pub fn answer(&self) -> Option<&AnswerFacts> {
        self.0.answer.as_ref()
    }
}

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

/// Without the contents of an answer.
impl fmt::Debug for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModelError")
            .field("code", &self.0.code)
            .field("message", &self.0.message)
            .field("retry_limit", &self.0.retry_limit)
            .field("retry_after", &self.0.retry_after)
            .finish_non_exhaustive()
    }
}

impl Error for ModelError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0
            .source
            .as_deref()
            .map(|it| it as &(dyn Error + 'static))
    }
}
