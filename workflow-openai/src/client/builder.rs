//! The builder of a client: defaults and setters.

use std::{borrow::Cow, fmt, time::Duration};

use serde_json::{Map, Value};
use workflow_core::price::PriceTable;
use workflow_httpkit::{Peer, Timeouts};
use workflow_llm::{ProviderInfo, gate::GateLimits};

use super::{
    OpenAiClient,
    api::Api,
    settings::{Settings, base_url, completions_url, headers},
};
use crate::{
    error::{ConfigError, ErrorContext},
    request::{Dialect, reserved_field},
};

/// The address of the API, unless the builder names another one.
pub const DEFAULT_BASE_URL: &str = "https://api.openai.com/v1";

/// The host whose newer models refuse `max_tokens`.
const OPENAI_HOST: &str = "api.openai.com";
/// The port that is registered for Ollama, which ignores `tool_choice`.
const OLLAMA_PORT: u16 = 11434;
/// Far above any text of a model, with a margin for framing.
const DEFAULT_MAX_REPLY_BYTES: usize = 8 * 1024 * 1024;

/// Builder of an [`OpenAiClient`].
///
/// Setters check nothing; [`build`](Self::build) checks all settings together. `Debug` output shows neither the key, nor headers, nor the
/// base URL.
///
/// ```
/// use std::time::Duration;
/// use workflow_openai::OpenAiClient;
///
/// let client = OpenAiClient::builder()
///     .with_name("router")
///     .with_base_url("https://openrouter.ai/api/v1")
///     .with_api_key("an API key")
///     .with_header("x-title", "my service")
///     .with_model("qwen/qwen3-235b")
///     .with_total_timeout(Duration::from_secs(300))
///     .build()?;
/// # Ok::<(), workflow_openai::ConfigError>(())
/// ```
#[derive(Clone)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct OpenAiClientBuilder {
    name: Cow<'static, str>,
    label: Option<Cow<'static, str>>,
    base_url: String,
    api_key: Option<String>,
    headers: Vec<(String, String)>,
    endpoint_name: Option<String>,
    model: String,
    models: Vec<String>,
    prices: PriceTable,
    max_tokens_field: Option<String>,
    has_tool_choice: Option<bool>,
    extra: Map<String, Value>,
    timeouts: Timeouts,
    max_reply_bytes: usize,
    limits: GateLimits,
    record_content: bool,
}

impl Default for OpenAiClientBuilder {
    fn default() -> Self {
        Self {
            name: "openai".into(),
            label: None,
            base_url: DEFAULT_BASE_URL.to_owned(),
            api_key: None,
            headers: Vec::new(),
            endpoint_name: None,
            model: String::new(),
            models: Vec::new(),
            prices: PriceTable::default(),
            max_tokens_field: None,
            has_tool_choice: None,
            extra: Map::new(),
            timeouts: Timeouts {
                connect: Duration::from_secs(10),
                first_byte: Duration::from_secs(300),
                idle: Duration::from_secs(120),
                total: None,
            },
            max_reply_bytes: DEFAULT_MAX_REPLY_BYTES,
            limits: GateLimits::default(),
            record_content: false,
        }
    }
}

impl OpenAiClientBuilder {
    /// The name of the provider: in tables of prices, in keys, in errors, and before the `/` of a model's name. Default: `openai`.
    pub fn with_name(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.name = name.into();
        self
    }

    /// The name of the provider for people, such as "Ollama". Default: the [name](Self::with_name).
    pub fn with_label(mut self, label: impl Into<Cow<'static, str>>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// The address of the API, to which `/chat/completions` is appended; mostly it ends in `/v1`. It may have no user name, password,
    /// query or fragment. Default: [`DEFAULT_BASE_URL`].
    pub fn with_base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = url.into();
        self
    }

    /// The API key. It is sent as `Authorization: Bearer` to the base URL only, and no error, log line or `Debug` output contains it.
    /// An empty one is none. Default: none, as servers on one's own machine want it.
    pub fn with_api_key(mut self, key: impl Into<String>) -> Self {
        self.api_key = Some(key.into());
        self
    }

    /// A header of each request, such as `api-key` of Azure. Its value is treated like a key; one of less than 8 bytes is not removed
    /// from texts of the server. Can be called several times. Default: none.
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The name of the API's address in the [keys](workflow_core::value::StepKey) of steps, for an address that changes though the
    /// answers do not. Default: the base URL.
    pub fn with_endpoint_name(mut self, name: impl Into<String>) -> Self {
        self.endpoint_name = Some(name.into());
        self
    }

    /// The model for requests that name none. Default: none, and such a request fails with `invalid_request`.
    pub fn with_model(mut self, model: impl Into<String>) -> Self {
        self.model = model.into();
        self
    }

    /// Models to choose from, for forms. Every other name is allowed, too. Default: none are listed.
    ///
    /// If one of them, or the default model, has a `/`, then names with a `/` that no provider has are models of this one.
    pub fn with_models<S: Into<String>>(mut self, models: impl IntoIterator<Item = S>) -> Self {
        self.models = models.into_iter().map(Into::into).collect();
        self
    }

    /// The prices of the models, under the [name](Self::with_name) of the provider. Default: no prices, and costs are not known.
    pub fn with_prices(mut self, prices: PriceTable) -> Self {
        self.prices = prices;
        self
    }

    /// The field of the body for the most tokens of an answer. Default: `max_completion_tokens` for `api.openai.com`, whose newer models
    /// refuse the older name, and `max_tokens` for other hosts, many of which know only that.
    pub fn with_max_tokens_field(mut self, field: impl Into<String>) -> Self {
        self.max_tokens_field = Some(field.into());
        self
    }

    /// Whether the server knows `tool_choice`. If not, a request that forbids calls declares no tools, and one that demands a call fails with
    /// `unsupported_option`. Default: `false` for port 11434, which is Ollama's, and `true` for others.
    pub fn with_tool_choice(mut self, has_tool_choice: bool) -> Self {
        self.has_tool_choice = Some(has_tool_choice);
        self
    }

    /// Fields of the body of each request that the client does not know, such as `provider` of OpenRouter or `chat_template_kwargs` of vLLM.
    /// `extra` of a request wins. Fields that requests set themselves are refused. Default: none.
    pub fn with_extra(mut self, extra: Map<String, Value>) -> Self {
        self.extra = extra;
        self
    }

    /// The longest time to connect. Default: 10 s.
    pub fn with_connect_timeout(mut self, limit: Duration) -> Self {
        self.timeouts.connect = limit;
        self
    }

    /// The longest time from the start of a request to the first byte of its answer. A model that thinks, or that a server loads first, can
    /// be silent for minutes. Default: 5 min.
    pub fn with_first_byte_timeout(mut self, limit: Duration) -> Self {
        self.timeouts.first_byte = limit;
        self
    }

    /// The longest time between two pieces of an answer. Default: 2 min. Each piece restarts it, so it does not limit the length of an
    /// answer.
    pub fn with_idle_timeout(mut self, limit: Duration) -> Self {
        self.timeouts.idle = limit;
        self
    }

    /// The longest time for one request in total. Default: no limit.
    pub fn with_total_timeout(mut self, limit: Duration) -> Self {
        self.timeouts.total = Some(limit);
        self
    }

    /// The largest answer in bytes, after decompression: text, arguments of calls, and framing. A larger one fails with
    /// `answer_too_large` as soon as it exceeds the limit. Default: 8 MiB.
    pub fn with_max_reply_bytes(mut self, limit: usize) -> Self {
        self.max_reply_bytes = limit;
        self
    }

    /// The most requests in flight, including answers that are still being read. At least 1. Default: 1,024. Further requests wait in a FIFO
    /// queue, and no timeout of the client runs while they wait.
    pub fn with_max_in_flight(mut self, requests: usize) -> Self {
        self.limits.in_flight = requests;
        self
    }

    /// The most requests in any 60 s, over all models. Further ones wait in the same queue. At least 1. Default: no limit.
    pub fn with_max_per_minute(mut self, requests: u32) -> Self {
        self.limits.per_minute = Some(requests);
        self
    }

    /// The most requests in each of the two queues: for the in-flight and per-minute limits, and for the retry budget. The next one fails
    /// with `queue_full`, which is retryable. With 0 no request waits. Default: 16,384.
    pub fn with_max_queued(mut self, requests: usize) -> Self {
        self.limits.queued = requests;
        self
    }

    /// The retry budget: the most retries in a row, so that retries do not make an overload worse. It regains one per second, one per
    /// five successes, and one per retry that succeeds. While it is empty, retries wait in the queue `retry_budget`. With 0 no retry is
    /// allowed. Default: 100.
    pub fn with_retry_budget(mut self, retries: u32) -> Self {
        self.limits.retry_budget = retries;
        self
    }

    /// Whether the span of a request contains its messages and the answer. Both may be personal data. Default: no.
    pub fn with_record_content(mut self, record: bool) -> Self {
        self.record_content = record;
        self
    }

    /// Checks all settings and builds the client. Nothing is sent.
    ///
    /// # Errors
    /// [`ConfigError`] if key, header or base URL are invalid, a limit is 0, `extra` has a field that requests set themselves, or the
    /// HTTP client cannot be set up.
    pub fn build(self) -> Result<OpenAiClient, ConfigError> {
        if let Some(limit) = self.limits.zero() {
            return Err(ConfigError::NothingAllowed { limit });
        }
        let base = base_url(&self.base_url)?;
        let (headers, redactor) = headers(self.api_key.as_deref(), &self.headers)?;
        let is_openai = base.host_str() == Some(OPENAI_HOST);
        let max_tokens = if is_openai {
            "max_completion_tokens"
        } else {
            "max_tokens"
        };
        let max_tokens_field = self
            .max_tokens_field
            .unwrap_or_else(|| max_tokens.to_owned());
        if let Some(field) = reserved_field(&self.extra, &max_tokens_field) {
            return Err(ConfigError::ReservedField {
                field: field.to_owned(),
            });
        }
        let url = completions_url(&base);
        let has_slashes = self
            .models
            .iter()
            .chain([&self.model])
            .any(|model| model.contains('/'));
        let endpoint = self.endpoint_name.unwrap_or_else(|| base.to_string());
        let mut info = ProviderInfo::new(self.name.clone(), endpoint, self.model)
            .with_models(self.models)
            .with_prices(self.prices);
        if let Some(label) = self.label {
            info = info.with_label(label);
        }
        let settings = Settings {
            info,
            // Reads the proxy variables of the environment, as `reqwest` does when the client is built.
            errors: ErrorContext {
                provider: self.name.into_owned(),
                peer: Peer::of(&url),
                has_key: !headers.is_empty(),
                redactor,
            },
            url,
            headers,
            dialect: Dialect {
                max_tokens_field,
                has_tool_choice: self
                    .has_tool_choice
                    .unwrap_or(base.port() != Some(OLLAMA_PORT)),
                extra: self.extra,
            },
            timeouts: self.timeouts,
            max_reply_bytes: self.max_reply_bytes,
            has_slashes,
            record_content: self.record_content,
        };
        let api = Api::new(settings, self.limits)?;
        Ok(OpenAiClient { api })
    }
}

impl fmt::Debug for OpenAiClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("OpenAiClientBuilder")
            .field("name", &self.name)
            // The base URL is missing: it is not checked yet, so it may contain a password.
            .field("api_key", &self.api_key.as_ref().map(|_| "***"))
            .field("headers", &headers)
            .field("model", &self.model)
            .field("timeouts", &self.timeouts)
            .field("max_reply_bytes", &self.max_reply_bytes)
            .finish_non_exhaustive()
    }
}
