//! Errors: [`Failure`] of a request within the crate, [`ConfigError`] of settings.
//!
//! This module owns the meaning of every status, error object and finish reason: its code, whether a retry is useful, how long to
//! wait, and a hint. A failure leaves the crate as a [`ModelError`](workflow_llm::ModelError), redacted.

mod class;
mod config;
mod no_answer;
mod outcome;
mod refusal;

pub use self::config::ConfigError;
pub(crate) use self::{
    no_answer::{NoAnswer, NoAnswerReason},
    outcome::{CallFacts, ErrorContext},
    refusal::Refusal,
};

use std::error::Error;

use workflow_httpkit::{ReadError, Redactor, TimedOut};

/// The most characters of a server's text in an error.
const LONGEST: usize = 1_000;

/// The number of bytes that are kept of an answer that is not the API's. More than an error shows, since spaces are joined there, and a part of
/// the key at the end is dropped.
pub(crate) const HEAD: usize = 4_096;

/// The beginning of a text, on one line and without secrets.
fn excerpt(text: &str, redactor: &Redactor) -> String {
    workflow_httpkit::excerpt(text.to_owned(), redactor, LONGEST)
}

/// Why a request that was sent has no answer. Texts of the server are unredacted.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The API refused the request, at once or in the middle of the answer.
    Refused(Box<Refusal>),
    /// The API accepted the request, but its answer has neither text nor calls.
    NoAnswer(Box<NoAnswer>),
    /// The API could not be reached, or closed the connection before its answer.
    Connection(reqwest::Error),
    /// A timeout of the client was reached.
    Timeout(TimedOut),
    /// The answer ended before the model did. `None` if the body ended regularly, but too early.
    Interrupted(Option<Box<dyn Error + Send + Sync>>),
    /// The answer has more bytes than this limit.
    TooLarge(usize),
    /// The answer is not from the API, but for example a proxy's error page with status 200.
    Foreign {
        content_type: String,
        excerpt: String,
    },
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

impl From<Box<NoAnswer>> for Failure {
    fn from(error: Box<NoAnswer>) -> Self {
        Self::NoAnswer(error)
    }
}

impl From<TimedOut> for Failure {
    fn from(error: TimedOut) -> Self {
        Self::Timeout(error)
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::TooLarge(limit) => Self::TooLarge(limit),
            ReadError::Interrupted(source) => Self::Interrupted(Some(source)),
        }
    }
}
