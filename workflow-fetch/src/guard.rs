//! `Guard`: what may be called.

use std::net::IpAddr;

use url::{Host, Url};

use crate::{
    address::Addresses,
    error::{FetchError, ForbiddenAddress},
    origin::{self, Origin},
};

/// Names that lead into a machine or its network, whatever they resolve to.
const LOCAL_NAMES: [&str; 4] = ["localhost", "local", "internal", "localdomain"];

/// Which origins may be called, and at which addresses each.
#[derive(Clone, Debug)]
pub(crate) struct Guard(Vec<(Origin, Addresses)>);

impl Guard {
    pub(crate) fn new(origins: Vec<(Origin, Addresses)>) -> Self {
        Self(origins)
    }

    /// The origins, and the addresses that each may have.
    pub(crate) fn origins(&self) -> impl Iterator<Item = (&Origin, &Addresses)> {
        self.0.iter().map(|(origin, addresses)| (origin, addresses))
    }

    /// Checks all that a URL shows by itself. What its name resolves to is checked when connecting.
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

    /// A local name is refused, unless its origin has private addresses: then the addresses decide.
    fn check_name(&self, name: &str) -> Result<(), ForbiddenAddress> {
        if is_local(name) && !self.has_private() {
            return Err(ForbiddenAddress::Name(name.to_owned()));
        }
        Ok(())
    }

    /// Refuses a name if any of its addresses is forbidden: the others are not to be trusted.
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

/// Whether a name's last label, a final dot left aside, is one of a local network.
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
    fn names_of_the_local_network_are_known() {
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
