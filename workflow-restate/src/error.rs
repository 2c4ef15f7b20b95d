//! What can be wrong with the settings.

use std::net::SocketAddr;

type Source = Box<dyn std::error::Error + Send + Sync>;

/// Settings that cannot be used. Nothing was started, and nothing was sent to Restate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// A URL is not one of HTTP, or has a query or a fragment.
    #[error("the URL of {of} cannot be used: {reason}")]
    InvalidUrl {
        /// What the URL is of.
        of: &'static str,
        /// What is wrong with it. Without the URL, which may hold a password.
        reason: String,
    },
    /// A key that does not verify anything.
    #[error(
        "the identity key cannot be used: expected the public key of Restate, `publickeyv1_…`, as it logs it when it starts \
         with a private key"
    )]
    InvalidIdentityKey(#[source] Source),
    /// Any machine that reaches the address could have runs driven.
    #[error(
        "calls to {0} can come from other machines, and nothing checks that Restate sends them: set its identity key \
         (`publickeyv1_…`), or listen on a loopback address such as 127.0.0.1"
    )]
    UnverifiedCalls(SocketAddr),
    /// The listener has no address.
    #[error("the address of the listener cannot be read")]
    Listener(#[source] std::io::Error),
    /// The HTTP client cannot be made.
    #[error("the HTTP client cannot be made")]
    Client(#[source] Source),
}
