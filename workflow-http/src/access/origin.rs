//! Origins (RFC 6454): the site that a request was sent from.

use std::{fmt, str::FromStr};

use axum::http::{
    HeaderMap, HeaderValue, Uri,
    header::{HOST, ORIGIN},
};

/// A web origin: scheme, host and port, such as `http://localhost:3000`. The default port of a scheme may be omitted:
/// `https://example.com:443` is `https://example.com`. A slash at the end is ignored, and so is case.
///
/// ```
/// # use workflow_http::Origin;
/// assert!("http://localhost:3000".parse::<Origin>().is_ok());
/// assert!("localhost:3000".parse::<Origin>().is_err());
/// assert!("http://localhost:3000/page".parse::<Origin>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(HeaderValue);

/// The text is not an origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an origin is a scheme, a host and an optional port, for example http://localhost:3000")]
pub struct InvalidOrigin;

impl Origin {
    /// The value of `Origin` that browsers send.
    pub(crate) fn header(&self) -> &HeaderValue {
        &self.0
    }
}

impl FromStr for Origin {
    type Err = InvalidOrigin;

    /// Turns what a user wrote into the text that browsers send (RFC 6454, section 6.2): lower case, without the
    /// default port. Later comparisons are then comparisons of bytes. Paths, queries, user information and `null`
    /// are refused.
    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        let text = text.strip_suffix('/').unwrap_or(text).to_ascii_lowercase();
        let text = without_default_port(&text);
        let uri = Uri::from_str(text).map_err(|_| InvalidOrigin)?;
        let (scheme, authority) = uri.scheme_str().zip(uri.authority()).ok_or(InvalidOrigin)?;
        if text != format!("{scheme}://{authority}") || text.contains('@') {
            return Err(InvalidOrigin);
        }
        HeaderValue::from_str(text)
            .map(Self)
            .map_err(|_| InvalidOrigin)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(self.0.as_bytes()))
    }
}

/// Whether a page of another site, which is not in `allowed`, sent this request. Programs other than browsers send no
/// `Origin` and are not foreign.
///
/// Browsers add `Origin` to every request with a method other than `GET` and `HEAD` (Fetch standard, "append a
/// request `Origin` header"), so a page cannot leave it out. `Origin: null`, which sandboxed frames and local files
/// send, is foreign: it names no host.
pub(crate) fn is_foreign(headers: &HeaderMap, allowed: &[Origin]) -> bool {
    let Some(origin) = headers.get(ORIGIN) else {
        return false;
    };
    !is_own(origin, headers.get(HOST)) && !allowed.iter().any(|allowed| allowed.0 == origin)
}

/// Whether the origin of the page has the same host and port as the request. Default ports are ignored: a TLS proxy
/// may send `Host: example.com:443` where the browser sends `Origin: https://example.com`, or the reverse. The
/// scheme is not compared: behind a TLS proxy, the service does not know it.
fn is_own(origin: &HeaderValue, host: Option<&HeaderValue>) -> bool {
    let origin = origin.to_str().ok().map(without_default_port);
    let origin = origin.and_then(|origin| origin.split_once("://"));
    let host = host.and_then(|host| host.to_str().ok());
    origin.zip(host).is_some_and(|((scheme, origin), host)| {
        let host = default_port(scheme)
            .and_then(|port| host.strip_suffix(port))
            .unwrap_or(host);
        origin.eq_ignore_ascii_case(host)
    })
}

/// The default port of a scheme, with its colon. The colon matters: `example.com:8080` does not end with `:80`.
fn default_port(scheme: &str) -> Option<&'static str> {
    match scheme {
        "http" => Some(":80"),
        "https" => Some(":443"),
        _ => None,
    }
}

/// The origin without its port, if that is the default of its scheme.
fn without_default_port(origin: &str) -> &str {
    let scheme = origin.split_once("://").map(|(scheme, _)| scheme);
    let port = scheme.and_then(default_port);
    port.and_then(|port| origin.strip_suffix(port))
        .unwrap_or(origin)
}
