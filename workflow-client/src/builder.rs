//! The settings of a client.

use std::time::Duration;

use reqwest::{header::AUTHORIZATION, redirect};
use url::Url;
use workflow_httpkit::{Secret, UnusableSecret};

use crate::http::{Http, Times};

/// The settings of a [`Client`](crate::Client). Made by [`Client::builder`](crate::Client::builder).
#[derive(Clone, Debug)]
#[must_use]
pub struct ClientBuilder {
    base_url: String,
    api_key: Option<String>,
    times: Times,
}

/// Why a client cannot be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The base URL is not usable. The message does not contain the URL, which may have a password.
    #[error("invalid base URL: {0}")]
    BaseUrl(&'static str),
    /// The API key cannot be sent. The message does not contain the key.
    #[error("invalid API key: {0}")]
    ApiKey(&'static str),
    /// The HTTP client cannot be set up, for example because the system has no TLS certificates.
    #[error("failed to set up the HTTP client")]
    Http(#[source] reqwest::Error),
}

impl ClientBuilder {
    pub(crate) fn new(base_url: &str) -> Self {
        Self {
            base_url: base_url.to_owned(),
            api_key: None,
            times: Times {
                retry_for: Duration::from_secs(60),
                request: Duration::from_secs(30),
                silence: Duration::from_secs(30),
            },
        }
    }

    /// The API key of the server, sent as `authorization: Bearer`. It appears in no error and no `Debug` text.
    pub fn with_api_key(mut self, key: impl Into<String>) -> Self {
        self.api_key = Some(key.into());
        self
    }

    /// How long a request or stream is retried without success before its error is returned. Default: 60 s; zero: never.
    pub fn with_retry_for(mut self, time: Duration) -> Self {
        self.times.retry_for = time;
        self
    }

    /// How long one request and its whole response may take. Streams of events are not limited by it. Default: 30 s.
    pub fn with_request_time(mut self, time: Duration) -> Self {
        self.times.request = time;
        self
    }

    /// After this long without a byte a stream counts as dead and is opened again. It must be longer than the server's
    /// heartbeat, which is 5 s by default. Default: 30 s.
    pub fn with_silence(mut self, time: Duration) -> Self {
        self.times.silence = time;
        self
    }

    pub(crate) fn http(self) -> Result<Http, ConfigError> {
        let base_url = base_url(&self.base_url)?;
        let key = self.api_key.as_deref().map(secret).transpose()?;
        // A redirect would send the key and inputs to a host that the caller has not named.
        let client = reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            .user_agent(concat!("workflow-client/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(ConfigError::Http)?;
        Ok(Http {
            client,
            base_url,
            key,
            times: self.times,
        })
    }
}

/// The URL below which `api/` is, with a `/` at its end.
fn base_url(text: &str) -> Result<Url, ConfigError> {
    let invalid = ConfigError::BaseUrl;
    let mut url =
        Url::parse(text).map_err(|_| invalid("expected a URL such as `http://127.0.0.1:8000`"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(invalid("its scheme must be `http` or `https`"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid("it must not contain a user name or password"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(invalid("it must not have a query or fragment"));
    }
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(url)
}

fn secret(key: &str) -> Result<Secret, ConfigError> {
    Secret::parse(AUTHORIZATION, "Bearer ", key).map_err(|error| {
        ConfigError::ApiKey(match error {
            UnusableSecret::Empty => "it is empty",
            UnusableSecret::NotAHeader => {
                "it has characters that are not allowed in an HTTP header"
            }
        })
    })
}
