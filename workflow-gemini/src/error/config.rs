//! Why a client cannot be built.

use std::error::Error;

use workflow_httpkit::UnusableSecret;

/// Why a client could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// No key was given and none is in the environment.
    #[error("no Gemini API key: set GEMINI_API_KEY or GOOGLE_API_KEY")]
    MissingKey,
    /// The key has characters no HTTP header can carry.
    #[error("the Gemini API key has characters that an HTTP header cannot carry")]
    InvalidKey,
    /// The base URL cannot be used. It is not shown, since it may hold a password.
    #[error("the Gemini base URL is not usable: {reason}")]
    InvalidBaseUrl {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A limit lets no request through.
    #[error("{limit} is 0: no request could be sent")]
    NothingAllowed {
        /// The setting, as the builder names it.
        limit: &'static str,
    },
    /// An environment variable has a value that cannot be used.
    #[error("{name} has to be {expected}")]
    InvalidVariable {
        /// The variable.
        name: &'static str,
        /// What it may be.
        expected: &'static str,
    },
    /// The HTTP client could not be set up, for example for want of root certificates.
    #[error("the HTTP client could not be set up")]
    Http(#[source] Box<dyn Error + Send + Sync>),
}

impl ConfigError {
    pub(crate) fn of_key(error: UnusableSecret) -> Self {
        match error {
            UnusableSecret::Empty => Self::MissingKey,
            UnusableSecret::NotAHeader => Self::InvalidKey,
        }
    }
}
