//! [`Secret`]: a key or token that cannot be shown by accident.

use std::{fmt, sync::Arc};

use reqwest::header::{HeaderName, HeaderValue};

use crate::redact::Redactor;

/// An API key or a token. It can only be sent as a header and removed from texts; there is no way to read it.
#[derive(Clone)]
pub struct Secret {
    redactor: Arc<Redactor>,
    name: HeaderName,
    value: HeaderValue,
}

/// The error for a text that cannot be a secret. It does not contain the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnusableSecret {
    /// The text is empty.
    #[error("the secret is empty")]
    Empty,
    /// The text has characters that are not allowed in an HTTP header.
    #[error("the secret has characters that are not allowed in an HTTP header")]
    NotAHeader,
}

impl Secret {
    /// Creates a secret that is sent in the header `name`, after `prefix`. White space around it is removed,
    /// because pasted keys often have a line end.
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

    /// The header of the secret. Its value is marked as sensitive, so `Debug` output does not show it.
    pub fn header(&self) -> (HeaderName, HeaderValue) {
        (self.name.clone(), self.value.clone())
    }

    /// The redactor that removes the secret from texts, because a server may repeat it.
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
