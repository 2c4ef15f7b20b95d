//! The errors of the client: [`GeminiError`] for requests, [`ConfigError`] for settings.
//!
//! This module owns the meaning of every status, error body and finish reason: its code, whether a
//! retry is useful, how long to wait, and a hint. Texts of the server pass
//! [`GeminiError::redacted`] before a caller sees them, so no error contains the key.

mod api_error;
mod class;
mod config;
mod error_body;
mod excerpt;
mod hint;
mod no_answer;

pub(crate) use self::error_body::ErrorBody;
pub use self::{
    api_error::ApiError,
    config::ConfigError,
    no_answer::{NoAnswer, NoAnswerReason},
};

use std::{borrow::Cow, error::Error, fmt, time::Duration};

use workflow_core::value::Usage;
use workflow_httpkit::{Phase, Secret, TimedOut};
use workflow_llm::gate::{CoolingDown, NotAdmitted};

use self::excerpt::excerpt;

/// The error of a request.
///
/// React by [`is_retryable`](Self::is_retryable), [`retry_limit`](Self::retry_limit) and
/// [`retry_after`](Self::retry_after); match on [`code`](Self::code), never on the message. No text in
/// it contains the API key.
///
/// ```
/// use std::time::Duration;
/// use workflow_gemini::GeminiError;
///
/// /// How long to wait before the next attempt; `None` if there should be none.
/// fn next_wait(error: &GeminiError, failures: u32) -> Option<Duration> {
///     let allowed = error.retry_limit().is_none_or(|limit| failures <= limit);
///     let backoff = Duration::from_secs(1 << failures.min(5));
///     allowed.then(|| error.retry_after().unwrap_or_default().max(backoff))
/// }
/// let error = GeminiError::InvalidRequest { reason: "the prompt is empty".into() };
/// assert_eq!(next_wait(&error, 1), None);
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GeminiError {
    /// The request is invalid. Nothing was sent. Code `invalid_request`; not retryable.
    #[error("the request cannot be sent: {reason}")]
    InvalidRequest {
        /// The fault, in words.
        reason: Cow<'static, str>,
    },
    /// The API refused the request, at once or in the middle of the answer. Code and retry depend on the
    /// refusal.
    #[error(transparent)]
    Api(Box<ApiError>),
    /// The model cools down: the API reported to this or another request of the client that it is over
    /// a limit. Nothing was sent. It has the code of the refusal that began the cool-down.
    #[error("no request is sent to {model} for another {} s: {error}", left.as_secs_f64().ceil())]
    CoolingDown {
        /// The model, without `models/`.
        model: String,
        /// The remaining time, with jitter, so that not all requests come back at once.
        left: Duration,
        /// The refusal that began the cool-down.
        error: Box<ApiError>,
    },
    /// The queue is full. Nothing was sent. Code `queue_full`; retryable.
    #[error("the queue for {queue} is full: its limit is {most} (`max_queued`)")]
    QueueFull {
        /// The model that the requests wait for, or `retry_budget`.
        queue: String,
        /// The limit that was reached.
        most: usize,
    },
    /// The token provider failed. Nothing was sent. Code `token_unavailable`; retryable.
    #[error("there is no access token for the Gemini API")]
    Token {
        /// The error of the provider.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The API accepted the request, but its answer has no usable text.
    #[error(transparent)]
    NoAnswer(Box<NoAnswer>),
    /// The API could not be reached, or closed the connection before its answer. Code `connection_failed`;
    /// retryable.
    #[error("the Gemini API at {peer} could not be reached")]
    Connection {
        /// The host, and the proxy if one is used.
        peer: String,
        /// The error of the HTTP client.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A timeout of the client was reached. Code `model_timeout`; retryable.
    #[error("the Gemini API{} took longer than {limit:?} {phase}", at(peer.as_deref()))]
    Timeout {
        /// The host, and the proxy if one is used; only if no connection was made.
        peer: Option<String>,
        /// The phase that took too long.
        phase: TimeoutPhase,
        /// The timeout of this phase.
        limit: Duration,
    },
    /// The answer ended before the model did. Code `answer_interrupted`; retryable.
    #[error("the Gemini API's answer broke off")]
    Interrupted {
        /// The error of the HTTP client; `None` if the body ended regularly, but too early.
        source: Option<Box<dyn Error + Send + Sync>>,
    },
    /// The answer is larger than the client allows. Code `answer_too_large`; not retryable.
    #[error("the Gemini API's answer is larger than {limit} bytes (`max_reply_bytes`)")]
    TooLarge {
        /// The limit, in bytes after decompression.
        limit: usize,
    },
    /// The answer is not from the API, but for example a proxy's error page with status 200. Code
    /// `foreign_answer`; retryable once.
    #[error("the answer is not the Gemini API's ({content_type}): {excerpt}")]
    Foreign {
        /// The `Content-Type` of the answer.
        content_type: String,
        /// The first characters of the answer, at most 1,000.
        excerpt: String,
    },
}

fn at(peer: Option<&str>) -> String {
    peer.map(|peer| format!(" at {peer}")).unwrap_or_default()
}

/// The phases of a request, each with its own timeout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimeoutPhase {
    /// Connecting to the API: [`with_connect_timeout`](crate::GeminiClientBuilder::with_connect_timeout).
    Connect,
    /// Waiting for the first byte of the answer:
    /// [`with_first_byte_timeout`](crate::GeminiClientBuilder::with_first_byte_timeout).
    FirstByte,
    /// Waiting for the next piece of an answer:
    /// [`with_idle_timeout`](crate::GeminiClientBuilder::with_idle_timeout).
    Idle,
    /// The request as a whole: [`with_total_timeout`](crate::GeminiClientBuilder::with_total_timeout).
    Total,
}

impl fmt::Display for TimeoutPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "to connect",
            Self::FirstByte => "to begin its answer",
            Self::Idle => "to continue its answer",
            Self::Total => "for its whole answer",
        })
    }
}

impl GeminiError {
    /// A stable `snake_case` code for programs to match on. The table of situations in the crate's
    /// README lists all codes.
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidRequest { .. } => "invalid_request",
            Self::Api(error) | Self::CoolingDown { error, .. } => error.code(),
            Self::QueueFull { .. } => "queue_full",
            Self::Token { .. } => "token_unavailable",
            Self::NoAnswer(error) => error.code(),
            Self::Connection { .. } => "connection_failed",
            Self::Timeout { .. } => "model_timeout",
            Self::Interrupted { .. } => "answer_interrupted",
            Self::TooLarge { .. } => "answer_too_large",
            Self::Foreign { .. } => "foreign_answer",
        }
    }

    /// Whether the same request may succeed in a later attempt.
    pub fn is_retryable(&self) -> bool {
        self.retry_limit() != Some(0)
    }

    /// The most retries that are reasonable: `Some(0)` for a permanent failure, `Some(1)` for one that
    /// is as likely permanent as temporary, `None` for as many as the caller's policy allows.
    pub fn retry_limit(&self) -> Option<u32> {
        match self {
            Self::InvalidRequest { .. } | Self::TooLarge { .. } => Some(0),
            Self::Api(error) | Self::CoolingDown { error, .. } => {
                (!error.is_retryable()).then_some(0)
            }
            Self::NoAnswer(error) => error.retry_limit(),
            // A proxy's error page can be that of a restart, or of a login that stays in the way.
            Self::Foreign { .. } => Some(1),
            Self::Connection { .. }
            | Self::Timeout { .. }
            | Self::Interrupted { .. }
            | Self::QueueFull { .. }
            | Self::Token { .. } => None,
        }
    }

    /// Whether the request was sent, so that it may have taken a token of the retry budget. `Token` counts as not
    /// sent, although its attempt has spent a token of the retry budget.
    pub(crate) fn was_sent(&self) -> bool {
        !matches!(
            self,
            Self::InvalidRequest { .. }
                | Self::CoolingDown { .. }
                | Self::QueueFull { .. }
                | Self::Token { .. }
        )
    }

    /// Whether what was reported before it is all that is billed. An error status costs nothing, as Google's billing FAQ says, and neither does a
    /// request that was not sent. An answer that has begun and broke off may be billed with tokens that nobody reported.
    pub(crate) fn is_billed_as_reported(&self) -> bool {
        match self {
            Self::Api(error) => error.is_free(),
            // Finished by the model. Without counts, what it used is not known.
            Self::NoAnswer(error) => !error.usage().is_empty(),
            _ => self.never_arrived(),
        }
    }

    /// Whether the request never reached the API: it was not sent, or there was no connection.
    pub(crate) fn never_arrived(&self) -> bool {
        match self {
            Self::Connection { source, .. } => source
                .downcast_ref::<reqwest::Error>()
                .is_some_and(reqwest::Error::is_connect),
            Self::Timeout { phase, .. } => *phase == TimeoutPhase::Connect,
            _ => !self.was_sent(),
        }
    }

    /// Whether the model is unavailable, so that another model may answer: it is unknown or retired, over a limit
    /// or a quota, or overloaded. Errors of the connection and 500 are not: they say nothing about the model, so a
    /// fallback would meet them, too.
    pub fn is_unavailable(&self) -> bool {
        matches!(
            self.code(),
            "model_not_found"
                | "rate_limited"
                | "daily_quota_exceeded"
                | "no_quota"
                | "model_overloaded"
        )
    }

    /// The shortest wait before the next attempt: the wait that the API asked for, or the rest of a
    /// cool-down. `None` if the API asked for none.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Api(error) => error.retry_after(),
            Self::CoolingDown { left, error, .. } => error.is_retryable().then_some(*left),
            _ => None,
        }
    }

    /// The HTTP status of a refusal; `None` for other errors.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Api(error) | Self::CoolingDown { error, .. } => Some(error.http_status()),
            _ => None,
        }
    }

    /// The tokens that were used and are billed although there is no answer. `None` if the API reported
    /// none.
    pub fn usage(&self) -> Option<Usage> {
        match self {
            Self::NoAnswer(error) => Some(error.usage()),
            _ => None,
        }
    }

    /// Removes the key from texts of the server and shortens them. Every error of a request that was
    /// sent passes this function before the caller sees it.
    ///
    /// Errors whose texts are the client's own, or those of the HTTP client without the URL, are left as they are.
    pub(crate) fn redacted(mut self, key: &Secret) -> Self {
        match &mut self {
            Self::Api(error) => error.redact(key),
            Self::NoAnswer(error) => error.redact(key),
            Self::Foreign {
                content_type,
                excerpt: text,
            } => {
                *content_type = excerpt(content_type, key);
                *text = excerpt(text, key);
            }
            _ => {}
        }
        self
    }
}

impl From<ApiError> for GeminiError {
    fn from(error: ApiError) -> Self {
        Self::Api(Box::new(error))
    }
}

impl From<TimedOut> for GeminiError {
    fn from(TimedOut { peer, phase, limit }: TimedOut) -> Self {
        let phase = match phase {
            Phase::Connect => TimeoutPhase::Connect,
            Phase::FirstByte => TimeoutPhase::FirstByte,
            Phase::Idle => TimeoutPhase::Idle,
            Phase::Total => TimeoutPhase::Total,
        };
        Self::Timeout { peer, phase, limit }
    }
}

impl From<NotAdmitted<ApiError>> for GeminiError {
    fn from(refused: NotAdmitted<ApiError>) -> Self {
        match refused {
            NotAdmitted::CoolingDown(cooling) => cooling.into(),
            NotAdmitted::QueueFull { queue, most } => Self::QueueFull { queue, most },
        }
    }
}

impl From<CoolingDown<ApiError>> for GeminiError {
    fn from(cooling: CoolingDown<ApiError>) -> Self {
        Self::CoolingDown {
            model: cooling.model,
            left: cooling.left,
            error: Box::new(cooling.refusal),
        }
    }
}

impl From<NoAnswer> for GeminiError {
    fn from(error: NoAnswer) -> Self {
        Self::NoAnswer(Box::new(error))
    }
}
