//! Why a call failed, and what a workflow is told about it.

use std::{borrow::Cow, error::Error, net::IpAddr, time::Duration};

use workflow_core::{NodeError, value::MAX_OUTPUT_BYTES};
use workflow_httpkit::{Redactor, excerpt_of_refusal, shortened};

use crate::{expect::Expected, origin::Origin};

/// The most characters of foreign text that an error shows.
const LONGEST: usize = 500;

/// A name or an address that workflows must not reach.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ForbiddenAddress {
    /// A URL with an address in it.
    #[error("`{0}` is not to be reached: it is {1}")]
    Literal(IpAddr, &'static str),
    /// A name that has an address.
    #[error("`{name}` is not to be reached: its address {address} is {kind}")]
    Resolved {
        name: String,
        address: IpAddr,
        kind: &'static str,
    },
    /// A name that is local by convention.
    #[error("`{0}` is not to be reached: it is a name of this machine or its network")]
    Name(String),
}

/// Why a call failed. It may hold secrets: it is shown by [`FetchError::told`] only.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    #[error("the URL is not usable: {0}")]
    InvalidUrl(Cow<'static, str>),
    #[error("`{0}` is not among the origins that workflows may call")]
    OriginNotAllowed(Origin),
    #[error(transparent)]
    AddressNotAllowed(#[from] ForbiddenAddress),
    #[error("there is no secret `{name}` for `{origin}`")]
    UnknownSecret { name: String, origin: Origin },
    #[error("the value of the header `{0}` has characters that a header cannot carry")]
    InvalidHeader(String),
    #[error("{what} has more than {limit} bytes")]
    RequestTooLarge { what: &'static str, limit: usize },
    #[error("`{0}` could not be reached: {root}", root = root(.1.as_ref()))]
    Connection(Origin, Box<dyn Error + Send + Sync>),
    #[error("`{origin}` did not {what} within {limit:?}")]
    Timeout {
        origin: Origin,
        what: &'static str,
        limit: Duration,
    },
    #[error("the answer of `{0}` broke off: {root}", root = root(.1.as_ref()))]
    Interrupted(Origin, Box<dyn Error + Send + Sync>),
    #[error("the answer has more than {MAX_OUTPUT_BYTES} bytes")]
    ResponseTooLarge,
    #[error("the answer is not text in UTF-8: its type is `{0}`")]
    BodyNotText(String),
    #[error("the answer says that it is JSON, but is not: {0}")]
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

/// An answer with a status that the workflow does not expect.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: reqwest::StatusCode,
    pub(crate) expected: Expected,
    pub(crate) wait: Option<Duration>,
    pub(crate) body: Vec<u8>,
}

impl FetchError {
    pub(crate) fn invalid_url(error: url::ParseError) -> Self {
        Self::InvalidUrl(error.to_string().into())
    }

    /// The error as a workflow sees it, without secrets.
    pub(crate) fn told(&self, redactor: &Redactor) -> NodeError {
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

    fn code(&self) -> &'static str {
        match self {
            Self::InvalidUrl(_) => "invalid_url",
            Self::OriginNotAllowed(_) => "origin_not_allowed",
            Self::AddressNotAllowed(_) => "address_not_allowed",
            Self::UnknownSecret { .. } => "unknown_secret",
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

    fn message(&self, redactor: &Redactor) -> String {
        // Hosts and types of content are foreign, and may be long.
        let message = shortened(redactor.text(self.to_string()), LONGEST);
        match self {
            Self::UnexpectedStatus { answer, .. } => {
                let body = excerpt_of_refusal(&answer.body, redactor, LONGEST);
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
            Self::OriginNotAllowed(_) => {
                "whoever runs the service has to allow it (`--allow-origin`, or `with_origin` of its \
                 client)"
            }
            Self::AddressNotAllowed(_) => {
                "workflows reach public addresses only, unless the operator of the service opens others for \
                 the origin (`--allow-private`, or `with_private_addresses` of its client)"
            }
            Self::UnknownSecret { .. } => {
                "whoever runs the service has to provide it (`--secret`, or `with_secrets` of its client)"
            }
            Self::UnexpectedStatus { .. } => {
                "list the status in `expect_status` if the workflow is to go on with it"
            }
            Self::Redirected(error) => return error.hint(),
            _ => return None,
        })
    }

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

/// What lies at the bottom of an error, such as a refused connection.
fn root<'a>(error: &'a (dyn Error + Send + Sync + 'static)) -> &'a (dyn Error + 'static) {
    let mut root: &dyn Error = error;
    while let Some(deeper) = root.source() {
        root = deeper;
    }
    root
}
