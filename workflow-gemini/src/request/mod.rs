//! What is asked of the model.

mod method;
mod part;
mod question;
pub(crate) mod safety;
mod schema;
mod service_tier;
mod thinking;
mod tool;
mod words;

pub(crate) use self::{
    method::Method,
    question::Question,
    schema::{Misfit, Schema},
    thinking::check_level,
    words::nearest,
};
pub use self::{
    part::{MAX_INLINE_BYTES, Part},
    service_tier::ServiceTier,
    thinking::Thinking,
    tool::Tool,
};

use std::{borrow::Cow, sync::Arc};

use serde_json::{Map, Value};

use self::safety::SafetySetting;

/// The largest `int32`.
pub(crate) const MAX_COUNT: u32 = i32::MAX.unsigned_abs();

/// One question to a model. What is not set is not sent, so the model's own default holds.
///
/// ```
/// use workflow_gemini::{GenerateRequest, Thinking};
///
/// let request = GenerateRequest::new("Explain entropy in one sentence.")
///     .with_system("You write for children.")
///     .with_thinking(Thinking::level("low"))
///     .with_max_output_tokens(1024);
/// # let _ = request;
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use = "a request does nothing until it is sent"]
pub struct GenerateRequest {
    pub(crate) prompt: String,
    pub(crate) parts: Vec<Part>,
    pub(crate) system: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) temperature: Option<f64>,
    pub(crate) top_p: Option<f64>,
    pub(crate) top_k: Option<u32>,
    pub(crate) max_output_tokens: Option<u32>,
    pub(crate) stop: Vec<String>,
    pub(crate) seed: Option<i32>,
    pub(crate) schema: Option<Arc<Schema>>,
    pub(crate) thinking: Option<Thinking>,
    pub(crate) include_thoughts: Option<bool>,
    pub(crate) safety: Vec<SafetySetting>,
    pub(crate) tools: Vec<Tool>,
    pub(crate) tool_config: Option<Map<String, Value>>,
    pub(crate) service_tier: Option<ServiceTier>,
    pub(crate) store: Option<bool>,
    /// Whether it repeats one that failed.
    pub(crate) retry: bool,
}

impl GenerateRequest {
    /// Asks with this text and nothing else.
    pub fn new(prompt: impl Into<String>) -> Self {
        Self {
            prompt: prompt.into(),
            parts: Vec::new(),
            system: None,
            model: None,
            temperature: None,
            top_p: None,
            top_k: None,
            max_output_tokens: None,
            stop: Vec::new(),
            seed: None,
            schema: None,
            thinking: None,
            include_thoughts: None,
            safety: Vec::new(),
            tools: Vec::new(),
            tool_config: None,
            service_tier: None,
            store: None,
            retry: false,
        }
    }

    /// An image, a file or a further text, sent before the prompt. With parts, the prompt may be
    /// empty. What stands in the request itself may have [`MAX_INLINE_BYTES`] in all.
    ///
    /// [`MAX_INLINE_BYTES`]: crate::MAX_INLINE_BYTES
    pub fn with_part(mut self, part: Part) -> Self {
        self.parts.push(part);
        self
    }

    /// What the model is told about its role, apart from the prompt.
    pub fn with_system(mut self, system: impl Into<String>) -> Self {
        self.system = Some(system.into());
        self
    }

    /// The model to ask, with or without `models/` before its name. Default: the client's.
    pub fn with_model(mut self, model: impl Into<String>) -> Self {
        self.model = Some(model.into());
        self
    }

    /// How freely the model chooses its words, `0.0..=2.0`. Newer models ignore it.
    pub fn with_temperature(mut self, temperature: f64) -> Self {
        self.temperature = Some(temperature);
        self
    }

    /// Choose among the likeliest words that make up this probability. Newer models ignore it.
    pub fn with_top_p(mut self, top_p: f64) -> Self {
        self.top_p = Some(top_p);
        self
    }

    /// Choose among this many of the likeliest words. Newer models ignore it.
    pub fn with_top_k(mut self, top_k: u32) -> Self {
        self.top_k = Some(top_k);
        self
    }

    /// The most tokens the answer may have, thoughts included.
    pub fn with_max_output_tokens(mut self, tokens: u32) -> Self {
        self.max_output_tokens = Some(tokens);
        self
    }

    /// Texts at which the model stops writing; the API takes up to five.
    pub fn with_stop<S: Into<String>>(mut self, stop: impl IntoIterator<Item = S>) -> Self {
        self.stop = stop.into_iter().map(Into::into).collect();
        self
    }

    /// Makes answers repeat as far as the model can.
    pub fn with_seed(mut self, seed: i32) -> Self {
        self.seed = Some(seed);
        self
    }

    /// A JSON Schema. The answer is then read as JSON, and one that does not fit is an error.
    pub fn with_schema(mut self, schema: Value) -> Self {
        self.schema = Some(Arc::new(Schema::new(schema)));
        self
    }

    /// How much the model may think.
    pub fn with_thinking(mut self, thinking: Thinking) -> Self {
        self.thinking = Some(thinking);
        self
    }

    /// Whether a summary of the thoughts comes with the answer.
    pub fn with_include_thoughts(mut self, include: bool) -> Self {
        self.include_thoughts = Some(include);
        self
    }

    /// From when on answers of one category are withheld, instead of the model's own threshold.
    /// Both words may be written as the API does, `HARM_CATEGORY_HARASSMENT` and
    /// `BLOCK_ONLY_HIGH`, or shorter: `harassment`, `only_high`.
    pub fn with_safety(mut self, category: impl AsRef<str>, threshold: impl AsRef<str>) -> Self {
        let setting = SafetySetting::new(category.as_ref(), threshold.as_ref());
        self.safety.push(setting);
        self
    }

    /// Something the model may use while it answers. To name a tool twice changes nothing.
    pub fn with_tool(mut self, tool: Tool) -> Self {
        if !self.tools.contains(&tool) {
            self.tools.push(tool);
        }
        self
    }

    /// How tools are to be used, as the API writes it (`toolConfig`): sent as it is.
    pub fn with_tool_config(mut self, config: Map<String, Value>) -> Self {
        self.tool_config = Some(config);
        self
    }

    /// At which speed and price it is served.
    pub fn with_service_tier(mut self, tier: ServiceTier) -> Self {
        self.service_tier = Some(tier);
        self
    }

    /// Says that an earlier request like this one failed: it takes one from the client's
    /// [retry budget](crate::GeminiClientBuilder::with_retry_budget), and waits for it if need be.
    pub fn with_retry(mut self) -> Self {
        self.retry = true;
        self
    }

    /// Whether the API may store this request and its answer in its logs. Default: as the
    /// [client](crate::GeminiClientBuilder::with_store) says, else as the project is set.
    pub fn with_store(mut self, store: bool) -> Self {
        self.store = Some(store);
        self
    }

    /// Returns why it cannot be sent to a model at all. What the API judges better is left to the API.
    pub(crate) fn check(&self, model: &str) -> Result<(), Cow<'static, str>> {
        if self.prompt.is_empty() && self.parts.is_empty() {
            return Err("the prompt is empty".into());
        }
        let numbers = [self.temperature, self.top_p];
        if numbers.iter().flatten().any(|number| !number.is_finite()) {
            return Err("temperature and top_p have to be finite".into());
        }
        // The API reads them as `int32`, and answers 400 to larger ones.
        let counts = [self.top_k, self.max_output_tokens];
        if (counts.iter().flatten()).any(|count| !(1..=MAX_COUNT).contains(count)) {
            return Err(
                format!("top_k and max_output_tokens have to be from 1 to {MAX_COUNT}").into(),
            );
        }
        if self.stop.iter().any(String::is_empty) {
            return Err("a stop text is empty".into());
        }
        if let Some(Err(reason)) = self.thinking.as_ref().map(|it| it.check(model)) {
            return Err(reason.into());
        }
        if let Err(reason) = part::check(&self.parts) {
            return Err(reason.into());
        }
        let schema = self.schema.as_deref().map(Schema::validator);
        if let Some(Err(reason)) = schema {
            return Err(Cow::Owned(format!("not a JSON Schema: {reason}")));
        }
        Ok(())
    }
}
