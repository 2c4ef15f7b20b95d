//! [`ConfigError`]: the error of the builder.

use std::error::Error;

/// The error of [`OpenAiClientBuilder::build`](crate::OpenAiClientBuilder::build). It contains neither the key, nor the value of a
/// header, nor the base URL, which may have a password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The key has characters that are not allowed in an HTTP header.
    #[error("the API key has characters that are not allowed in an HTTP header")]
    InvalidKey,
    /// A header has an invalid name or value, or is one that the client sets itself.
    #[error("the header `{name}` cannot be sent: {reason}")]
    InvalidHeader {
        /// The name of the header.
        name: String,
        /// The fault, without the value.
        reason: &'static str,
    },
    /// The base URL is invalid.
    #[error("the base URL is invalid: {reason}")]
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
    /// `extra` has a field that each request sets itself.
    #[error("`extra` cannot have `{field}`, which requests set themselves")]
    ReservedField {
        /// The name of the field.
        field: String,
    },
    /// The HTTP client could not be set up, for example because there are no root certificates.
    #[error("the HTTP client could not be set up")]
    Http(#[source] Box<dyn Error + Send + Sync>),
}
