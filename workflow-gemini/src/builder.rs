//! Collects what a client is made from.

use std::{env, error::Error, fmt, future::Future, time::Duration};

use tracing::warn;

use crate::{
    client::GeminiClient,
    config::{ConfigError, Settings, Timeouts, address},
    credential::{Credential, TokenProvider},
    gate::Limits,
    secret::Secret,
    span::Observed,
};

/// The model asked when neither the request, nor the client, nor `GEMINI_MODEL` names one.
pub const DEFAULT_MODEL: &str = "gemini-3.8-flash";

const DEFAULT_BASE_URL: &str = "https://generativelanguage.googleapis.com";
const DEFAULT_API_VERSION: &str = "v1beta";
const DEFAULT_MAX_REPLY_BYTES: usize = 8 * 1024 * 1024;

/// Collects what a [`GeminiClient`] needs.
///
/// ```
/// use std::time::Duration;
/// use workflow_gemini::GeminiClient;
///
/// let client = GeminiClient::builder()
///     .api_key("an API key")
///     .model("gemini-3.5-flash-lite")
///     .total_timeout(Duration::from_secs(300))
///     .build()?;
/// assert_eq!(client.model(), "gemini-3.5-flash-lite");
/// # Ok::<(), workflow_gemini::ConfigError>(())
/// ```
#[derive(Clone)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct GeminiClientBuilder {
    api_key: Option<String>,
    bearer_token: Option<TokenProvider>,
    base_url: String,
    api_version: String,
    path_prefix: String,
    model: String,
    timeouts: Timeouts,
    max_reply_bytes: usize,
    limits: Limits,
    provider: &'static str,
    record_content: bool,
}

impl Default for GeminiClientBuilder {
    fn default() -> Self {
        Self {
            api_key: None,
            bearer_token: None,
            base_url: DEFAULT_BASE_URL.to_owned(),
            api_version: DEFAULT_API_VERSION.to_owned(),
            path_prefix: String::new(),
            model: DEFAULT_MODEL.to_owned(),
            timeouts: Timeouts {
                connect: Duration::from_secs(10),
                first_byte: Duration::from_secs(300),
                idle: Duration::from_secs(120),
                total: None,
            },
            max_reply_bytes: DEFAULT_MAX_REPLY_BYTES,
            limits: Limits {
                in_flight: 256,
                per_minute: None,
                retry_budget: 100,
            },
            provider: "gcp.gemini",
            record_content: false,
        }
    }
}

impl GeminiClientBuilder {
    /// Starts from the environment; what is set later wins over it.
    ///
    /// | variable | sets |
    /// |---|---|
    /// | `GOOGLE_API_KEY`, else `GEMINI_API_KEY` | [`api_key`](Self::api_key) |
    /// | `GOOGLE_GEMINI_BASE_URL` | [`base_url`](Self::base_url) |
    /// | `GOOGLE_GENAI_API_VERSION` | [`api_version`](Self::api_version) |
    /// | `GEMINI_MODEL` | [`model`](Self::model) |
    ///
    /// An empty variable counts as not set.
    pub fn from_env() -> Self {
        Self::from_variables(|name| env::var(name).ok())
    }

    /// Starts from the environment and from a file of variables, such as `.env`, that counts where the environment
    /// sets nothing; what is set later wins over both. `file` returns the value of a variable in the file.
    ///
    /// The [connection variables](Self::CONNECTION_VARIABLES) are taken together, as a whole from the environment
    /// if it sets any of them, otherwise from the file. So a base URL in a file never receives a key of the
    /// environment, and a key in a file is never used in place of one in the environment.
    ///
    /// An empty variable counts as not set.
    pub fn from_env_or(file: impl Fn(&str) -> Option<String>) -> Self {
        Self::from_sources(|name| env::var(name).ok(), file)
    }

    /// The variables that decide where a key is sent, and which one. See [`from_env_or`](Self::from_env_or).
    pub const CONNECTION_VARIABLES: [&str; 4] = [
        "GOOGLE_API_KEY",
        "GEMINI_API_KEY",
        "GOOGLE_GEMINI_BASE_URL",
        "GOOGLE_GENAI_API_VERSION",
    ];

    fn from_sources(
        environment: impl Fn(&str) -> Option<String>,
        file: impl Fn(&str) -> Option<String>,
    ) -> Self {
        let set = |name: &str| environment(name).filter(|value| !value.trim().is_empty());
        let connects = Self::CONNECTION_VARIABLES
            .iter()
            .any(|name| set(name).is_some());
        Self::from_variables(|name| {
            let in_file = !connects || !Self::CONNECTION_VARIABLES.contains(&name);
            set(name).or_else(|| in_file.then(|| file(name)).flatten())
        })
    }

    fn from_variables(read: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name| {
            let value = read(name)?.trim().to_owned();
            (!value.is_empty()).then_some(value)
        };
        let mut builder = Self {
            api_key: key_of(set("GOOGLE_API_KEY"), set("GEMINI_API_KEY")),
            ..Self::default()
        };
        if let Some(url) = set("GOOGLE_GEMINI_BASE_URL") {
            builder.base_url = url;
        }
        if let Some(version) = set("GOOGLE_GENAI_API_VERSION") {
            builder.api_version = version;
        }
        if let Some(model) = set("GEMINI_MODEL") {
            builder.model = model;
        }
        builder
    }

    /// The API key. It is sent in the header `x-goog-api-key` and shown nowhere. Required.
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.api_key = Some(key.into());
        self
    }

    /// Asks for an access token before each request, and sends it as `Authorization: Bearer`
    /// instead of a key: the way of Vertex AI. To keep a token while it is valid is the provider's
    /// business. With a provider, a key is not used.
    ///
    /// ```
    /// use workflow_gemini::GeminiClient;
    ///
    /// async fn token() -> std::io::Result<String> {
    ///     std::fs::read_to_string("/run/secrets/token")
    /// }
    /// let client = GeminiClient::builder()
    ///     .vertex("my-project", "europe-west4")
    ///     .bearer_token(token)
    ///     .build()?;
    /// # Ok::<(), workflow_gemini::ConfigError>(())
    /// ```
    pub fn bearer_token<F, E>(mut self, provide: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<String, E>> + Send + 'static,
        E: Into<Box<dyn Error + Send + Sync>> + 'static,
    {
        self.bearer_token = Some(TokenProvider::new(provide));
        self
    }

    /// Asks Vertex AI, as this project and in this location: `global`, `us`, `eu`, or a region such
    /// as `europe-west4`. Sets base URL, version and path prefix; what is set later wins.
    pub fn vertex(mut self, project: impl AsRef<str>, location: impl AsRef<str>) -> Self {
        let (project, location) = (project.as_ref().trim(), location.as_ref().trim());
        let base_url = match location {
            "global" => "https://aiplatform.googleapis.com".to_owned(),
            "us" | "eu" => format!("https://aiplatform.{location}.rep.googleapis.com"),
            region => format!("https://{region}-aiplatform.googleapis.com"),
        };
        let prefix = format!("projects/{project}/locations/{location}/publishers/google");
        self.provider = "gcp.vertex_ai";
        self.base_url(base_url)
            .api_version("v1")
            .path_prefix(prefix)
    }

    /// What stands between the version and `models` in the path. Default: nothing.
    pub fn path_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.path_prefix = prefix.into();
        self
    }

    /// Where the API is, for a proxy or a test server. A path in it is kept as a prefix.
    /// Default: `https://generativelanguage.googleapis.com`.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = url.into();
        self
    }

    /// The API's version, the path's first segment. Default: `v1beta`.
    pub fn api_version(mut self, version: impl Into<String>) -> Self {
        self.api_version = version.into();
        self
    }

    /// The model of requests that name none. Default: [`DEFAULT_MODEL`].
    pub fn model(mut self, model: impl Into<String>) -> Self {
        self.model = model.into();
        self
    }

    /// How long connecting may take. Default: 10 s.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.timeouts.connect = limit;
        self
    }

    /// How long the first byte of an answer may take. A model that thinks is silent for minutes.
    /// Default: 5 min.
    pub fn first_byte_timeout(mut self, limit: Duration) -> Self {
        self.timeouts.first_byte = limit;
        self
    }

    /// How long an answer that began may fall silent. Default: 2 min.
    pub fn idle_timeout(mut self, limit: Duration) -> Self {
        self.timeouts.idle = limit;
        self
    }

    /// How long one request may take in all; the server is told, too. Default: no limit.
    pub fn total_timeout(mut self, limit: Duration) -> Self {
        self.timeouts.total = Some(limit);
        self
    }

    /// How many bytes one answer may have after decompression. Default: 8 MiB.
    pub fn max_reply_bytes(mut self, limit: usize) -> Self {
        self.max_reply_bytes = limit;
        self
    }

    /// How many requests may be on their way at once; further ones wait for their turn. At
    /// least 1. Default: 256.
    pub fn max_in_flight(mut self, requests: usize) -> Self {
        self.limits.in_flight = requests;
        self
    }

    /// How many requests may be sent in any 60 s; further ones wait for their turn. At
    /// least 1. What a project may send depends on its plan and the model. Default: no limit.
    pub fn max_per_minute(mut self, requests: u32) -> Self {
        self.limits.per_minute = Some(requests);
        self
    }

    /// How many failures in a row may be retried: each takes one from the budget, five successes or
    /// a second give one back. While it is used up, [`GeminiClient::grants_retry`] says no.
    /// Default: 100.
    pub fn retry_budget(mut self, failures: u32) -> Self {
        self.limits.retry_budget = failures;
        self
    }

    /// Whether the span of a call holds the prompt and the answer, too: for a place where both may
    /// be seen. Default: no.
    pub fn record_content(mut self, record: bool) -> Self {
        self.record_content = record;
        self
    }

    /// Checks everything and makes the client. Nothing is sent.
    ///
    /// # Errors
    /// [`ConfigError`]: the key is missing or cannot be a header, or the base URL is not usable.
    pub fn build(self) -> Result<GeminiClient, ConfigError> {
        let credential = match self.bearer_token {
            Some(provider) => Credential::Bearer(provider),
            None => Credential::Key(Secret::key(self.api_key.as_deref().unwrap_or_default())?),
        };
        let address = address(&self.base_url, &self.api_version, &self.path_prefix)?;
        let observed = Observed {
            provider: self.provider,
            host: address.host_str().unwrap_or_default().to_owned(),
            port: address.port_or_known_default(),
            content: self.record_content,
        };
        let settings = Settings {
            credential,
            address,
            model: self.model,
            timeouts: self.timeouts,
            max_reply_bytes: self.max_reply_bytes,
            limits: self.limits,
            observed,
        };
        GeminiClient::new(settings)
    }
}

impl fmt::Debug for GeminiClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GeminiClientBuilder")
            .field("api_key", &self.api_key.as_ref().map(|_| "***"))
            .field("bearer_token", &self.bearer_token)
            .field("api_version", &self.api_version)
            .field("model", &self.model)
            .field("timeouts", &self.timeouts)
            .field("max_reply_bytes", &self.max_reply_bytes)
            .finish_non_exhaustive()
    }
}

fn key_of(google: Option<String>, gemini: Option<String>) -> Option<String> {
    if google.is_some() && gemini.is_some() {
        warn!("both GOOGLE_API_KEY and GEMINI_API_KEY are set: using GOOGLE_API_KEY");
    }
    google.or(gemini)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(variables: &[(&str, &str)]) -> GeminiClientBuilder {
        GeminiClientBuilder::from_variables(|name| {
            let found = variables.iter().find(|(known, _)| *known == name)?;
            Some(found.1.to_owned())
        })
    }

    #[test]
    fn google_api_key_wins_and_empty_counts_as_unset() {
        let both = from(&[("GOOGLE_API_KEY", "google"), ("GEMINI_API_KEY", "gemini")]);
        assert_eq!(both.api_key.as_deref(), Some("google"));
        let empty = from(&[("GOOGLE_API_KEY", " "), ("GEMINI_API_KEY", "gemini\n")]);
        assert_eq!(empty.api_key.as_deref(), Some("gemini"));
        assert!(matches!(from(&[]).build(), Err(ConfigError::MissingKey)));
    }

    #[test]
    fn key_and_address_are_of_one_source() {
        let from = |environment: &[(&str, &str)], file: &[(&str, &str)]| {
            let read = |set: &[(&str, &str)], name: &str| {
                let found = set.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            };
            let builder = GeminiClientBuilder::from_sources(
                |name| read(environment, name),
                |name| read(file, name),
            );
            (
                builder.api_key.unwrap_or_default(),
                builder.base_url,
                builder.model,
            )
        };
        let file = [
            ("GOOGLE_API_KEY", "file"),
            ("GOOGLE_GEMINI_BASE_URL", "http://file"),
            ("GEMINI_MODEL", "model-of-file"),
        ];
        let (default, model) = (DEFAULT_BASE_URL, "model-of-file");
        for (environment, key, url) in [
            (&[][..], "file", "http://file"),
            (&[("GEMINI_API_KEY", " ")], "file", "http://file"),
            (&[("GEMINI_API_KEY", "shell")], "shell", default),
            (&[("GOOGLE_API_KEY", "shell")], "shell", default),
            (
                &[("GOOGLE_GEMINI_BASE_URL", "http://shell")],
                "",
                "http://shell",
            ),
            (&[("GOOGLE_GENAI_API_VERSION", "v1")], "", default),
        ] {
            let expected = (key.to_owned(), url.to_owned(), model.to_owned());
            assert_eq!(from(environment, &file), expected, "{environment:?}");
        }
        let model = from(&[("GEMINI_MODEL", "model-of-shell")], &file);
        assert_eq!((&*model.0, &*model.2), ("file", "model-of-shell"));
    }

    #[test]
    fn the_environment_sets_address_version_and_model() {
        let builder = from(&[
            ("GEMINI_API_KEY", "k"),
            (
                "GOOGLE_GEMINI_BASE_URL",
                "https://proxy.example.com/gemini/",
            ),
            ("GOOGLE_GENAI_API_VERSION", "v1"),
            ("GEMINI_MODEL", "gemini-4-neon"),
        ]);
        assert_eq!(builder.model, "gemini-4-neon");
        let url = address(&builder.base_url, &builder.api_version, "").unwrap();
        assert_eq!(url.as_str(), "https://proxy.example.com/gemini/v1");
        let unset = from(&[("GOOGLE_GEMINI_BASE_URL", ""), ("GEMINI_MODEL", "")]);
        assert_eq!(unset.model, DEFAULT_MODEL);
        assert_eq!(unset.base_url, DEFAULT_BASE_URL);
    }

    #[test]
    fn vertex_sets_host_version_and_path() {
        for (location, host) in [
            ("global", "aiplatform.googleapis.com"),
            ("eu", "aiplatform.eu.rep.googleapis.com"),
            ("us-central1", "us-central1-aiplatform.googleapis.com"),
        ] {
            let builder = GeminiClientBuilder::default().vertex("p", location);
            let url = address(
                &builder.base_url,
                &builder.api_version,
                &builder.path_prefix,
            );
            let path = format!("/v1/projects/p/locations/{location}/publishers/google");
            let url = url.unwrap();
            assert_eq!((url.host_str(), url.path()), (Some(host), path.as_str()));
        }
    }

    #[test]
    fn debug_shows_no_key() {
        let builder = GeminiClientBuilder::default().api_key("AIza-secret");
        assert!(!format!("{builder:?}").contains("secret"));
    }
}
