//! [`ModelRequest`]: what a model is asked, in the words of no provider.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use workflow_core::node::agent::{ToolChoice, ToolSpec};

use crate::{message::Message, schema::AnswerSchema};

/// A request to a model. A field that is not set is not sent, so the provider's default applies.
///
/// A provider that has no meaning for a field that is set refuses the request with [`ModelError::unsupported_option`](crate::ModelError::unsupported_option);
/// it never ignores one.
///
/// ```
/// use workflow_llm::{Message, ModelRequest};
///
/// let mut request = ModelRequest::new([Message::user("Explain entropy in one sentence.")]);
/// request.system = Some("You write for children.".to_owned());
/// request.max_output_tokens = Some(1024);
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ModelRequest {
    /// The model, without the name of the provider. `None`: the provider's default.
    pub model: Option<String>,
    /// The role and the rules of the model.
    pub system: Option<String>,
    /// The conversation, oldest message first.
    pub messages: Vec<Message>,
    /// The tools that the model may call; the caller makes the calls. Empty: no tools are declared.
    pub tools: Arc<[ToolSpec]>,
    /// Whether the model may or must call `tools`. Has no meaning without them.
    pub tool_choice: ToolChoice,
    /// The JSON Schema that the answer has to match.
    pub schema: Option<Arc<AnswerSchema>>,
    /// How random the choice of words is. Finite.
    pub temperature: Option<f64>,
    /// Choose among the most likely words with this total probability. Finite.
    pub top_p: Option<f64>,
    /// Choose among this number of the most likely words.
    pub top_k: Option<u32>,
    /// The most tokens of the answer, thinking included.
    pub max_output_tokens: Option<u32>,
    /// Texts at which the model stops writing.
    pub stop: Vec<String>,
    /// A seed that makes answers reproducible, as far as the model supports it.
    pub seed: Option<i32>,
    /// How much the model may think before it writes.
    pub thinking: Option<Thinking>,
    /// Whether the answer includes the model's thoughts, or a summary of them.
    pub include_thoughts: Option<bool>,
    /// Speed and price. `None`: the provider's setting ([`ProviderInfo::service_tier`](crate::ProviderInfo::service_tier)).
    pub service_tier: Option<ServiceTier>,
    /// Whether the provider may store the request and its answer. `None`: the setting of the client.
    pub store: Option<bool>,
    /// Tools that the provider runs while the model answers: names as text, or objects as the provider writes them.
    pub provider_tools: Vec<Value>,
    /// Fields that only some providers have, by their names in workflows, such as `safety`. A provider refuses those that it does not have.
    pub options: Map<String, Value>,
    /// Whether the text is wanted while the model writes it.
    pub streams: bool,
    /// Whether the request repeats one that failed. Not sent; it counts for the client's retry budget.
    pub is_retry: bool,
    /// The most requests that the answer may take, if the client continues answers that are too long for one. Not sent. `None`: the client's limit.
    pub max_requests: Option<u32>,
}

impl ModelRequest {
    /// A streamed request with these messages and nothing else.
    pub fn new(messages: impl IntoIterator<Item = Message>) -> Self {
        Self {
            messages: messages.into_iter().collect(),
            streams: true,
            ..Self::default()
        }
    }

    /// Leaves out what changes neither the question nor the answer: the service tier, and whether the provider stores both. For keys.
    #[must_use]
    pub fn without_terms(mut self) -> Self {
        self.service_tier = None;
        self.store = None;
        self
    }
}

/// How much a model may think before it writes. Which of the two a model takes depends on it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(
    clippy::exhaustive_enums,
    reason = "a provider has to send each kind, or refuse it"
)]
pub enum Thinking {
    /// A level in lower case: `low`, `medium`, `high`, for some models `minimal` or `xhigh`.
    Level(String),
    /// The most tokens: 0 turns thinking off, -1 lets the model choose.
    Budget(i32),
}

impl Thinking {
    /// Creates a level. Case and spaces around it do not matter.
    pub fn level(level: impl AsRef<str>) -> Self {
        Self::Level(level.as_ref().trim().to_ascii_lowercase())
    }
}

/// The service tier of a request: speed, availability and price. The tier that served it can be another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ServiceTier {
    /// Half the price. May take minutes, and may be refused under load.
    Flex,
    /// The default.
    Standard,
    /// Served first, at a higher price. Not available to every project.
    Priority,
}

impl ServiceTier {
    /// The name in workflows and in tables of prices.
    pub fn name(self) -> &'static str {
        match self {
            Self::Flex => "flex",
            Self::Standard => "standard",
            Self::Priority => "priority",
        }
    }
}
