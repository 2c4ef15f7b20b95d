//! What callers show to be let in.

use std::{fmt, str::FromStr};

use sha2::{Digest, Sha256};

/// An API key. Only its hash is kept, so it can be shown nowhere.
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

/// The text is not an API key. It is not repeated here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "an API key is 16 to 256 letters, digits and signs without spaces, for example the output of \
     `openssl rand -hex 32`"
)]
pub struct InvalidApiKey;

impl ApiKey {
    /// What a caller shows, to be compared with the keys there are. How long that takes tells about
    /// hashes only, which nobody can choose.
    pub(crate) fn shown(text: &[u8]) -> Self {
        Self(Sha256::digest(text).into())
    }
}

impl FromStr for ApiKey {
    type Err = InvalidApiKey;

    fn from_str(text: &str) -> Result<Self, InvalidApiKey> {
        let is_visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_visible || !(16..=256).contains(&text.len()) {
            return Err(InvalidApiKey);
        }
        Ok(Self::shown(text.as_bytes()))
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(***)")
    }
}
