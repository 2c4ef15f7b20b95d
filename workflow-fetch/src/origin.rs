//! `Origin`: scheme, host and port.

use std::fmt;

use url::Url;

/// Where a URL leads, without its path, in one spelling: `https://cms.example.com`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin(String);

impl Origin {
    /// Reads an origin as a host writes it.
    ///
    /// # Errors
    /// What keeps the text from being one.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let url = Url::parse(text.trim()).map_err(|_| "it is not an absolute URL")?;
        check(&url)?;
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err("it must end behind the host and the port");
        }
        Ok(Self::of(&url))
    }

    /// Where this URL leads.
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

/// Refuses URLs that are not of the web, or hold a password.
pub(crate) fn check(url: &Url) -> Result<(), &'static str> {
    if !matches!(url.scheme(), "https" | "http") || !url.has_host() {
        return Err("it needs `https://` or `http://` and a host");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it must not hold a user name or password");
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
    fn what_is_more_or_less_than_an_origin_is_refused() {
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
