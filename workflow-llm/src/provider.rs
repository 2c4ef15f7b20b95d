//! [`ProviderInfo`]: what is known of a provider before anything is sent.

use std::borrow::Cow;

use workflow_core::price::PriceTable;

use crate::request::ServiceTier;

/// What is known of a provider before anything is sent. Constant for the life of a [`Model`](crate::Model).
///
/// ```
/// use workflow_llm::ProviderInfo;
///
/// let info = ProviderInfo::new("local", "http://127.0.0.1:11434/v1", "qwen3:8b").with_label("Ollama");
/// assert_eq!(info.activity(), "Calling Ollama");
/// ```
#[derive(Clone, Debug)]
pub struct ProviderInfo {
    name: Cow<'static, str>,
    endpoint: String,
    default_model: String,
    label: Option<Cow<'static, str>>,
    models: Vec<String>,
    prices: PriceTable,
    service_tier: Option<ServiceTier>,
    continuation: Option<Continuation>,
}

/// How a client continues answers that are too long for one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Continuation {
    /// The most tokens of one streamed request.
    pub streamed_tokens: u64,
    /// The most tokens of one request that is not streamed.
    pub whole_tokens: u64,
    /// The most requests of one answer; at least 1.
    pub max_requests: u32,
}

impl Continuation {
    /// Limits in tokens per request, streamed and not, and in requests per answer.
    pub fn new(streamed_tokens: u64, whole_tokens: u64, max_requests: u32) -> Self {
        Self {
            streamed_tokens,
            whole_tokens,
            max_requests,
        }
    }
}

impl ProviderInfo {
    /// A provider.
    ///
    /// `name` is the one in tables of prices, in keys, and before the `/` of a model's name. `endpoint` identifies the API in keys: its
    /// address, without a secret. `default_model` is the model for requests that name none.
    pub fn new(
        name: impl Into<Cow<'static, str>>,
        endpoint: impl Into<String>,
        default_model: impl Into<String>,
    ) -> Self {
        Self {
            name: name.into(),
            endpoint: endpoint.into(),
            default_model: default_model.into(),
            label: None,
            models: Vec::new(),
            prices: PriceTable::default(),
            service_tier: None,
            continuation: None,
        }
    }

    /// Sets the name of the API for people: "Gemini API". Default: the name.
    #[must_use]
    pub fn with_label(mut self, label: impl Into<Cow<'static, str>>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Sets models to choose from, for forms. Default: none are listed; every name is allowed.
    #[must_use]
    pub fn with_models<S: Into<String>>(mut self, models: impl IntoIterator<Item = S>) -> Self {
        self.models = models.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the prices. Default: none, so costs are not known.
    #[must_use]
    pub fn with_prices(mut self, prices: PriceTable) -> Self {
        self.prices = prices;
        self
    }

    /// Sets the service tier of requests that name none. Default: that of the provider.
    #[must_use]
    pub fn with_service_tier(mut self, tier: Option<ServiceTier>) -> Self {
        self.service_tier = tier;
        self
    }

    /// Declares that the client continues long answers. Default: an answer takes one request.
    #[must_use]
    pub fn with_continuation(mut self, continuation: Continuation) -> Self {
        self.continuation = Some(continuation);
        self
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Identifies the API in keys.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The model for requests that name none.
    pub fn default_model(&self) -> &str {
        &self.default_model
    }

    /// What a running step does: "Calling Gemini API".
    pub fn activity(&self) -> String {
        format!("Calling {}", self.label.as_ref().unwrap_or(&self.name))
    }

    /// Models to choose from.
    pub fn models(&self) -> &[String] {
        &self.models
    }

    /// The prices.
    pub fn prices(&self) -> &PriceTable {
        &self.prices
    }

    /// The service tier of requests that name none.
    pub fn service_tier(&self) -> Option<ServiceTier> {
        self.service_tier
    }

    /// How the client continues long answers.
    pub fn continuation(&self) -> Option<Continuation> {
        self.continuation
    }
}
