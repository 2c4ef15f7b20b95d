//! A key or token, and keeping it out of everything that is shown.

use std::{fmt, sync::Arc};

use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};

use crate::client::ConfigError;

/// What stands where the key was.
const REDACTED: &str = "***";

/// An API key or a token: it can be sent as a header, and removed from texts. Nothing else.
#[derive(Clone)]
pub(crate) struct Secret {
    text: Arc<str>,
    name: HeaderName,
    value: HeaderValue,
}

impl Secret {
    /// Takes a key as people paste it: blanks and line ends around it do not count.
    pub(crate) fn key(text: &str) -> Result<Self, ConfigError> {
        let name = HeaderName::from_static("x-goog-api-key");
        Self::new(text, name, "")
    }

    /// Takes an access token.
    pub(crate) fn bearer(text: &str) -> Result<Self, ConfigError> {
        Self::new(text, AUTHORIZATION, "Bearer ")
    }

    fn new(text: &str, name: HeaderName, before: &str) -> Result<Self, ConfigError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(ConfigError::MissingKey);
        }
        let value = HeaderValue::from_str(&format!("{before}{text}"));
        let mut value = value.map_err(|_| ConfigError::InvalidKey)?;
        value.set_sensitive(true);
        let text = text.into();
        Ok(Self { text, name, value })
    }

    /// The header it is sent in, its value marked sensitive.
    pub(crate) fn header(&self) -> (HeaderName, HeaderValue) {
        (self.name.clone(), self.value.clone())
    }

    /// The text without the key: a server may echo it.
    pub(crate) fn redact(&self, text: &str) -> String {
        text.replace(&*self.text, REDACTED)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pasted_key_is_trimmed_and_hidden() {
        let key = Secret::key(" AIza-secret\r\n").unwrap();
        let (name, value) = key.header();
        assert_eq!(
            (name.as_str(), value.as_bytes()),
            ("x-goog-api-key", &b"AIza-secret"[..])
        );
        assert!(value.is_sensitive());
        assert_eq!(format!("{key:?} {value:?}"), "*** Sensitive");
        let token = Secret::bearer("ya29.secret\n").unwrap();
        let (name, value) = token.header();
        assert_eq!(
            (name.as_str(), value.as_bytes()),
            ("authorization", &b"Bearer ya29.secret"[..])
        );
        assert!(value.is_sensitive());
        assert_eq!(token.redact("Bearer ya29.secret"), "Bearer ***");
        assert_eq!(key.redact("key AIza-secret is bad"), "key *** is bad");
    }

    #[test]
    fn a_key_that_is_empty_or_no_header_value_is_refused_without_showing_it() {
        assert!(matches!(Secret::key(" \n"), Err(ConfigError::MissingKey)));
        let error = Secret::key("AIza\nsecret").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("secret"));
    }
}
