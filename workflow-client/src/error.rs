//! [`Error`]: why a request, a stream or a run failed.

use std::{error, fmt, time::Duration};

use workflow_core::error::{Fault, Problem};

/// Why a request, a stream or a run failed.
///
/// `Display` writes what was attempted and why it failed; [`code`](Self::code), [`hint`](Self::hint) and
/// [`faults`](Self::faults) have the details of a refusal. Neither contains the API key.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    attempt: String,
    status: Option<u16>,
    problem: Box<Problem>,
    retry_after: Option<Duration>,
    source: Option<Box<dyn error::Error + Send + Sync>>,
}

/// The kinds of errors, by what a caller can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// There was no response, or it broke off. Whether the request took effect is not known.
    Unreachable,
    /// The server refused the request. [`Error::status`], [`Error::code`] and [`Error::faults`] say why.
    Refused,
    /// The response is not one of a workflow server of this version, or the request cannot be sent as HTTP.
    Protocol,
    /// No step with this path waits for an answer.
    NoWait,
    /// The run failed. [`Error::problem`] is its error.
    RunFailed,
    /// The run was cancelled.
    RunCancelled,
}

impl Error {
    pub(crate) fn unreachable(
        attempt: impl Into<String>,
        source: impl Into<Box<dyn error::Error + Send + Sync>>,
    ) -> Self {
        let problem = Problem::new("unreachable", "the server did not respond");
        let mut error = Self::new(ErrorKind::Unreachable, attempt, problem);
        error.source = Some(source.into());
        error
    }

    pub(crate) fn refused(
        attempt: impl Into<String>,
        status: u16,
        problem: Problem,
        retry_after: Option<Duration>,
    ) -> Self {
        let mut error = Self::new(ErrorKind::Refused, attempt, problem);
        error.status = Some(status);
        error.retry_after = retry_after;
        error
    }

    pub(crate) fn protocol(attempt: impl Into<String>, detail: impl Into<String>) -> Self {
        let problem = Problem::new("unexpected_response", detail);
        Self::new(ErrorKind::Protocol, attempt, problem)
    }

    pub(crate) fn new(kind: ErrorKind, attempt: impl Into<String>, problem: Problem) -> Self {
        Self {
            kind,
            attempt: attempt.into(),
            status: None,
            problem: Box::new(problem),
            retry_after: None,
            source: None,
        }
    }

    pub(crate) fn with_source(
        mut self,
        source: impl Into<Box<dyn error::Error + Send + Sync>>,
    ) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The kind of error.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The HTTP status of a refusal.
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// The code that programs match on, such as `unknown_run`: that of the server, or of the failed run.
    pub fn code(&self) -> &str {
        &self.problem.code
    }

    /// What the caller can do about it, if the server says so.
    pub fn hint(&self) -> Option<&str> {
        let first = || {
            self.problem
                .errors
                .iter()
                .find_map(|fault| fault.hint.as_deref())
        };
        self.problem.hint.as_deref().or_else(first)
    }

    /// The single faults of a workflow, an input or an answer, each with a JSON pointer.
    pub fn faults(&self) -> &[Fault] {
        &self.problem.errors
    }

    /// The whole problem: that of the server, or the error of the failed run.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// Whether the same request may succeed later: no response, 408, 429, 502, 503 or 504. The client has retried already,
    /// for as long as its settings allow.
    pub fn is_retryable(&self) -> bool {
        match self.kind {
            ErrorKind::Unreachable => true,
            ErrorKind::Refused => matches!(self.status, Some(408 | 429 | 502..=504)),
            _ => false,
        }
    }

    /// Whether the server said that the request took no effect but may later.
    pub(crate) fn took_no_effect(&self) -> bool {
        matches!(self.status, Some(429 | 503))
    }

    /// The shortest wait before another try, as the server requests it.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.attempt, self.problem.detail)?;
        match self.problem.errors.as_slice() {
            [] => Ok(()),
            [fault] => write!(f, ": {fault}"),
            [first, others @ ..] => write!(f, ": {first}, and {} more", others.len()),
        }
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        let source = self.source.as_deref()?;
        Some(source)
    }
}
