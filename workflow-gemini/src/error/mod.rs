//! What can go wrong between a request and its answer.

mod api_error;
mod class;
mod config;
mod excerpt;
mod fault;
mod hint;
mod no_answer;

pub(crate) use self::fault::Fault;
pub use self::{
    api_error::ApiError,
    config::ConfigError,
    no_answer::{NoAnswer, Verdict},
};

use std::{borrow::Cow, error::Error, fmt, time::Duration};

use workflow_core::value::Usage;
use workflow_httpkit::Secret;

use self::excerpt::excerpt;
use crate::limits::{CoolingDown, NotAdmitted};

/// Why a request brought no answer.
///
/// To react, ask [`is_retryable`](Self::is_retryable), [`retry_limit`](Self::retry_limit) and
/// [`retry_after`](Self::retry_after); to tell programs, [`code`](Self::code). No text in it ever
/// holds the API key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GeminiError {
    /// The request makes no sense; nothing was sent.
    #[error("the request cannot be sent: {reason}")]
    InvalidRequest {
        /// What is wrong with it.
        reason: Cow<'static, str>,
    },
    /// The API refused the request, at once or in the middle of its answer.
    #[error(transparent)]
    Api(Box<ApiError>),
    /// Nothing was sent: the API has said of this model that it is over a limit, to this or another
    /// request of the client.
    #[error("{model} is left alone for another {} s: {error}", left.as_secs_f64().ceil())]
    CoolingDown {
        /// The model, without `models/`.
        model: String,
        /// For how long, and a little longer, so that not all come back at once.
        left: Duration,
        /// What the API said.
        error: Box<ApiError>,
    },
    /// Nothing was sent: as many requests of the client wait already as may.
    #[error("as many requests wait for {queue} as may: {most} (`max_queued`)")]
    QueueFull {
        /// What they wait for: the model, or `retry_budget`.
        queue: String,
        /// How many may wait.
        most: usize,
    },
    /// Nothing was sent: there is no token to send it with.
    #[error("there is no access token for the Gemini API")]
    Token {
        /// What the provider of tokens says.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The API took the request and sent something that is no answer.
    #[error(transparent)]
    NoAnswer(Box<NoAnswer>),
    /// The API could not be reached, or hung up before its answer.
    #[error("the Gemini API at {peer} could not be reached")]
    Connection {
        /// Its host, and the proxy where one is used.
        peer: String,
        /// What the HTTP client says.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A limit on waiting was reached.
    #[error("the Gemini API{} took longer than {limit:?} {wait}", at(peer.as_deref()))]
    Timeout {
        /// Its host, and the proxy where one is used, if it was not reached at all.
        peer: Option<String>,
        /// What was waited for.
        wait: Wait,
        /// How long it may take.
        limit: Duration,
    },
    /// The answer ended before the model did.
    #[error("the Gemini API's answer broke off")]
    Interrupted {
        /// What the HTTP client says; `None`: the answer ended in order, but too early.
        source: Option<Box<dyn Error + Send + Sync>>,
    },
    /// The answer is larger than the client allows.
    #[error("the Gemini API's answer is larger than {limit} bytes")]
    TooLarge {
        /// The bound, in bytes after decompression.
        limit: usize,
    },
    /// The answer is not the API's: a proxy's page, for example.
    #[error("the answer is not the Gemini API's ({content_type}): {excerpt}")]
    Foreign {
        /// Its `Content-Type`.
        content_type: String,
        /// How it begins.
        excerpt: String,
    },
}

fn at(peer: Option<&str>) -> String {
    peer.map(|peer| format!(" at {peer}")).unwrap_or_default()
}

/// What a client waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Wait {
    /// A connection.
    Connect,
    /// The first byte of the answer.
    FirstByte,
    /// More of an answer that began.
    More,
    /// The whole answer.
    Whole,
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "to connect",
            Self::FirstByte => "to begin its answer",
            Self::More => "to continue its answer",
            Self::Whole => "for its whole answer",
        })
    }
}

impl GeminiError {
    /// A short `snake_case` word programs can match on.
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

    /// Whether the same request may succeed when it is sent again.
    pub fn is_retryable(&self) -> bool {
        self.retry_limit() != Some(0)
    }

    /// How many further attempts are reasonable at most: `Some(0)` none, `Some(1)` one for a
    /// failure that is as likely to be lasting, `None` as many as the caller's policy has.
    pub fn retry_limit(&self) -> Option<u32> {
        match self {
            Self::InvalidRequest { .. } | Self::TooLarge { .. } => Some(0),
            Self::Api(error) | Self::CoolingDown { error, .. } => {
                (!error.is_retryable()).then_some(0)
            }
            Self::NoAnswer(error) => error.retry_limit(),
            Self::Foreign { .. } => Some(1),
            Self::Connection { .. }
            | Self::Timeout { .. }
            | Self::Interrupted { .. }
            | Self::QueueFull { .. }
            | Self::Token { .. } => None,
        }
    }

    /// Whether it is from a request that was sent.
    pub(crate) fn was_sent(&self) -> bool {
        !matches!(
            self,
            Self::InvalidRequest { .. }
                | Self::CoolingDown { .. }
                | Self::QueueFull { .. }
                | Self::Token { .. }
        )
    }

    /// Whether it is for want of this model that there is no answer, so that another may give one:
    /// it is unknown or retired, over a limit or a quota, or overloaded.
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

    /// How long to wait at least before the next attempt: what the API asked for, or what is left
    /// of it.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Api(error) => error.retry_after(),
            Self::CoolingDown { left, error, .. } => error.is_retryable().then_some(*left),
            _ => None,
        }
    }

    /// The HTTP status of a refusal.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Api(error) | Self::CoolingDown { error, .. } => Some(error.http_status()),
            _ => None,
        }
    }

    /// Tokens that were used all the same, where the API said so.
    pub fn usage(&self) -> Option<Usage> {
        match self {
            Self::NoAnswer(error) => Some(error.usage()),
            _ => None,
        }
    }

    /// Makes foreign texts fit to be shown. Every error passes here on its way out.
    pub(crate) fn presented(mut self, key: &Secret) -> Self {
        match &mut self {
            Self::Api(error) => error.present(key),
            Self::NoAnswer(error) => error.present(key),
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
