//! Parsers for the values of options. Their errors state the expected form with an example; clap adds option and value.

use std::{
    convert::Infallible,
    fmt,
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use jiff::SignedDuration;
use workflow_http::{ApiKey, InvalidApiKey, Origin};

/// A URL that may hold a password, so it is not shown.
#[derive(Clone)]
pub(crate) struct SecretUrl(String);

impl SecretUrl {
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for SecretUrl {
    fn from(url: String) -> Self {
        Self(url)
    }
}

impl fmt::Debug for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretUrl(…)")
    }
}

/// A private address or range that one origin may resolve to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PrivateAddress {
    pub(crate) origin: String,
    pub(crate) addresses: String,
}

impl fmt::Display for PrivateAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} for {}", self.addresses, self.origin)
    }
}

/// The value of the option `--provider`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ProviderUrl {
    pub(crate) name: String,
    pub(crate) url: String,
}

impl ProviderUrl {
    /// `local=http://127.0.0.1:11434/v1`. The URL is checked when the client is built.
    ///
    /// # Errors
    /// The expected form; without the text, whose URL could have a password.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let form = "expected a name and a URL, such as local=http://127.0.0.1:11434/v1";
        let (name, url) = text.split_once('=').ok_or(form)?;
        Ok(Self {
            name: name.trim().to_owned(),
            url: url.trim().to_owned(),
        })
    }
}

/// Without the URL, which could have a password.
impl fmt::Debug for ProviderUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ProviderUrl").field(&self.name).finish()
    }
}

pub(super) fn address(text: &str) -> Result<SocketAddr, &'static str> {
    text.strip_prefix("localhost:")
        .and_then(|port| port.parse().ok())
        .map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
        .or_else(|| text.parse().ok())
        .ok_or("expected an IP address and a port, such as 127.0.0.1:8000")
}

/// The key, or its error as a value: clap would print the text of a refused value, which may be a key.
#[expect(
    clippy::unnecessary_wraps,
    reason = "clap requires parsers that return a result"
)]
pub(super) fn api_key(text: &str) -> Result<Result<ApiKey, InvalidApiKey>, Infallible> {
    Ok(text.parse())
}

/// The same values as the variable `GEMINI_STORE`.
pub(super) fn boolean(text: &str) -> Result<bool, &'static str> {
    match &*text.to_ascii_lowercase() {
        "true" | "1" | "yes" => Ok(true),
        "false" | "0" | "no" => Ok(false),
        _ => Err("expected `true` or `false`"),
    }
}

/// `https://intranet.example.com=10.1.2.0/24`. Both parts are checked when the HTTP client is built.
pub(super) fn private_address(text: &str) -> Result<PrivateAddress, &'static str> {
    let (origin, addresses) = text.split_once('=').ok_or(
        "expected an origin and its private addresses, such as https://intranet.example.com=10.1.2.0/24",
    )?;
    Ok(PrivateAddress {
        origin: origin.trim().to_owned(),
        addresses: addresses.trim().to_owned(),
    })
}

pub(super) fn pace(text: &str) -> Result<Duration, &'static str> {
    let millis = text.strip_suffix("ms").and_then(|n| n.parse::<u16>().ok());
    millis
        .map(|millis| Duration::from_millis(millis.into()))
        .ok_or("expected whole milliseconds, such as 40ms")
}

/// `/flows` without a trailing slash; the empty string for `/`.
pub(super) fn base_path(text: &str) -> Result<String, &'static str> {
    let path = text.trim_matches('/');
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/-._~".contains(c);
    let is_path = path.split('/').all(|part| !matches!(part, "" | "." | ".."));
    match path {
        "" => Ok(String::new()),
        path if is_path && path.chars().all(is_plain) => Ok(format!("/{path}")),
        _ => Err("expected letters, digits and `-._~` between slashes, such as /flows"),
    }
}

/// An address that browsers open, without a path.
pub(super) fn public_url(text: &str) -> Result<Origin, &'static str> {
    let origin = text.parse::<Origin>().ok();
    let origin = origin.filter(|origin| {
        let origin = origin.to_string();
        origin.starts_with("https://") || origin.starts_with("http://")
    });
    origin.ok_or("expected http:// or https:// and a host, such as https://flows.example.com; --base-path is its path")
}

/// A number of bytes such as `65536`, `64KiB` or `1 MiB`.
pub(super) fn bytes(text: &str) -> Result<usize, &'static str> {
    let end = text.find(|c: char| !c.is_ascii_digit());
    let (number, unit) = text.split_at(end.unwrap_or(text.len()));
    let factor = match unit.trim_start() {
        "" | "B" => Some(1),
        "KiB" => Some(1 << 10),
        "MiB" => Some(1 << 20),
        "GiB" => Some(1 << 30),
        _ => None,
    };
    let number = number.parse::<usize>().ok();
    let bytes = number
        .zip(factor)
        .and_then(|(number, factor)| number.checked_mul(factor));
    bytes.ok_or("expected a number of bytes, optionally with a unit, such as 65536, 64KiB or 1MiB")
}

/// A time such as `10s`, `1m 30s` or `500ms`.
pub(crate) fn duration(text: &str) -> Result<Duration, &'static str> {
    let read = text.parse::<SignedDuration>().ok();
    read.and_then(|time| time.try_into().ok())
        .ok_or("expected a number with a unit, such as 10s, 2m or 500ms")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        assert_eq!(duration("1m 30s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("0s"), Ok(Duration::ZERO));
        for wrong in ["10", "-5s", "soon", ""] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn sizes_may_have_units() {
        for (text, expected) in [
            ("65536", 65_536),
            ("64KiB", 65_536),
            ("1 MiB", 1_048_576),
            ("2GiB", 2_147_483_648),
            ("0", 0),
            ("7B", 7),
        ] {
            assert_eq!(bytes(text), Ok(expected), "{text}");
        }
        for wrong in ["", "MiB", "1MB", "1.5MiB", "-1", "1 kib", "99999999999GiB"] {
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_base_path_is_a_plain_path() {
        for (text, expected) in [
            ("/", ""),
            ("", ""),
            ("flows", "/flows"),
            ("/a/b.c/", "/a/b.c"),
        ] {
            assert_eq!(base_path(text).as_deref(), Ok(expected), "{text}");
        }
        for wrong in [
            "/a//b",
            "/a b",
            "/{x}",
            "/a/../b",
            "/%2e",
            "https://x/y",
            "/*",
            "/:x",
        ] {
            assert!(base_path(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_public_url_has_a_host_and_no_path() {
        for (text, expected) in [
            ("https://Flows.example.com/", "https://flows.example.com"),
            ("http://10.0.0.1:8000", "http://10.0.0.1:8000"),
            ("https://[::1]:8443", "https://[::1]:8443"),
        ] {
            let url = public_url(text).map(|url| url.to_string());
            assert_eq!(url.as_deref(), Ok(expected), "{text}");
        }
        for wrong in [
            "",
            "flows.example.com",
            "ftp://example.com",
            "https://example.com/flows",
            "https://user@example.com",
            "https://",
            "javascript:alert(1)",
        ] {
            assert!(public_url(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_address_is_an_ip_address_and_a_port() {
        assert_eq!(address("localhost:80"), address("127.0.0.1:80"));
        assert!(address("[::1]:8000").is_ok());
        assert!(address("8000").is_err_and(|error| error.contains("an IP address")));
    }

    #[test]
    fn a_provider_is_a_name_and_a_url() {
        let parsed = ProviderUrl::parse("local = http://127.0.0.1:1/v1?a=b");
        let parsed = parsed.unwrap_or_else(|reason| panic!("{reason}"));
        assert_eq!(
            (&*parsed.name, &*parsed.url),
            ("local", "http://127.0.0.1:1/v1?a=b")
        );
        assert_eq!(format!("{parsed:?}"), "ProviderUrl(\"local\")");
        assert!(ProviderUrl::parse("http://127.0.0.1:1").is_err());
    }
}
