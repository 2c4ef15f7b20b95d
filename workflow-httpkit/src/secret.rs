//! A key or token, and keeping it out of everything that is shown.

use std::{fmt, sync::Arc};

use reqwest::header::{HeaderName, HeaderValue};

use crate::redact::Redactor;

/// An API key or a token: it can be sent as a header, and removed from texts. Nothing else.
#[derive(Clone)]
pub struct Secret {
    redactor: Arc<Redactor>,
    name: HeaderName,
    value: HeaderValue,
}

/// Why a text cannot be a secret. The text itself is not part of the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnusableSecret {
    /// There is nothing in it.
    #[error("the secret is empty")]
    Empty,
    /// It has characters that an HTTP header cannot carry.
    #[error("the secret has characters that an HTTP header cannot carry")]
    NotAHeader,
}

impl Secret {
    /// A secret that is sent as the value of `name`, after `prefix`. White space around it is not part
    /// of it, since people paste line ends along with keys.
    ///
    /// # Errors
    /// [`UnusableSecret`].
    pub fn parse(name: HeaderName, prefix: &str, text: &str) -> Result<Self, UnusableSecret> {
        let text = text.trim();
        if text.is_empty() {
            return Err(UnusableSecret::Empty);
        }
        let value = HeaderValue::from_str(&format!("{prefix}{text}"));
        let mut value = value.map_err(|_| UnusableSecret::NotAHeader)?;
        value.set_sensitive(true);
        let redactor = Arc::new(Redactor::new([text]));
        Ok(Self {
            redactor,
            name,
            value,
        })
    }

    /// The header it is sent in, its value marked sensitive.
    pub fn header(&self) -> (HeaderName, HeaderValue) {
        (self.name.clone(), self.value.clone())
    }

    /// Removes it from texts: a server may repeat it.
    pub fn redactor(&self) -> &Redactor {
        &self.redactor
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.redactor.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::AUTHORIZATION;

    use super::*;

    fn key(text: &str) -> Result<Secret, UnusableSecret> {
        Secret::parse(HeaderName::from_static("x-api-key"), "", text)
    }

    fn redacted(secret: &Secret, text: &str) -> String {
        secret.redactor().text(text.to_owned())
    }

    #[test]
    fn a_pasted_key_is_trimmed_and_hidden() {
        let key = key(" AIza-secret\r\n").unwrap();
        let (name, value) = key.header();
        assert_eq!(
            (name.as_str(), value.as_bytes()),
            ("x-api-key", &b"AIza-secret"[..])
        );
        assert!(value.is_sensitive());
        assert_eq!(format!("{key:?} {value:?}"), "*** Sensitive");
        let token = Secret::parse(AUTHORIZATION, "Bearer ", "ya29.secret\n").unwrap();
        let (name, value) = token.header();
        assert_eq!(
            (name.as_str(), value.as_bytes()),
            ("authorization", &b"Bearer ya29.secret"[..])
        );
        assert!(value.is_sensitive());
        assert_eq!(redacted(&token, "Bearer ya29.secret"), "Bearer ***");
        assert_eq!(redacted(&key, "key AIza-secret is bad"), "key *** is bad");
    }

    #[test]
    fn a_key_that_is_empty_or_no_header_value_is_refused_without_showing_it() {
        assert!(matches!(key(" \n"), Err(UnusableSecret::Empty)));
        let error = key("AIza\nsecret").unwrap_err();
        assert_eq!(error, UnusableSecret::NotAHeader);
    }
}
