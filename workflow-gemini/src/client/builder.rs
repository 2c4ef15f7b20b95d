//! The builder of a client: defaults, environment variables, and setters.

use std::{env, error::Error, fmt, future::Future, time::Duration};

use workflow_core::price::PriceTable;
use workflow_httpkit::{Peer, Timeouts};

use super::{
    credential::{self, Credential, TokenProvider},
    environment::{self, ApiKey, InvalidVariable, Variables},
    settings::{Settings, address, version_hint},
    span::{Observed, VERTEX},
};
use workflow_llm::gate::GateLimits;

use crate::{error::ConfigError, request::ServiceTier};

/// The model that is used if neither the request, nor the client, nor `GEMINI_MODEL` names one.
pub const DEFAULT_MODEL: &str = "gemini-3.8-flash";

/// The address of the Gemini API, unless the builder or `GOOGLE_GEMINI_BASE_URL` names another one.
pub const DEFAULT_BASE_URL: &str = "https://generativelanguage.googleapis.com";

const DEFAULT_API_VERSION: &str = "v1beta";
/// Far above any text of a model (65,536 tokens are about 300 KB), with a margin for inline media.
const DEFAULT_MAX_REPLY_BYTES: usize = 8 * 1024 * 1024;

/// Builder of a [`GeminiClient`](crate::GeminiClient).
///
/// Setters check nothing; [`build`](Self::build) checks all settings together. `Debug` output shows
/// neither the key nor the base URL.
///
/// ```
/// use std::time::Duration;
/// use workflow_gemini::GeminiClient;
///
/// let client = GeminiClient::builder()
///     .with_api_key("an API key")
///     .with_model("gemini-3.5-flash-lite")
///     .with_total_timeout(Duration::from_secs(300))
///     .build()?;
/// assert_eq!(client.model(), "gemini-3.5-flash-lite");
/// # Ok::<(), workflow_gemini::ConfigError>(())
/// ```
#[derive(Clone)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct GeminiClientBuilder {
    api_key: ApiKey,
    /// Reported by `build`, because reading the environment cannot fail.
    invalid_variable: Option<InvalidVariable>,
    bearer_token: Option<TokenProvider>,
    base_url: String,
    api_version: String,
    path_prefix: String,
    endpoint_name: Option<String>,
    prices: PriceTable,
    model: String,
    timeouts: Timeouts,
    max_reply_bytes: usize,
    limits: GateLimits,
    provider: &'static str,
    record_content: bool,
    store: Option<bool>,
    service_tier: Option<ServiceTier>,
}

impl Default for GeminiClientBuilder {
    fn default() -> Self {
        Self {
            api_key: ApiKey::default(),
            invalid_variable: None,
            bearer_token: None,
            base_url: DEFAULT_BASE_URL.to_owned(),
            api_version: DEFAULT_API_VERSION.to_owned(),
            path_prefix: String::new(),
            endpoint_name: None,
            prices: PriceTable::default(),
            model: DEFAULT_MODEL.to_owned(),
            timeouts: Timeouts {
                connect: Duration::from_secs(10),
                first_byte: Duration::from_secs(300),
                idle: Duration::from_secs(120),
                total: None,
            },
            max_reply_bytes: DEFAULT_MAX_REPLY_BYTES,
            limits: GateLimits::default(),
            provider: "gcp.gemini",
            record_content: false,
            store: None,
            service_tier: None,
        }
    }
}

impl GeminiClientBuilder {
    /// Returns a builder with the settings of the environment. A setter that is called later wins.
    ///
    /// | variable | sets |
    /// |---|---|
    /// | `GOOGLE_API_KEY`, else `GEMINI_API_KEY` | [`api_key`](Self::with_api_key) |
    /// | `GOOGLE_GEMINI_BASE_URL` | [`base_url`](Self::with_base_url) |
    /// | `GOOGLE_GENAI_API_VERSION` | [`api_version`](Self::with_api_version) |
    /// | `GEMINI_MODEL` | [`model`](Self::with_model) |
    /// | `GEMINI_STORE` (`true` or `false`) | [`store`](Self::with_store) |
    ///
    /// An empty variable counts as not set. [`key_variable`](Self::key_variable) names the variable of
    /// the key that is used, [`ignored_key_variable`](Self::ignored_key_variable) the variable of a
    /// key that is not.
    pub fn from_env() -> Self {
        Self::from_vars(|name| env::var(name).ok())
    }

    /// Returns a builder with the settings of the environment, and of a file of variables such as
    /// `.env` where the environment sets nothing. A setter that is called later wins over both. `file`
    /// returns the value of a variable in the file.
    ///
    /// The [connection variables](Self::CONNECTION_VARIABLES) are read from one source: from the
    /// environment if it sets any of them, otherwise from the file. So a base URL in a file never
    /// receives a key of the environment, and a key in a file never replaces one of the environment.
    ///
    /// An empty variable counts as not set.
    pub fn from_env_or(file: impl Fn(&str) -> Option<String>) -> Self {
        Self::from_vars(environment::with_file(|name| env::var(name).ok(), file))
    }

    /// The variables that decide which key is sent, and to which address. See
    /// [`from_env_or`](Self::from_env_or).
    pub const CONNECTION_VARIABLES: [&str; 4] = environment::CONNECTION;

    /// Like [`from_env`](Self::from_env), but reads the variables from another source: a file, a test.
    ///
    /// ```
    /// use std::collections::BTreeMap;
    /// use workflow_gemini::GeminiClientBuilder;
    ///
    /// let file = BTreeMap::from([("GEMINI_API_KEY", "a key"), ("GOOGLE_API_KEY", "another")]);
    /// let builder = GeminiClientBuilder::from_vars(|name| file.get(name).map(|it| it.to_string()));
    /// assert_eq!(builder.key_variable(), Some("GOOGLE_API_KEY"));
    /// assert_eq!(builder.ignored_key_variable(), Some("GEMINI_API_KEY"));
    /// ```
    pub fn from_vars(read: impl Fn(&str) -> Option<String>) -> Self {
        let variables = Variables::read(read);
        let unset = Self::default();
        let (store, invalid_variable) = match variables.store {
            Ok(store) => (store, None),
            Err(invalid) => (None, Some(invalid)),
        };
        Self {
            api_key: variables.api_key,
            invalid_variable,
            base_url: variables.base_url.unwrap_or(unset.base_url),
            api_version: variables.api_version.unwrap_or(unset.api_version),
            model: variables.model.unwrap_or(unset.model),
            store,
            ..unset
        }
    }

    /// The variable of the key: `GOOGLE_API_KEY` or `GEMINI_API_KEY`. `None` if neither is set, or if
    /// the key was set by a setter since.
    pub fn key_variable(&self) -> Option<&'static str> {
        self.api_key.variable
    }

    /// The variable of a different key that is not used, because
    /// [`key_variable`](Self::key_variable) wins over it. A program should report it when it starts.
    pub fn ignored_key_variable(&self) -> Option<&'static str> {
        self.api_key.ignored_variable
    }

    /// The API key. It is sent in the header `x-goog-api-key`, and no error, log line or `Debug` output
    /// contains it. Required, unless there is a token provider.
    pub fn with_api_key(mut self, key: impl Into<String>) -> Self {
        self.api_key = ApiKey::of(key.into());
        self
    }

    /// A provider of access tokens, which are sent as `Authorization: Bearer` instead of a key: the
    /// method of Vertex AI.
    ///
    /// Called before each request, also before requests that continue an answer, so it has to cache
    /// its token. The call counts towards the first-byte timeout. With a provider, a key is not used.
    ///
    /// ```
    /// use workflow_gemini::GeminiClient;
    ///
    /// async fn token() -> std::io::Result<String> {
    ///     std::fs::read_to_string("/run/secrets/token")
    /// }
    /// let client = GeminiClient::builder()
    ///     .with_vertex("my-project", "europe-west4")
    ///     .with_bearer_token(token)
    ///     .build()?;
    /// # Ok::<(), workflow_gemini::ConfigError>(())
    /// ```
    pub fn with_bearer_token<F, E>(
        mut self,
        provide: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<String, E>> + Send + 'static,
        E: Into<Box<dyn Error + Send + Sync>> + 'static,
    {
        self.bearer_token = Some(TokenProvider::new(provide));
        self
    }

    /// Uses Vertex AI with a project and a location: `global`, `us`, `eu`, or a region such as
    /// `europe-west4`. Sets base URL, version and path prefix; a setter that is called later wins.
    pub fn with_vertex(mut self, project: impl AsRef<str>, location: impl AsRef<str>) -> Self {
        let (project, location) = (project.as_ref().trim(), location.as_ref().trim());
        let base_url = match location {
            "global" => "https://aiplatform.googleapis.com".to_owned(),
            "us" | "eu" => format!("https://aiplatform.{location}.rep.googleapis.com"),
            region => format!("https://{region}-aiplatform.googleapis.com"),
        };
        let prefix = format!("projects/{project}/locations/{location}/publishers/google");
        self.provider = VERTEX;
        self.with_base_url(base_url)
            .with_api_version("v1")
            .with_path_prefix(prefix)
    }

    /// The part of the path between the version and `models`. Default: none.
    pub fn with_path_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.path_prefix = prefix.into();
        self
    }

    /// The address of the API: another one for a gateway or a test server. It may have a path, to which
    /// the version is appended, but no user name, password, query or fragment.
    /// Default: [`DEFAULT_BASE_URL`].
    pub fn with_base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = url.into();
        self
    }

    /// The name of the API's address in the [keys](workflow_core::value::StepKey) of steps, for an address that changes though the answers
    /// do not, such as a simulation on any free port. Results of one name are never reused under another. Default: the address.
    pub fn with_endpoint_name(mut self, name: impl Into<String>) -> Self {
        self.endpoint_name = Some(name.into());
        self
    }

    /// The prices of the models. `LLMNode`s report what they cost, and budgets in dollars can limit them. The provider in its patterns
    /// is `gemini`, or `vertex` [on Vertex AI](Self::with_vertex). Default: no prices, and costs are not known.
    pub fn with_prices(mut self, prices: PriceTable) -> Self {
        self.prices = prices;
        self
    }

    /// The version of the API, the first segment of the path. Default: `v1beta`.
    pub fn with_api_version(mut self, version: impl Into<String>) -> Self {
        self.api_version = version.into();
        self
    }

    /// The model for requests that name none. Default: [`DEFAULT_MODEL`].
    pub fn with_model(mut self, model: impl Into<String>) -> Self {
        self.model = model.into();
        self
    }

    /// The longest time to connect. Default: 10 s.
    pub fn with_connect_timeout(mut self, limit: Duration) -> Self {
        self.timeouts.connect = limit;
        self
    }

    /// The longest time from the start of a request to the first byte of its answer. A model that
    /// thinks can be silent for minutes. Default: 5 min.
    ///
    /// Token provider, connection and head of the response share this time. A streamed answer begins earlier than a
    /// whole one, which is sent when the model has finished.
    pub fn with_first_byte_timeout(mut self, limit: Duration) -> Self {
        self.timeouts.first_byte = limit;
        self
    }

    /// The longest time between two pieces of an answer. Default: 2 min. Each piece restarts it, so it does not
    /// limit the length of an answer.
    pub fn with_idle_timeout(mut self, limit: Duration) -> Self {
        self.timeouts.idle = limit;
        self
    }

    /// The longest time for one request in total. It is also sent to the server, as `x-server-timeout`. Default: no
    /// limit. An answer that is continued by further requests takes several requests, each with this limit.
    pub fn with_total_timeout(mut self, limit: Duration) -> Self {
        self.timeouts.total = Some(limit);
        self
    }

    /// The largest answer in bytes, after decompression and over all requests that it takes. A larger
    /// one fails with [`GeminiError::TooLarge`](crate::GeminiError::TooLarge). Default: 8 MiB.
    pub fn with_max_reply_bytes(mut self, limit: usize) -> Self {
        self.max_reply_bytes = limit;
        self
    }

    /// The most requests in flight, including answers that are still being read. At least 1.
    /// Default: 1,024.
    ///
    /// Further requests wait in a FIFO queue. [`Chunk::Queued`](crate::Chunk::Queued) reports their
    /// position, and no timeout of the client runs while they wait.
    pub fn with_max_in_flight(mut self, requests: usize) -> Self {
        self.limits.in_flight = requests;
        self
    }

    /// The most requests in any 60 s. Further ones wait in the same queue as those over the in-flight
    /// limit. At least 1. The quota of a project depends on its plan and the model. Default: no limit.
    ///
    /// The limit applies to the client as a whole, over all models, and to each process by itself.
    pub fn with_max_per_minute(mut self, requests: u32) -> Self {
        self.limits.per_minute = Some(requests);
        self
    }

    /// The most requests in each of the two queues: for the in-flight and per-minute limits, and for
    /// the retry budget. The next one fails at once with
    /// [`GeminiError::QueueFull`](crate::GeminiError::QueueFull), which is retryable. With 0 no request
    /// waits. Default: 16,384.
    pub fn with_max_queued(mut self, requests: usize) -> Self {
        self.limits.queued = requests;
        self
    }

    /// The retry budget: the most [retries](crate::GenerateRequest::with_retry) that may be sent in a
    /// row, so that retries do not make an overload worse.
    ///
    /// Each retry takes one token. The budget regains one token per second, one per five successes, and
    /// one per retry that succeeds. While it is empty, retries wait in the queue `retry_budget`
    /// ([`Chunk::Queued`](crate::Chunk::Queued)). With 0 no retry is allowed. Default: 100.
    ///
    /// With 0, [`grants_retry`](crate::GeminiClient::grants_retry) returns `false` and `LLMNode`s do not retry. A
    /// request that the caller marks as a retry nevertheless is sent without a token.
    pub fn with_retry_budget(mut self, failures: u32) -> Self {
        self.limits.retry_budget = failures;
        self
    }

    /// Whether the span of a call contains the prompt and the answer. Both may be personal data.
    /// Default: no.
    pub fn with_record_content(mut self, record: bool) -> Self {
        self.record_content = record;
        self
    }

    /// Whether the API may store requests and answers in its logs. A request can override it
    /// ([`GenerateRequest::with_store`]). Default: nothing is sent, and the project's setting applies;
    /// projects created since 2026-10-26 store by default.
    ///
    /// [`GenerateRequest::with_store`]: crate::GenerateRequest::with_store
    pub fn with_store(mut self, store: bool) -> Self {
        self.store = Some(store);
        self
    }

    /// The service tier of requests that name none ([`GenerateRequest::with_service_tier`]). Default:
    /// nothing is sent, and the API uses `standard`.
    ///
    /// [`GenerateRequest::with_service_tier`]: crate::GenerateRequest::with_service_tier
    pub fn with_service_tier(mut self, tier: ServiceTier) -> Self {
        self.service_tier = Some(tier);
        self
    }

    /// Checks the settings, in this order: variables, limits, credential, base URL.
    pub(super) fn settings(self) -> Result<Settings, ConfigError> {
        if let Some(invalid) = self.invalid_variable {
            return Err(invalid.into());
        }
        if let Some(limit) = self.limits.zero() {
            return Err(ConfigError::NothingAllowed { limit });
        }
        let credential = match self.bearer_token {
            Some(provider) => Credential::Bearer(provider),
            None => Credential::Key(credential::key(
                self.api_key.key.as_deref().unwrap_or_default(),
            )?),
        };
        let address = address(&self.base_url, &self.api_version, &self.path_prefix)?;
        // Reads the proxy variables of the environment, as `reqwest` does when the client is built.
        let peer = Peer::of(&address);
        let observed = Observed {
            provider: self.provider,
            host: address.host_str().unwrap_or_default().to_owned(),
            port: address.port_or_known_default(),
            content: self.record_content,
        };
        Ok(Settings {
            credential,
            address,
            endpoint_name: self.endpoint_name,
            prices: self.prices,
            model: self.model,
            timeouts: self.timeouts,
            max_reply_bytes: self.max_reply_bytes,
            limits: self.limits,
            observed,
            store: self.store,
            service_tier: self.service_tier,
            version_hint: version_hint(&self.base_url, &self.api_version),
            peer,
        })
    }
}

impl fmt::Debug for GeminiClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GeminiClientBuilder")
            // The base URL is missing: it is not checked yet, so it may contain a password.
            .field("api_key", &self.api_key.key.as_ref().map(|_| "***"))
            .field("bearer_token", &self.bearer_token)
            .field("api_version", &self.api_version)
            .field("model", &self.model)
            .field("timeouts", &self.timeouts)
            .field("max_reply_bytes", &self.max_reply_bytes)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
