//! What can be wrong: with an attempt, with a run, with a specification.
//!
//! - A node returns a [`NodeError`]. It classifies the failure: whether a retry may help, and when.
//! - A [`Problem`] is a failure as events and HTTP responses show it (RFC 9457).
//! - A [`Fault`] is one mistake in a specification, an input or an answer, with a [`FaultCode`], the JSON pointer of
//!   its place and mostly a hint. [`InvalidWorkflow`] holds all faults of a specification.

mod fault;
mod pointer;
mod suggest;

pub use self::fault::{Fault, FaultCode, InvalidWorkflow};
pub(crate) use self::{
    pointer::{Pointer, escaped},
    suggest::{Suggestions, did_you_mean, nearest, shown},
};

use std::{any::Any, borrow::Cow, error::Error, fmt, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why an attempt at a step failed. The node classifies the failure; the engine decides whether to retry.
///
/// A new error is permanent: the step fails without another attempt. [`with_retry`](Self::with_retry),
/// [`with_retry_after`](Self::with_retry_after) and [`with_awaited`](Self::with_awaited) mark it as
/// retryable. A retryable error is retried only as often as the [`RetryPolicy`](crate::RetryPolicy) of the step
/// allows, so a node must not retry by itself.
///
/// `Display` writes the message only. The code is read with [`code`](Self::code), the cause with
/// [`Error::source`].
///
/// ```
/// use std::time::Duration;
/// use workflow_core::NodeError;
///
/// let permanent = NodeError::new("unknown_city", "no weather station in `Atlantis`")
///     .with_hint("use the name of a city");
/// assert!(!permanent.is_retryable());
///
/// let overloaded = NodeError::new("weather_overloaded", "the weather service answered 503")
///     .with_retry_after(Duration::from_secs(2));
/// assert!(overloaded.is_retryable());
/// assert_eq!(overloaded.problem().retry_after_ms, Some(2_000));
/// ```
#[derive(Debug)]
pub struct NodeError {
    problem: Box<Problem>,
    retryable: bool,
    retry_after: Option<Duration>,
    waits_for: Option<Cow<'static, str>>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl NodeError {
    /// A permanent error: another attempt would fail in the same way.
    ///
    /// `code` is a short `snake_case` word that programs match on, such as `rate_limited`. It becomes part of
    /// the log, so it should not change between versions. `message` is one sentence without secrets: events and
    /// pages show it.
    pub fn new(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self {
            problem: Box::new(Problem::new(code, message)),
            retryable: false,
            retry_after: None,
            waits_for: None,
            source: None,
        }
    }

    /// Marks the error as retryable: another attempt may succeed. The wait is that of the retry policy.
    #[must_use]
    pub fn with_retry(mut self) -> Self {
        self.retryable = true;
        self
    }

    /// Marks the error as retryable, but not earlier than after `wait`.
    ///
    /// The engine waits for this time or for the time of the retry policy, whichever is longer. A `wait` longer than
    /// [`LONGEST_REQUESTED_WAIT`](crate::node::LONGEST_REQUESTED_WAIT) fails the step at once.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.problem.retry_after_ms = Some(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
        self.retry_after = Some(wait);
        self.with_retry()
    }

    /// Marks the error as retryable, and names the shared resource that the next attempt must wait for, such as
    /// a `retry_budget`. `node.retrying` shows the name.
    ///
    /// The next attempt does the waiting, and reports it by
    /// [`NodeContext::queued`](crate::NodeContext::queued).
    #[must_use]
    pub fn with_awaited(mut self, what: impl Into<Cow<'static, str>>) -> Self {
        self.waits_for = Some(what.into());
        self.with_retry()
    }

    /// Adds a hint: what the author of the workflow can change so that the step succeeds.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.problem.hint = Some(hint.into());
        self
    }

    /// Adds the single faults, for an error that has several, such as an output that does not fit its schema.
    #[must_use]
    pub fn with_errors(mut self, errors: Vec<Fault>) -> Self {
        self.problem.errors = errors;
        self
    }

    /// Sets the error that caused this one. It is for logs of the process: events and responses do not show it, so it
    /// may contain internal details.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The code that programs match on.
    pub fn code(&self) -> &str {
        &self.problem.code
    }

    /// Whether another attempt may succeed.
    pub fn is_retryable(&self) -> bool {
        self.retryable
    }

    /// The shortest wait before the next attempt, as the other side requests it.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// The shared resource that the next attempt has to wait for.
    pub(crate) fn awaited(&self) -> Option<Cow<'static, str>> {
        self.waits_for.clone()
    }

    /// The part of the error that events and responses show.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// As [`problem`](Self::problem), without a copy.
    pub fn into_problem(self) -> Problem {
        *self.problem
    }
}

impl fmt::Display for NodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem.detail)
    }
}

impl Error for NodeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn Error + 'static))
    }
}

/// A failure as events and HTTP responses show it: a problem document (RFC 9457).
///
/// In JSON it also has a `type`, the URI reference `/problems/` with the code in kebab case. `type` is derived
/// from `code` when it is written and ignored when it is read.
///
/// ```
/// use workflow_core::error::Problem;
///
/// let problem = Problem::new("run_not_found", "there is no run `r1`").with_title("No such run");
/// let json = serde_json::to_value(&problem).unwrap();
/// assert_eq!(json["type"], "/problems/run-not-found");
/// assert_eq!(json["title"], "No such run");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "ProblemJson", into = "ProblemJson")]
#[non_exhaustive]
pub struct Problem {
    /// The code that programs match on: a short `snake_case` word.
    pub code: Cow<'static, str>,
    /// A short name of the kind of problem. It is the same for every problem with this code.
    pub title: Cow<'static, str>,
    /// What happened in this case, in one sentence.
    pub detail: String,
    /// What the caller can do about it.
    pub hint: Option<String>,
    /// The shortest wait before another attempt, in milliseconds, as the other side requests it.
    pub retry_after_ms: Option<u64>,
    /// The single faults, for a problem that has several. Empty otherwise.
    pub errors: Vec<Fault>,
}

impl Problem {
    /// A problem whose title is derived from its code: `model_overloaded` becomes `Model overloaded`.
    pub fn new(code: impl Into<Cow<'static, str>>, detail: impl Into<String>) -> Self {
        let code = code.into();
        let title = title_of(&code).into();
        Self {
            code,
            title,
            detail: detail.into(),
            hint: None,
            retry_after_ms: None,
            errors: Vec::new(),
        }
    }

    /// Sets the title, for codes whose words are not a good title.
    #[must_use]
    pub fn with_title(mut self, title: impl Into<Cow<'static, str>>) -> Self {
        self.title = title.into();
        self
    }

    /// Adds a way out.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Sets the single faults.
    #[must_use]
    pub fn with_errors(mut self, errors: Vec<Fault>) -> Self {
        self.errors = errors;
        self
    }
}

/// `model_overloaded` becomes `Model overloaded`.
fn title_of(code: &str) -> String {
    let words = code.replace('_', " ");
    let mut chars = words.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}

/// A failure as events and HTTP responses show it: a problem document (RFC 9457).
#[derive(Serialize, Deserialize, JsonSchema)]
struct ProblemJson {
    /// The kind of problem as a URI reference: `/problems/` with the code in kebab case.
    #[serde(rename = "type", default)]
    kind: String,
    /// A short name of the kind of problem.
    title: Cow<'static, str>,
    /// The code that programs match on.
    code: Cow<'static, str>,
    /// What happened in this case, in one sentence.
    detail: String,
    /// What the caller can do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    /// The shortest wait before another attempt, in milliseconds, as the other side requests it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
    /// The single faults, for a problem that has several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Fault>,
}

impl From<Problem> for ProblemJson {
    fn from(problem: Problem) -> Self {
        let Problem {
            code,
            title,
            detail,
            hint,
            retry_after_ms,
            errors,
        } = problem;
        let kind = format!("/problems/{}", code.replace('_', "-"));
        Self {
            kind,
            title,
            code,
            detail,
            hint,
            retry_after_ms,
            errors,
        }
    }
}

impl From<ProblemJson> for Problem {
    fn from(json: ProblemJson) -> Self {
        let ProblemJson {
            title,
            code,
            detail,
            hint,
            retry_after_ms,
            errors,
            ..
        } = json;
        Self {
            code,
            title,
            detail,
            hint,
            retry_after_ms,
            errors,
        }
    }
}

/// The message of a panic.
pub(crate) fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let message = panic.downcast_ref::<&str>().copied();
    let message = message.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    message.unwrap_or("no message")
}
