//! [`ConfigError`]: the error of the builder.

use std::error::Error;

use workflow_httpkit::UnusableSecret;

/// The error of [`GeminiClientBuilder::build`](crate::GeminiClientBuilder::build). It contains neither
/// the key nor the base URL, which may have a password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// No key is set, neither by the builder nor by the environment.
    #[error("no Gemini API key: set GEMINI_API_KEY or GOOGLE_API_KEY")]
    MissingKey,
    /// The key has characters that are not allowed in an HTTP header.
    #[error("the Gemini API key has characters that are not allowed in an HTTP header")]
    InvalidKey,
    /// The base URL is invalid.
    #[error("the Gemini base URL is invalid: {reason}")]
    InvalidBaseUrl {
        /// The fault, without the URL.
        reason: &'static str,
    },
    /// A limit is 0, so that no request could be sent.
    #[error("{limit} is 0, so no request could be sent: set at least 1")]
    NothingAllowed {
        /// The name of the limit.
        limit: &'static str,
    },
    /// An environment variable has an invalid value.
    #[error("{name} must be {expected}")]
    InvalidVariable {
        /// The name of the variable.
        name: &'static str,
        /// The valid values, in words.
        expected: &'static str,
    },
    /// The HTTP client could not be set up, for example because there are no root certificates.
    #[error("the HTTP client could not be set up")]
    Http(#[source] Box<dyn Error + Send + Sync>),
}

impl ConfigError {
    /// Converts the error of a key. An empty key counts as a missing one: a variable that is set to nothing is the
    /// usual cause.
    pub(crate) fn of_key(error: UnusableSecret) -> Self {
        match error {
            UnusableSecret::Empty => Self::MissingKey,
            UnusableSecret::NotAHeader => Self::InvalidKey,
        }
    }
}
