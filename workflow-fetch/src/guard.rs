//! [`Guard`]: the origins and addresses that workflows may call.
//!
//! Two checks protect the network of the service: [`Guard::check`] for what a URL shows, before each
//! hop, and [`Addresses::check_all`] for what its name resolves to, when connecting.

use std::net::IpAddr;

use url::{Host, Url};

use crate::{
    address::Addresses,
    error::{FetchError, ForbiddenAddress},
    origin::{self, Origin},
};

/// Top-level labels of local networks (RFC 6761, RFC 6762, and ICANN's `internal`). Such names are
/// refused whatever they resolve to.
const LOCAL_NAMES: [&str; 4] = ["localhost", "local", "internal", "localdomain"];

/// The allowed origins, each with the addresses that it may have.
#[derive(Clone, Debug)]
pub(crate) struct Guard(Vec<(Origin, Addresses)>);

impl Guard {
    pub(crate) fn new(origins: Vec<(Origin, Addresses)>) -> Self {
        Self(origins)
    }

    /// The allowed origins and their addresses.
    pub(crate) fn origins(&self) -> impl Iterator<Item = (&Origin, &Addresses)> {
        self.0.iter().map(|(origin, addresses)| (origin, addresses))
    }

    /// Checks a URL without name resolution: scheme, origin, and a literal address or local name.
    pub(crate) fn check(&self, url: &Url) -> Result<Origin, FetchError> {
        origin::check(url).map_err(|reason| FetchError::InvalidUrl(reason.into()))?;
        let origin = Origin::of(url);
        let Some((_, addresses)) = self.origins().find(|(allowed, _)| **allowed == origin) else {
            return Err(FetchError::OriginNotAllowed(origin));
        };
        match url.host() {
            Some(Host::Ipv4(address)) => addresses.check_literal(address.into())?,
            Some(Host::Ipv6(address)) => addresses.check_literal(address.into())?,
            Some(Host::Domain(name)) => addresses.check_name(name)?,
            None => return Err(FetchError::InvalidUrl("it has no host".into())),
        }
        Ok(origin)
    }
}

impl Addresses {
    fn check_literal(&self, address: IpAddr) -> Result<(), ForbiddenAddress> {
        let checked = self.check(address);
        checked.map_err(|kind| ForbiddenAddress::Literal(address, kind))
    }

    /// Refuses a local name, unless its origin has private addresses. Then the check of the addresses
    /// decides.
    fn check_name(&self, name: &str) -> Result<(), ForbiddenAddress> {
        if is_local(name) && !self.has_private() {
            return Err(ForbiddenAddress::Name(name.to_owned()));
        }
        Ok(())
    }

    /// Refuses a name if any of its addresses is forbidden. A name with public and private addresses is
    /// an attack or a mistake, and the client could not choose between them reliably.
    pub(crate) fn check_all(
        &self,
        name: &str,
        addresses: &[IpAddr],
    ) -> Result<(), ForbiddenAddress> {
        for &address in addresses {
            self.check(address).map_err(|kind| {
                let name = name.to_owned();
                ForbiddenAddress::Resolved {
                    name,
                    address,
                    kind,
                }
            })?;
        }
        Ok(())
    }
}

/// Whether the last label of a name, without a final dot, is that of a local network.
fn is_local(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let last = name.rsplit('.').next().unwrap_or(name);
    LOCAL_NAMES
        .iter()
        .any(|local| last.eq_ignore_ascii_case(local))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_names_are_recognised() {
        for name in [
            "localhost",
            "LOCALHOST.",
            "a.localhost",
            "printer.local",
            "x.internal.",
        ] {
            assert!(is_local(name), "{name}");
        }
        for name in [
            "localhost.example.com",
            "notlocal",
            "example.com",
            "local.dev",
            "",
        ] {
            assert!(!is_local(name), "{name}");
        }
    }
}
