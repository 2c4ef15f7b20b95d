//! [`Origin`]: scheme, host and port of a URL (RFC 6454).

use std::fmt;

use url::Url;

/// An origin in its ASCII serialization, such as `https://cms.example.com`. Two URLs have the same origin
/// if and only if these texts are equal: default ports are omitted, host names are in lower case and
/// punycode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin(String);

impl Origin {
    /// Parses an origin of the settings.
    ///
    /// # Errors
    /// The fault in words, without the text, which may contain a password.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let url = Url::parse(text.trim()).map_err(|_| "it is not an absolute URL")?;
        check(&url)?;
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err("it must end after the host or the port");
        }
        Ok(Self::of(&url))
    }

    /// The origin of a URL.
    pub(crate) fn of(url: &Url) -> Self {
        Self(url.origin().ascii_serialization())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Refuses URLs with another scheme than `http` and `https`, without host, or with a password.
pub(crate) fn check(url: &Url) -> Result<(), &'static str> {
    if !matches!(url.scheme(), "https" | "http") || !url.has_host() {
        return Err("it needs `https://` or `http://` and a host");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it must not contain a user name or password");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_origin_has_one_spelling() {
        for text in [
            "https://cms.example.com",
            "https://cms.example.com/",
            " HTTPS://CMS.example.com:443 ",
        ] {
            assert_eq!(
                Origin::parse(text).unwrap().as_str(),
                "https://cms.example.com"
            );
        }
        let url = Url::parse("http://[::1]:8080/a?b#c").unwrap();
        assert_eq!(Origin::of(&url).as_str(), "http://[::1]:8080");
    }

    #[test]
    fn texts_other_than_an_origin_are_refused() {
        for text in [
            "",
            "cms.example.com",
            "*",
            "ftp://example.com",
            "file:///etc",
            "https://example.com/path",
            "https://example.com?query",
            "https://example.com/#fragment",
            "https://user@example.com",
            "https://user:password@example.com",
        ] {
            assert!(Origin::parse(text).is_err(), "{text}");
        }
    }
}
