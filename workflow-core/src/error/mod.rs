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

use std::{borrow::Cow, error::Error, fmt, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why an attempt at a step failed. The node classifies, the engine decides whether to try again.
#[derive(Debug)]
pub struct NodeError {
    problem: Box<Problem>,
    retryable: bool,
    retry_after: Option<Duration>,
    waits_for: Option<Cow<'static, str>>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl NodeError {
    /// An error that another attempt would meet again.
    ///
    /// `code` is a short `snake_case` word programs can match on, `message` a sentence for people.
    pub fn new(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self {
            problem: Box::new(Problem::new(code, message)),
            retryable: false,
            retry_after: None,
            waits_for: None,
            source: None,
        }
    }

    /// Says that another attempt may succeed.
    #[must_use]
    pub fn with_retry(mut self) -> Self {
        self.retryable = true;
        self
    }

    /// Says that another attempt may succeed, but not sooner than this.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.problem.retry_after_ms = Some(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
        self.retry_after = Some(wait);
        self.with_retry()
    }

    /// Says that another attempt may succeed, and that it will have to wait for something that
    /// attempts share, such as a `retry_budget`: `node.retrying` shows it. The next attempt does the
    /// waiting, and reports it by [`NodeContext::queued`](crate::NodeContext::queued).
    #[must_use]
    pub fn with_awaited(mut self, what: impl Into<Cow<'static, str>>) -> Self {
        self.waits_for = Some(what.into());
        self.with_retry()
    }

    /// Says what would mend it.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.problem.hint = Some(hint.into());
        self
    }

    /// Lists the single faults, where there are several.
    #[must_use]
    pub fn with_errors(mut self, errors: Vec<Fault>) -> Self {
        self.problem.errors = errors;
        self
    }

    /// Keeps what caused it. The cause is for logs; it is not shown in events.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The code programs match on.
    pub fn code(&self) -> &str {
        &self.problem.code
    }

    /// Whether another attempt may succeed.
    pub fn is_retryable(&self) -> bool {
        self.retryable
    }

    /// How long the other side asked to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// What the next attempt will have to wait for.
    pub(crate) fn awaited(&self) -> Option<Cow<'static, str>> {
        self.waits_for.clone()
    }

    /// What events show of it.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// What events show of it.
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

/// A failure as programs and people read it: the JSON of RFC 9457, in events as in HTTP answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "ProblemJson", into = "ProblemJson")]
#[non_exhaustive]
pub struct Problem {
    /// A short `snake_case` word programs can match on.
    pub code: Cow<'static, str>,
    /// The kind of problem in a few words, the same for every problem of this code.
    pub title: Cow<'static, str>,
    /// This problem in a sentence.
    pub detail: String,
    /// What would mend it.
    pub hint: Option<String>,
    /// How long the other side asked to wait, in milliseconds.
    pub retry_after_ms: Option<u64>,
    /// The single faults, where there are several.
    pub errors: Vec<Fault>,
}

impl Problem {
    /// A problem whose title is its code in words.
    pub fn new(code: impl Into<Cow<'static, str>>, detail: impl Into<String>) -> Self {
        let code = code.into();
        let title = in_words(&code).into();
        Self {
            code,
            title,
            detail: detail.into(),
            hint: None,
            retry_after_ms: None,
            errors: Vec::new(),
        }
    }

    /// Gives it a better title.
    #[must_use]
    pub fn with_title(mut self, title: impl Into<Cow<'static, str>>) -> Self {
        self.title = title.into();
        self
    }

    /// Lists the single faults.
    #[must_use]
    pub fn with_errors(mut self, errors: Vec<Fault>) -> Self {
        self.errors = errors;
        self
    }
}

/// `model_overloaded` -> `Model overloaded`.
fn in_words(code: &str) -> String {
    let words = code.replace('_', " ");
    let mut chars = words.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}

/// A failure as programs and people read it: the JSON of RFC 9457, in events as in HTTP answers.
#[derive(Serialize, Deserialize, JsonSchema)]
struct ProblemJson {
    /// Its kind as a URI: the code.
    #[serde(rename = "type", default)]
    kind: String,
    /// Its kind in a few words.
    title: Cow<'static, str>,
    /// What programs match on.
    code: Cow<'static, str>,
    /// This problem in a sentence.
    detail: String,
    /// What would mend it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    /// How long the other side asked to wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
    /// The single faults, where there are several.
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
