//! API keys.
//!
//! A key has no user, scope or expiry: it gives access to the whole API. To replace a key without an interruption,
//! add the new one, change the clients, then remove the old one.

use std::{fmt, str::FromStr};

use sha2::{Digest, Sha256};

/// An API key: 16 to 256 visible ASCII characters without spaces.
///
/// Only its SHA-256 is stored, so no log or debug output can contain the key. Keys are random, not passwords, so a
/// slow hash would add nothing.
///
/// ```
/// # use workflow_http::ApiKey;
/// let key: ApiKey = "3f1b6c0e9a7d4e52".parse()?;
/// assert_eq!(format!("{key:?}"), "ApiKey(***)");
/// assert!("secret".parse::<ApiKey>().is_err());
/// # Ok::<(), workflow_http::InvalidApiKey>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey([u8; 32]);

/// The text is not an API key. The message does not contain it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "an API key has 16 to 256 visible ASCII characters without spaces, for example the output of \
     `openssl rand -hex 32`"
)]
pub struct InvalidApiKey;

impl ApiKey {
    /// The key that a client presents, of any length, for comparison. The time of a comparison depends on the hashes,
    /// which an attacker cannot choose, so it need not be constant.
    pub(crate) fn from_presented(text: &[u8]) -> Self {
        Self(Sha256::digest(text).into())
    }
}

impl FromStr for ApiKey {
    type Err = InvalidApiKey;

    /// These are limits of the keys that the service accepts, not of what a client presents. A random key of 16
    /// characters cannot be guessed; more than 256 characters are most likely a mistake, such as the content of a
    /// whole file.
    fn from_str(text: &str) -> Result<Self, InvalidApiKey> {
        let is_visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_visible || !(16..=256).contains(&text.len()) {
            return Err(InvalidApiKey);
        }
        Ok(Self::from_presented(text.as_bytes()))
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(***)")
    }
}
