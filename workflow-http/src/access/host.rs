//! The host names of the service.

use std::{fmt, net::IpAddr, str::FromStr};

use axum::http::{HeaderMap, header::HOST, uri::Authority};

/// A host name or IP address of the service, without a port: `flows.example.com`. It matches any port.
///
/// Names are compared without case (RFC 9110, section 4.2.3). IPv6 addresses are written in brackets.
///
/// ```
/// # use workflow_http::Host;
/// assert!("flows.example.com".parse::<Host>().is_ok());
/// assert!("[2001:db8::1]".parse::<Host>().is_ok());
/// assert!("flows.example.com:8000".parse::<Host>().is_err());
/// assert!("https://flows.example.com".parse::<Host>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host(String);

/// The text is not a host name or address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a host is a name or an address without scheme and port, for example flows.example.com")]
pub struct InvalidHost;

impl FromStr for Host {
    type Err = InvalidHost;

    /// `Authority` also accepts a port and user information. A text with either differs from its host, and is
    /// refused.
    fn from_str(text: &str) -> Result<Self, InvalidHost> {
        let authority: Authority = text.parse().map_err(|_| InvalidHost)?;
        if authority.host() != text {
            return Err(InvalidHost);
        }
        Ok(Self(text.to_ascii_lowercase()))
    }
}

/// The accepted hosts: any, or this machine and those that are listed.
#[derive(Clone, Debug)]
pub(crate) enum Hosts {
    Any,
    Named(Vec<Host>),
}

impl Hosts {
    /// Whether a request with these headers is accepted. It must have exactly one `Host` (RFC 9112, section 3.2);
    /// with two, a proxy and this service could disagree about which one counts. This also applies to
    /// [`Any`](Self::Any), and to HTTP/1.0, which permits requests without `Host`.
    ///
    /// The port is ignored: behind a proxy, the service does not know the port that clients use.
    pub(crate) fn serve(&self, headers: &HeaderMap) -> bool {
        let mut hosts = headers.get_all(HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else {
            return false;
        };
        Authority::try_from(host.as_bytes()).is_ok_and(|host| self.contains(host.host()))
    }

    fn contains(&self, host: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Named(named) => {
                is_loopback(host) || named.iter().any(|named| named.0.eq_ignore_ascii_case(host))
            }
        }
    }
}

impl fmt::Display for Hosts {
    /// The names, for a message.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any name"),
            Self::Named(named) => {
                f.write_str("localhost, loopback addresses")?;
                named.iter().try_for_each(|host| write!(f, ", {}", host.0))
            }
        }
    }
}

/// Whether a host is this machine: `localhost`, 127.0.0.0/8 or `[::1]`. A name such as `app.localhost` is not,
/// although browsers resolve it to the loopback interface: list it if it is needed.
fn is_loopback(host: &str) -> bool {
    let address = host
        .trim_start_matches('[')
        .trim_end_matches(']')
        .parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}
