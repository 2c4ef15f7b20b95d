//! The errors of a call, and their conversion to errors of a node: code, message, hint, retry.

use std::{borrow::Cow, error::Error, net::IpAddr, time::Duration};

use workflow_core::{NodeError, value::MAX_OUTPUT_BYTES};
use workflow_httpkit::{Redactor, excerpt_of_refusal, shortened};

use crate::{expect::Expected, origin::Origin};

/// The most characters of a server's text in an error.
const MAX_EXCERPT: usize = 500;

/// The error for a name or an address that workflows must not reach.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ForbiddenAddress {
    /// A forbidden address as the host of a URL.
    #[error("workflows must not reach `{0}`: it is {1}")]
    Literal(IpAddr, &'static str),
    /// A name with a forbidden address.
    #[error("workflows must not reach `{name}`: its address {address} is {kind}")]
    Resolved {
        name: String,
        address: IpAddr,
        kind: &'static str,
    },
    /// A name that is local by convention.
    #[error("workflows must not reach `{0}`: it is a name of this machine or its network")]
    Name(String),
}

/// The error of a call. Its texts may contain secrets, so it leaves the crate only through
/// [`FetchError::to_node_error`].
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    #[error("the URL is invalid: {0}")]
    InvalidUrl(Cow<'static, str>),
    #[error("`{0}` is not among the origins that workflows may call")]
    OriginNotAllowed(Origin),
    #[error(transparent)]
    AddressNotAllowed(#[from] ForbiddenAddress),
    #[error("there is no secret `{name}` for `{origin}`")]
    UnknownSecret { name: String, origin: Origin },
    #[error("there is no secret `{0}` that is the URL of an allowed origin")]
    UnknownUrlSecret(String),
    #[error(
        "the origin of the URL in the secret `{0}` is not among those that workflows may call with it"
    )]
    SecretOriginNotAllowed(String),
    #[error("the value of the header `{0}` has characters that are not allowed in a header")]
    InvalidHeader(String),
    #[error("{what} has more than {limit} bytes")]
    RequestTooLarge { what: &'static str, limit: usize },
    #[error("`{0}` could not be reached: {root}", root = root_cause(.1.as_ref()))]
    Connection(Origin, Box<dyn Error + Send + Sync>),
    #[error("`{origin}` did not {what} within {limit:?}")]
    Timeout {
        origin: Origin,
        what: &'static str,
        limit: Duration,
    },
    #[error("the answer of `{0}` broke off: {root}", root = root_cause(.1.as_ref()))]
    Interrupted(Origin, Box<dyn Error + Send + Sync>),
    #[error("the answer has more than {MAX_OUTPUT_BYTES} bytes")]
    ResponseTooLarge,
    #[error("the answer is not text in UTF-8: its type is `{0}`")]
    BodyNotText(String),
    #[error("the answer has a JSON content type, but is not valid JSON: {0}")]
    BodyNotJson(serde_json::Error),
    #[error("more than {0} redirects")]
    TooManyRedirects(usize),
    #[error("`{origin}` answered {status}, not {expected}", status = .answer.status, expected = .answer.expected)]
    UnexpectedStatus {
        origin: Origin,
        answer: Box<Refusal>,
    },
    #[error("the answer redirects, but {0}")]
    Redirected(Box<FetchError>),
}

/// A response with a status that the workflow does not expect.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: reqwest::StatusCode,
    pub(crate) expected: Expected,
    /// The wait that `Retry-After` asks for.
    pub(crate) wait: Option<Duration>,
    /// The first bytes of the body.
    pub(crate) body: Vec<u8>,
}

impl FetchError {
    /// The error of a URL that cannot be parsed, without the URL, whose query may be private.
    pub(crate) fn invalid_url(error: url::ParseError) -> Self {
        Self::InvalidUrl(error.to_string().into())
    }

    /// The error for the engine and the workflow, without secrets.
    pub(crate) fn to_node_error(&self, redactor: &Redactor) -> NodeError {
        let error = NodeError::new(self.code(), self.message(redactor));
        let error = match self.hint() {
            Some(hint) => error.with_hint(hint),
            None => error,
        };
        match (self.is_retryable(), self.wait()) {
            (true, Some(wait)) => error.with_retry_after(wait),
            (true, None) => error.with_retry(),
            (false, _) => error,
        }
    }

    /// The stable code. An error after a redirect has the code of its cause.
    fn code(&self) -> &'static str {
        match self {
            Self::InvalidUrl(_) => "invalid_url",
            Self::OriginNotAllowed(_) | Self::SecretOriginNotAllowed(_) => "origin_not_allowed",
            Self::AddressNotAllowed(_) => "address_not_allowed",
            Self::UnknownSecret { .. } | Self::UnknownUrlSecret(_) => "unknown_secret",
            Self::InvalidHeader(_) => "invalid_header",
            Self::RequestTooLarge { .. } => "request_too_large",
            Self::Connection(..) => "connection_failed",
            Self::Timeout { .. } => "timeout",
            Self::Interrupted(..) => "response_interrupted",
            Self::ResponseTooLarge => "response_too_large",
            Self::BodyNotText(_) => "body_not_text",
            Self::BodyNotJson(_) => "body_not_json",
            Self::TooManyRedirects(_) => "too_many_redirects",
            Self::UnexpectedStatus { .. } => "unexpected_status",
            Self::Redirected(error) => error.code(),
        }
    }

    /// The message without secrets, shortened. For an unexpected status it has the beginning of the body,
    /// where most services explain the error.
    fn message(&self, redactor: &Redactor) -> String {
        // Hosts and content types come from outside and may be long.
        let message = shortened(redactor.text(self.to_string()), MAX_EXCERPT);
        match self {
            Self::UnexpectedStatus { answer, .. } => {
                let body = excerpt_of_refusal(&answer.body, redactor, MAX_EXCERPT);
                if body.is_empty() {
                    message
                } else {
                    format!("{message}: {body}")
                }
            }
            _ => message,
        }
    }

    fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::OriginNotAllowed(_) | Self::SecretOriginNotAllowed(_) => {
                "the operator of the service can allow it (`--allow-origin`, or `with_origin` of its \
                 client)"
            }
            Self::AddressNotAllowed(_) => {
                "workflows reach public addresses only; the operator of the service can allow others for \
                 the origin (`--allow-private`, or `with_private_addresses` of its client)"
            }
            Self::UnknownSecret { .. } | Self::UnknownUrlSecret(_) => {
                "the operator of the service can provide it (`--secret`, or `with_secrets` of its client)"
            }
            Self::UnexpectedStatus { .. } => {
                "list the status in `expect_status` if the workflow should continue with it"
            }
            Self::Redirected(error) => return error.hint(),
            _ => return None,
        })
    }

    /// Whether a later attempt may succeed. The engine makes one only if the workflow sets `retry`.
    fn is_retryable(&self) -> bool {
        match self {
            Self::Connection(..) | Self::Timeout { .. } | Self::Interrupted(..) => true,
            Self::UnexpectedStatus { answer, .. } => {
                matches!(answer.status.as_u16(), 408 | 429 | 500 | 502..=504)
            }
            Self::Redirected(error) => error.is_retryable(),
            _ => false,
        }
    }

    fn wait(&self) -> Option<Duration> {
        match self {
            Self::UnexpectedStatus { answer, .. } => answer.wait,
            _ => None,
        }
    }
}

/// The last source of an error, such as a refused connection. The errors in between contain the URL.
fn root_cause<'a>(error: &'a (dyn Error + Send + Sync + 'static)) -> &'a (dyn Error + 'static) {
    let mut root: &dyn Error = error;
    while let Some(deeper) = root.source() {
        root = deeper;
    }
    root
}
