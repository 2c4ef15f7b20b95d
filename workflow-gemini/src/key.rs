//! The API key, and keeping it out of everything that is shown.

use std::{fmt, sync::Arc};

use reqwest::header::HeaderValue;

use crate::config::ConfigError;

/// What stands where the key was.
const REDACTED: &str = "***";

/// An API key: it can be sent as a header, and removed from texts. Nothing else.
#[derive(Clone)]
pub(crate) struct ApiKey {
    text: Arc<str>,
    header: HeaderValue,
}

impl ApiKey {
    /// Takes a key as people paste it: blanks and line ends around it do not count.
    pub(crate) fn new(text: &str) -> Result<Self, ConfigError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(ConfigError::MissingKey);
        }
        let mut header = HeaderValue::from_str(text).map_err(|_| ConfigError::InvalidKey)?;
        header.set_sensitive(true);
        Ok(Self {
            text: text.into(),
            header,
        })
    }

    /// The value of `x-goog-api-key`, marked sensitive.
    pub(crate) fn header(&self) -> HeaderValue {
        self.header.clone()
    }

    /// The text without the key: a server may echo it.
    pub(crate) fn redact(&self, text: &str) -> String {
        text.replace(&*self.text, REDACTED)
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pasted_key_is_trimmed_and_hidden() {
        let key = ApiKey::new(" AIza-secret\r\n").unwrap();
        assert_eq!(key.header().as_bytes(), b"AIza-secret");
        assert!(key.header().is_sensitive());
        assert_eq!(format!("{key:?} {:?}", key.header()), "*** Sensitive");
        assert_eq!(key.redact("key AIza-secret is bad"), "key *** is bad");
    }

    #[test]
    fn a_key_that_is_empty_or_no_header_value_is_refused_without_showing_it() {
        assert!(matches!(ApiKey::new(" \n"), Err(ConfigError::MissingKey)));
        let error = ApiKey::new("AIza\nsecret").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("secret"));
    }
}
