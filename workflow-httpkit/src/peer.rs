//! The host that a client connects to, and the proxy in between. Shown in connection errors.

use std::{fmt, net::IpAddr};

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use reqwest::Url;

/// The API's host and the proxy, if one is used. A proxy is shown by host and port only, because its
/// URL may contain a password.
#[derive(Clone, Debug)]
pub struct Peer {
    host: String,
    proxy: Option<String>,
}

impl Peer {
    /// Applies the proxy variables of the environment (`HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY` and so on) by the
    /// same rules as `reqwest`. Read once: `reqwest` reads them when the client is built, and never later.
    pub fn of(address: &Url) -> Self {
        Self::by(&Matcher::from_env(), address)
    }

    /// Applies the rules of a matcher. Separate from the environment for tests.
    fn by(matcher: &Matcher, address: &Url) -> Self {
        let uri: Option<Uri> = address.as_str().parse().ok();
        let proxy = uri.filter(|_| !is_loopback(address));
        let proxy = proxy.and_then(|uri| matcher.intercept(&uri));
        // The port is shown only if it is not the scheme's default.
        let host = address.host_str().unwrap_or_default();
        Self {
            host: match address.port() {
                Some(port) => format!("{host}:{port}"),
                None => host.to_owned(),
            },
            proxy: proxy.and_then(|proxy| shown(proxy.uri())),
        }
    }
}

/// Host and port of a proxy.
fn shown(uri: &Uri) -> Option<String> {
    let host = uri.host()?;
    Some(match uri.port_u16() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    })
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.host)?;
        match &self.proxy {
            Some(proxy) => write!(f, " through the proxy {proxy}"),
            None => Ok(()),
        }
    }
}

/// Whether a URL has a loopback host. Such a host is never reached through a proxy: on the proxy's
/// machine, the address is another host.
pub fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    // A URL writes an IPv6 address in brackets (RFC 3986, section 3.2.2).
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    address.map_or(host == "localhost", |address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_named_without_its_password_and_only_where_it_is_used() {
        let matcher = Matcher::builder()
            .https("http://user:secret@proxy.example.com:3128")
            .no("internal.example.com")
            .build();
        for (address, shown) in [
            (
                "https://generativelanguage.googleapis.com/v1beta",
                "generativelanguage.googleapis.com through the proxy proxy.example.com:3128",
            ),
            ("https://internal.example.com/v1", "internal.example.com"),
            ("http://plain.example.com:8080", "plain.example.com:8080"),
            ("http://127.0.0.1:1", "127.0.0.1:1"),
        ] {
            let peer = Peer::by(&matcher, &Url::parse(address).unwrap());
            assert_eq!(peer.to_string(), shown);
        }
    }
}
