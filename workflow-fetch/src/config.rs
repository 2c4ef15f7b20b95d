//! What a client may be built from.

use std::{error::Error, net::IpAddr};

use ipnet::IpNet;

use crate::origin::Origin;

/// Why a client could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// An origin cannot be used. It is not shown, since it may hold a password.
    #[error("the origin to allow is not usable: {reason}")]
    InvalidOrigin {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A text is neither an address nor a range of addresses.
    #[error("`{text}` is neither an address nor a range such as `10.1.0.0/16`")]
    InvalidAddresses {
        /// What was given.
        text: String,
    },
    /// The HTTP client could not be set up, for example for want of root certificates.
    #[error("the HTTP client could not be set up")]
    Http(#[source] Box<dyn Error + Send + Sync>),
}

impl ConfigError {
    pub(crate) fn check_origin(text: &str) -> Result<Origin, Self> {
        Origin::parse(text).map_err(|reason| Self::InvalidOrigin { reason })
    }

    pub(crate) fn check_addresses(text: &str) -> Result<IpNet, Self> {
        let text = text.trim();
        let one = text.parse::<IpAddr>().map(IpNet::from);
        one.or_else(|_| text.parse::<IpNet>())
            .map_err(|_| Self::InvalidAddresses {
                text: text.to_owned(),
            })
    }
}
