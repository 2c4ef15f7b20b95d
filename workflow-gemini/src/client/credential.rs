//! How a client proves who it is.

use std::{error::Error, fmt, future::Future, sync::Arc};

use futures::{FutureExt, TryFutureExt, future::BoxFuture};
use reqwest::header::{AUTHORIZATION, HeaderName};
use workflow_httpkit::Secret;

use crate::error::{ConfigError, GeminiError};

/// A key, or something that gives tokens.
#[derive(Clone, Debug)]
pub(crate) enum Credential {
    Key(Secret),
    Bearer(TokenProvider),
}

impl Credential {
    /// What is sent with the next request.
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

/// An API key, in the header of the API.
pub(super) fn key(text: &str) -> Result<Secret, ConfigError> {
    let name = HeaderName::from_static("x-goog-api-key");
    Secret::parse(name, "", text).map_err(ConfigError::of_key)
}

/// An access token.
fn bearer(text: &str) -> Result<Secret, ConfigError> {
    Secret::parse(AUTHORIZATION, "Bearer ", text).map_err(ConfigError::of_key)
}

type Token = Result<String, Box<dyn Error + Send + Sync>>;

/// Gives a token for each request. To keep a token while it is valid is its own business.
#[derive(Clone)]
pub(crate) struct TokenProvider(Arc<dyn Fn() -> BoxFuture<'static, Token> + Send + Sync>);

impl TokenProvider {
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
