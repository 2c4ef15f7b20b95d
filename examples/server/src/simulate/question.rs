//! The parts of a request that influence the reply.

use serde::Deserialize;
use serde_json::Value;

use super::refusal::Refusal;

pub(super) struct Question {
    prompt: String,
    config: Config,
    seed: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    contents: Vec<Content>,
    #[serde(default)]
    generation_config: Config,
}

#[derive(Deserialize)]
struct Content {
    #[serde(default)]
    parts: Vec<Part>,
}

#[derive(Deserialize)]
struct Part {
    text: Option<String>,
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
        let seed = seed(body);
        let body: Body = serde_json::from_slice(body)
            .map_err(|error| Refusal::invalid(format!("Invalid JSON payload received. {error}")))?;
        if body.contents.is_empty() {
            return Err(Refusal::invalid(
                "* GenerateContentRequest.contents: contents is not specified",
            ));
        }
        let parts = body.contents.into_iter().flat_map(|content| content.parts);
        Ok(Self {
            prompt: parts.filter_map(|part| part.text).collect(),
            config: body.generation_config,
            seed,
        })
    }

    pub(super) fn prompt(&self) -> &str {
        &self.prompt
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

/// The FNV-1a hash of a request: unlike the standard library's, it is the same in all versions.
fn seed(body: &[u8]) -> u64 {
    body.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
