//! Credentials: an API key, or a provider of access tokens.

use std::{error::Error, fmt, future::Future, sync::Arc};

use futures::{FutureExt, TryFutureExt, future::BoxFuture};
use reqwest::header::{AUTHORIZATION, HeaderName};
use workflow_httpkit::Secret;

use crate::error::{ConfigError, GeminiError};

/// The credential that each request is sent with.
///
/// Both kinds end as a [`Secret`], which can be sent and removed from texts, but not read.
#[derive(Clone, Debug)]
pub(crate) enum Credential {
    /// An API key, in the header `x-goog-api-key`.
    Key(Secret),
    /// Access tokens, in the header `Authorization`: the method of Vertex AI.
    Bearer(TokenProvider),
}

impl Credential {
    /// The header for the next request. Calls the token provider, if there is one.
    ///
    /// # Errors
    /// [`GeminiError::Token`] if the provider fails, or if its token has characters that are not
    /// allowed in a header.
    ///
    /// # Cancellation
    /// Dropping the future drops that of the provider.
    pub(crate) async fn secret(&self) -> Result<Secret, GeminiError> {
        let provider = match self {
            Self::Key(key) => return Ok(key.clone()),
            Self::Bearer(provider) => provider,
        };
        let unavailable = |source| GeminiError::Token { source };
        let token = (provider.0)().await.map_err(unavailable)?;
        bearer(&token).map_err(|error| unavailable(error.into()))
    }
}

/// The header of an API key. Fails if the key is empty or not a valid header value.
pub(super) fn key(text: &str) -> Result<Secret, ConfigError> {
    let name = HeaderName::from_static("x-goog-api-key");
    Secret::parse(name, "", text).map_err(ConfigError::of_key)
}

/// The header of an access token.
///
/// The redactor of the secret knows the token without `Bearer`, because a server may repeat the token alone.
fn bearer(text: &str) -> Result<Secret, ConfigError> {
    Secret::parse(AUTHORIZATION, "Bearer ", text).map_err(ConfigError::of_key)
}

type Token = Result<String, Box<dyn Error + Send + Sync>>;

/// A function that returns the access token for a request. It is called for every request, so it has
/// to cache its token.
#[derive(Clone)]
pub(crate) struct TokenProvider(Arc<dyn Fn() -> BoxFuture<'static, Token> + Send + Sync>);

impl TokenProvider {
    /// Boxes the future and the error of a provider, so that the client has no type parameter for it.
    pub(crate) fn new<F, E>(provide: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<String, E>> + Send + 'static,
        E: Into<Box<dyn Error + Send + Sync>> + 'static,
    {
        Self(Arc::new(move || provide().map_err(Into::into).boxed()))
    }
}

impl fmt::Debug for TokenProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenProvider")
    }
}
