//! The parts of a request that influence the reply.

use serde::Deserialize;
use serde_json::Value;

use super::{
    conversation::{Content, Conversation},
    functions::{Function, Functions, Tool, ToolConfig},
    measure::hash,
    refusal::Refusal,
};

pub(super) struct Question {
    conversation: Conversation,
    prompt: String,
    calls: Vec<Function>,
    config: Config,
    seed: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    contents: Vec<Content>,
    #[serde(default)]
    tools: Vec<Tool>,
    tool_config: Option<ToolConfig>,
    #[serde(default)]
    generation_config: Config,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Config {
    max_output_tokens: Option<usize>,
    response_json_schema: Option<Value>,
    #[serde(default, rename = "thinkingConfig")]
    thinking: Thinking,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Thinking {
    #[serde(default)]
    include_thoughts: bool,
}

impl Question {
    /// Reads the body of a request.
    pub(super) fn read(body: &[u8]) -> Result<Self, Refusal> {
        let seed = hash(body);
        let body: Body = serde_json::from_slice(body)
            .map_err(|error| Refusal::invalid(format!("Invalid JSON payload received. {error}")))?;
        let functions = Functions::new(body.tools, body.tool_config.unwrap_or_default())?;
        let conversation = Conversation::new(body.contents)?;
        let calls = functions.into_calls(&conversation.called());
        Ok(Self {
            prompt: conversation.prompt(),
            conversation,
            calls,
            config: body.generation_config,
            seed,
        })
    }

    /// What the user asks for.
    pub(super) fn prompt(&self) -> &str {
        &self.prompt
    }

    /// The functions to call; empty if the reply is an answer.
    pub(super) fn calls(&self) -> &[Function] {
        &self.calls
    }

    /// The results of functions that the reply answers from: the name, and the response.
    pub(super) fn results(&self) -> Vec<(&str, &Value)> {
        self.conversation.results()
    }

    /// The number of model turns before the reply.
    pub(super) fn turns(&self) -> usize {
        self.conversation.turns()
    }

    pub(super) fn prompt_tokens(&self) -> usize {
        self.conversation.tokens()
    }

    /// A number that is the same for the same request.
    pub(super) fn seed(&self) -> u64 {
        self.seed
    }

    /// The schema of the reply, if JSON is requested.
    pub(super) fn schema(&self) -> Option<&Value> {
        self.config.response_json_schema.as_ref()
    }

    pub(super) fn max_tokens(&self) -> usize {
        self.config.max_output_tokens.unwrap_or(usize::MAX)
    }

    pub(super) fn wants_thoughts(&self) -> bool {
        self.config.thinking.include_thoughts
    }
}
