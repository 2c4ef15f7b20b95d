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
    /// A range has bits behind its prefix, so that it is not clear what is meant: the one address,
    /// or the range.
    #[error(
        "`{text}` is an address within a range: write `{range}` for the range, `{address}` for the address"
    )]
    AmbiguousRange {
        /// What was given.
        text: String,
        /// The range of this prefix.
        range: String,
        /// The address alone.
        address: IpAddr,
    },
    /// A range has every address.
    #[error("`{text}` opens every address: name the networks that are meant")]
    EveryAddress {
        /// What was given.
        text: String,
    },
    /// Private addresses are opened for an origin that may not be called.
    #[error("private addresses are opened for {origin}, which is not an allowed origin")]
    PrivateOriginNotAllowed {
        /// The origin.
        origin: String,
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
