//! `Header`: the name of a header that a workflow may set.

use std::str::FromStr;

use reqwest::header::HeaderName;

/// Headers that control the connection, the framing or the encoding of a message. Only the client may
/// set them: a workflow could otherwise smuggle a request or address another virtual host.
const RESERVED: [&str; 13] = [
    "accept-encoding",
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
];

/// The name of a header that a workflow may set, in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header(HeaderName);

impl Header {
    pub(crate) fn name(&self) -> &HeaderName {
        &self.0
    }
}

impl FromStr for Header {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let name = HeaderName::from_str(text);
        let name = name.map_err(|_| format!("`{text}` is not the name of a header"))?;
        if RESERVED.contains(&name.as_str()) {
            return Err(format!("`{text}` is a header that a workflow cannot set"));
        }
        Ok(Self(name))
    }
}
