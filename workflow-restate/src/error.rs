//! What can be wrong: the settings, and requests to Restate.

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

/// Why a request to Restate failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RestateError {
    /// There was no answer, or not in time.
    #[error("Restate cannot be reached at {address}")]
    Unreachable {
        /// The address, without user and password.
        address: String,
        /// Why not. Without the URL.
        #[source]
        source: Source,
    },
    /// The answer is not a success.
    #[error("{address} answered {status}: {message}")]
    Refused {
        /// The address, without user and password.
        address: String,
        /// The HTTP status.
        status: u16,
        /// The beginning of the message, on one line.
        message: String,
    },
    /// Restate knows another service with the name of the one that is registered.
    #[error(
        "Restate knows another service with the name `Runs`: use a Restate of its own for these workers, or remove that \
         service ({message})"
    )]
    Conflict {
        /// What Restate says.
        message: String,
    },
    /// Restate knows the workers, and calls others.
    #[error(
        "Restate calls the workers of deployment {deployment}, which were registered later at another URL: all workers \
         must have one URL, and other services need a Restate of their own"
    )]
    OtherWorkers {
        /// The id of their deployment.
        deployment: String,
    },
}

impl RestateError {
    /// Whether what was asked for is not known there.
    pub(crate) fn is_unknown(&self) -> bool {
        matches!(self, Self::Refused { status: 404, .. })
    }

    /// The error of a registration.
    pub(crate) fn of_registration(self) -> Self {
        match self {
            Self::Refused {
                status: 409,
                message,
                ..
            } => Self::Conflict { message },
            other => other,
        }
    }
}
