//! The request: [`GenerateRequest`], its checks, and its JSON.
//!
//! Checks only what the API is certain to refuse, and what would cost money for nothing; anything else
//! is left to the API, which adds models, tools and words at any time.

mod body;
mod function;
mod method;
mod part;
pub(crate) mod safety;
mod service_tier;
mod spelling;
mod thinking;
mod tool;
mod turn;

pub(crate) use self::{
    body::RequestBody,
    function::MAX_NAME,
    method::Method,
    service_tier::{served_tier, shared_request_type},
};
pub use self::{
    function::{Function, FunctionCall, FunctionCalling, FunctionResponse},
    part::{MAX_INLINE_BYTES, Part},
    service_tier::ServiceTier,
    thinking::Thinking,
    tool::Tool,
    turn::{SKIP_SIGNATURE, Turn},
};

use std::{borrow::Cow, sync::Arc};

use serde_json::{Map, Value};
use workflow_llm::AnswerSchema;

use self::safety::SafetySetting;

/// The largest `int32`, the type of counts in the API.
pub(crate) const MAX_COUNT: u32 = i32::MAX.unsigned_abs();

/// The mode of function calling in `toolConfig`.
const FUNCTION_CALLING_CONFIG: &str = "functionCallingConfig";

/// A request to a model. A field that is not set is not sent, so the model's default applies.
///
/// Nothing is checked before the request is sent; an invalid one fails then with
/// [`GeminiError::InvalidRequest`](crate::GeminiError::InvalidRequest).
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
    /// What follows the prompt. Shared, because the client copies the request and a history can have megabytes.
    pub(crate) turns: Vec<Arc<Turn>>,
    pub(crate) system: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) temperature: Option<f64>,
    pub(crate) top_p: Option<f64>,
    pub(crate) top_k: Option<u32>,
    pub(crate) max_output_tokens: Option<u32>,
    pub(crate) stop: Vec<String>,
    pub(crate) seed: Option<i32>,
    pub(crate) schema: Option<Arc<AnswerSchema>>,
    pub(crate) thinking: Option<Thinking>,
    pub(crate) include_thoughts: Option<bool>,
    pub(crate) safety: Vec<SafetySetting>,
    pub(crate) tools: Vec<Tool>,
    pub(crate) tool_config: Option<Map<String, Value>>,
    pub(crate) functions: Vec<Function>,
    pub(crate) function_calling: Option<FunctionCalling>,
    pub(crate) service_tier: Option<ServiceTier>,
    pub(crate) store: Option<bool>,
    /// Whether the request repeats one that failed. Not sent; it counts for the retry budget.
    pub(crate) retry: bool,
    /// The most requests that the answer may take. Not sent.
    pub(crate) max_requests: u32,
}

/// The most requests of one answer. A model writes up to 65,536 tokens per streamed request, so this is
/// a million tokens; the limit stops an answer that never ends.
pub(crate) const MAX_REQUESTS: u32 = 16;

impl GenerateRequest {
    /// Creates a request with a prompt and nothing else.
    pub fn new(prompt: impl Into<String>) -> Self {
        Self {
            prompt: prompt.into(),
            parts: Vec::new(),
            turns: Vec::new(),
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
            functions: Vec::new(),
            function_calling: None,
            service_tier: None,
            store: None,
            retry: false,
            max_requests: MAX_REQUESTS,
        }
    }

    /// Adds an image, a file or a further text, which is sent before the prompt. With parts, the prompt
    /// may be empty. Inline data of all parts together is limited to
    /// [`MAX_INLINE_BYTES`].
    pub fn with_part(mut self, part: Part) -> Self {
        self.parts.push(part);
        self
    }

    /// Adds a turn after the prompt, or after the turns that were added before: an earlier answer of the model, the responses to its
    /// function calls, or what the user says next. Without a prompt and parts, the conversation begins with the first turn.
    ///
    /// Takes an [`Arc`], too: copies of a long conversation then share its turns.
    ///
    /// ```
    /// use workflow_gemini::{GenerateRequest, Turn};
    ///
    /// let request = GenerateRequest::new("Name a river.")
    ///     .with_turn(Turn::model("The Danube."))
    ///     .with_turn(Turn::user("Where does it end?"));
    /// # let _ = request;
    /// ```
    pub fn with_turn(mut self, turn: impl Into<Arc<Turn>>) -> Self {
        self.turns.push(turn.into());
        self
    }

    /// The system instruction: the model's role and rules.
    pub fn with_system(mut self, system: impl Into<String>) -> Self {
        self.system = Some(system.into());
        self
    }

    /// The model, with or without `models/` before its name. Default: the client's model.
    pub fn with_model(mut self, model: impl Into<String>) -> Self {
        self.model = Some(model.into());
        self
    }

    /// How random the choice of words is, `0.0..=2.0`. Newer models ignore it.
    pub fn with_temperature(mut self, temperature: f64) -> Self {
        self.temperature = Some(temperature);
        self
    }

    /// Chooses among the most likely words with this total probability, `0.0..=1.0`. Newer models
    /// ignore it.
    pub fn with_top_p(mut self, top_p: f64) -> Self {
        self.top_p = Some(top_p);
        self
    }

    /// Chooses among this number of the most likely words, at least 1. Newer models ignore it.
    pub fn with_top_k(mut self, top_k: u32) -> Self {
        self.top_k = Some(top_k);
        self
    }

    /// The most tokens of the answer, thoughts included, at least 1. A small limit can leave no text,
    /// which is an error.
    pub fn with_max_output_tokens(mut self, tokens: u32) -> Self {
        self.max_output_tokens = Some(tokens);
        self
    }

    /// Texts at which the model stops writing. The API accepts up to five.
    pub fn with_stop<S: Into<String>>(mut self, stop: impl IntoIterator<Item = S>) -> Self {
        self.stop = stop.into_iter().map(Into::into).collect();
        self
    }

    /// A seed that makes answers reproducible, as far as the model supports it.
    pub fn with_seed(mut self, seed: i32) -> Self {
        self.seed = Some(seed);
        self
    }

    /// A JSON Schema that the answer has to match. [`Reply::json`](crate::Reply::json) then has the
    /// parsed answer; an answer that is not JSON or does not match is an error. References to other
    /// documents are not supported.
    ///
    /// ```
    /// use serde_json::json;
    /// use workflow_gemini::GenerateRequest;
    ///
    /// let request = GenerateRequest::new("Classify this ticket: …").with_schema(json!({
    ///     "type": "object",
    ///     "properties": {"kind": {"enum": ["refund", "bug", "other"]}},
    ///     "required": ["kind"],
    /// }));
    /// # let _ = request;
    /// ```
    pub fn with_schema(mut self, schema: Value) -> Self {
        self.schema = Some(Arc::new(AnswerSchema::new(schema)));
        self
    }

    /// How much the model may think.
    pub fn with_thinking(mut self, thinking: Thinking) -> Self {
        self.thinking = Some(thinking);
        self
    }

    /// Whether the answer includes a summary of the model's thoughts.
    pub fn with_include_thoughts(mut self, include: bool) -> Self {
        self.include_thoughts = Some(include);
        self
    }

    /// Sets the threshold at which answers of one harm category are withheld. Both words may be written
    /// as in the API, `HARM_CATEGORY_HARASSMENT` and `BLOCK_ONLY_HIGH`, or shorter: `harassment`,
    /// `only_high`. Unknown words are sent as they are. Default: the model's own threshold.
    pub fn with_safety(mut self, category: impl AsRef<str>, threshold: impl AsRef<str>) -> Self {
        let setting = SafetySetting::new(category.as_ref(), threshold.as_ref());
        self.safety.push(setting);
        self
    }

    /// Declares a function that the model may call. The answer is then a text or [calls](crate::Reply::calls): the caller executes them,
    /// adds the answer and the responses as [turns](Self::with_turn), and sends the request again.
    ///
    /// Functions cannot be combined with [tools](Self::with_tool) that the API runs, and models before Gemini 3 refuse them together with
    /// a [schema](Self::with_schema).
    ///
    /// ```no_run
    /// use serde_json::json;
    /// use workflow_gemini::{Function, GeminiClient, GenerateRequest, Turn};
    ///
    /// # async fn ask() -> Result<(), Box<dyn std::error::Error>> {
    /// let client = GeminiClient::from_env()?;
    /// let weather = Function::new("get_weather", "The weather in a city now.").with_parameters(json!({
    ///     "type": "object",
    ///     "properties": {"city": {"type": "string"}},
    ///     "required": ["city"],
    /// }));
    /// let mut request = GenerateRequest::new("Do I need an umbrella in Oslo?").with_function(weather);
    /// // A model may call for ever, so the loop has a limit.
    /// for _ in 0..10 {
    ///     let reply = client.generate(&request).await?;
    ///     if reply.calls.is_empty() {
    ///         println!("{}", reply.text);
    ///         break;
    ///     }
    ///     let responses = reply.calls.iter().map(|call| match call.args.get("city") {
    ///         Some(city) if call.name == "get_weather" => call.output(json!({"city": city, "rain": true})),
    ///         _ => call.error("call `get_weather` with a `city`"),
    ///     });
    ///     let responses = Turn::responses(responses);
    ///     request = request.with_turn(reply.to_turn()).with_turn(responses);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_function(mut self, function: Function) -> Self {
        self.functions.push(function);
        self
    }

    /// Whether the model may, must or must not call the declared functions. Default: it may.
    pub fn with_function_calling(mut self, calling: FunctionCalling) -> Self {
        self.function_calling = Some(calling);
        self
    }

    /// Adds a tool that the model may use and the API runs. A duplicate is ignored.
    pub fn with_tool(mut self, tool: Tool) -> Self {
        if !self.tools.contains(&tool) {
            self.tools.push(tool);
        }
        self
    }

    /// How the model may use tools: `toolConfig` of the API, sent as it is. A mode of
    /// [function calling](Self::with_function_calling) is added to it.
    pub fn with_tool_config(mut self, config: Map<String, Value>) -> Self {
        self.tool_config = Some(config);
        self
    }

    /// The service tier, that is, speed and price. Default: the client's tier, or else `standard`.
    pub fn with_service_tier(mut self, tier: ServiceTier) -> Self {
        self.service_tier = Some(tier);
        self
    }

    /// Marks the request as a retry of one that failed: it takes a token of the client's
    /// [retry budget](crate::GeminiClientBuilder::with_retry_budget), and waits if there is none.
    pub fn with_retry(mut self) -> Self {
        self.retry = true;
        self
    }

    /// Whether the API may store this request and its answer in its logs. Default: the
    /// [client's](crate::GeminiClientBuilder::with_store) setting, or else the project's.
    pub fn with_store(mut self, store: bool) -> Self {
        self.store = Some(store);
        self
    }

    /// Returns the first fault that makes the API refuse the request, whatever the model.
    ///
    /// Cheap checks come first. Base64 is scanned, and a schema is compiled, only if nothing else is wrong.
    pub(crate) fn check(&self, model: &str) -> Result<(), Cow<'static, str>> {
        if !self.has_prompt() && self.turns.is_empty() {
            return Err("the prompt is empty".into());
        }
        turn::check(usize::from(self.has_prompt()), &self.turns)?;
        self.check_functions()?;
        // JSON has no NaN or infinity (RFC 8259, section 6), so `serde_json` would write `null`.
        let numbers = [self.temperature, self.top_p];
        if numbers.iter().flatten().any(|number| !number.is_finite()) {
            return Err("temperature and top_p must be finite".into());
        }
        // The API reads them as `int32` and answers larger ones with 400.
        let counts = [self.top_k, self.max_output_tokens];
        if (counts.iter().flatten()).any(|count| !(1..=MAX_COUNT).contains(count)) {
            return Err(
                format!("top_k and max_output_tokens must be from 1 to {MAX_COUNT}").into(),
            );
        }
        if self.stop.iter().any(String::is_empty) {
            return Err("a stop text is empty".into());
        }
        if let Some(Err(reason)) = self.thinking.as_ref().map(|it| it.check(model)) {
            return Err(reason.into());
        }
        if let Err(reason) = part::check(self.user_parts()) {
            return Err(reason.into());
        }
        // Compiled here for the answer: an invalid schema must not be found after the answer is paid for.
        let schema = self.schema.as_deref().map(AnswerSchema::validator);
        if let Some(Err(reason)) = schema {
            return Err(Cow::Owned(format!("not a JSON Schema: {reason}")));
        }
        Ok(())
    }

    /// Functions, their mode, and that neither is set twice or beside tools that the API runs.
    fn check_functions(&self) -> Result<(), Cow<'static, str>> {
        function::check(&self.functions, self.function_calling.as_ref())?;
        // Models before Gemini 3 refuse both, and later ones accept them with a further setting only.
        if !self.functions.is_empty() && !self.tools.is_empty() {
            return Err(
                "functions cannot be combined with tools that the API runs: use one of them".into(),
            );
        }
        let config = self.tool_config.as_ref();
        let is_set = config.is_some_and(|it| it.contains_key(FUNCTION_CALLING_CONFIG));
        if is_set && self.function_calling.is_some() {
            return Err(
                "the mode of function calling is set twice: also in the tool config".into(),
            );
        }
        Ok(())
    }

    /// Whether `contents` begins with the prompt and its parts.
    pub(crate) fn has_prompt(&self) -> bool {
        !self.prompt.is_empty() || !self.parts.is_empty()
    }

    /// The parts of the prompt and of all turns of the user.
    fn user_parts(&self) -> impl Iterator<Item = &Part> + Clone {
        let turns = self.turns.iter().flat_map(|turn| match &**turn {
            Turn::User(parts) => &parts[..],
            Turn::Model(_) | Turn::Responses(_) => &[],
        });
        self.parts.iter().chain(turns)
    }
}
