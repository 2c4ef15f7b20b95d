//! [`ConfigError`], and the checks of origins and addresses that produce it.

use std::{error::Error, net::IpAddr};

use ipnet::IpNet;

use crate::origin::Origin;

/// The error of [`HttpClientBuilder::build`](crate::HttpClientBuilder::build) and of
/// [`FromEnv::with_name_for`](crate::FromEnv::with_name_for).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// An origin is invalid. The error does not contain it, because it may have a password.
    #[error("the allowed origin is invalid: {reason}")]
    InvalidOrigin {
        /// The fault, without the origin.
        reason: &'static str,
    },
    /// A text is neither an address nor a range of addresses.
    #[error("`{text}` is neither an address nor a range such as `10.1.0.0/16`")]
    InvalidAddresses {
        /// The text.
        text: String,
    },
    /// A range has bits after its prefix, so it may mean the one address or the range.
    #[error(
        "`{text}` is an address within a range: write `{range}` for the range, `{address}` for the address"
    )]
    AmbiguousRange {
        /// The text.
        text: String,
        /// The range of this prefix.
        range: String,
        /// The address alone.
        address: IpAddr,
    },
    /// A range contains every address.
    #[error("`{text}` allows every address: name the networks that are needed")]
    EveryAddress {
        /// The text.
        text: String,
    },
    /// Private addresses are allowed for an origin that is not allowed itself.
    #[error(
        "private addresses are allowed for {origin}, which is not an allowed origin: allow it, too"
    )]
    PrivateOriginNotAllowed {
        /// The origin.
        origin: String,
    },
    /// The HTTP client could not be set up, for example because there are no root certificates.
    #[error("the HTTP client could not be set up")]
    Http(#[source] Box<dyn Error + Send + Sync>),
}

impl ConfigError {
    /// Parses an origin of the settings.
    pub(crate) fn check_origin(text: &str) -> Result<Origin, Self> {
        Origin::parse(text).map_err(|reason| Self::InvalidOrigin { reason })
    }

    /// Parses an address or a range. Refuses ranges that are probably mistakes: every address, and a range
    /// with bits after its prefix.
    pub(crate) fn check_addresses(text: &str) -> Result<IpNet, Self> {
        let text = text.trim();
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(address.into());
        }
        let owned = || text.to_owned();
        let net = text.parse::<IpNet>();
        let net = net.map_err(|_| Self::InvalidAddresses { text: owned() })?;
        if net.prefix_len() == 0 {
            return Err(Self::EveryAddress { text: owned() });
        }
        if net.addr() != net.network() {
            return Err(Self::AmbiguousRange {
                text: owned(),
                range: net.trunc().to_string(),
                address: net.addr(),
            });
        }
        Ok(net)
    }
}
