//! How many tokens a request has at most.

use std::io;

use serde::Serialize;

use super::{GenerateRequest, Part, Turn};

/// Tokens around a part, such as those that mark its role.
const TOKENS_PER_PART: u64 = 64;

impl GenerateRequest {
    /// Whether it has media: inline data or files. Their tokens do not follow from their size.
    pub(crate) fn has_media(&self) -> bool {
        let mut parts = self.user_parts();
        let mut turns = self.turns.iter();
        parts.any(|part| !matches!(part, Part::Text(_))) || turns.any(|turn| has_media(turn))
    }

    /// The most tokens of the texts, the schema, the turns, the tools and the functions: one per byte, since no token is shorter, and
    /// some for each part. Half of it would be no bound: some tokenizers make a token of each digit.
    pub(crate) fn most_text_tokens(&self) -> u64 {
        let texts = self.user_parts().filter_map(|part| match part {
            Part::Text(text) => Some(text.len()),
            _ => None,
        });
        let turns = self.turns.iter().map(|turn| turn_bytes(turn));
        let tools = self.tools.iter().map(|tool| json_bytes(&tool.to_json()));
        let bytes = self.prompt.len()
            + self.system.as_ref().map_or(0, String::len)
            + texts.sum::<usize>()
            + turns.sum::<usize>()
            + self.schema.as_ref().map_or(0, |it| json_bytes(it.json()))
            + tools.sum::<usize>()
            + self.functions.iter().map(json_bytes).sum::<usize>()
            + self.tool_config.as_ref().map_or(0, json_bytes);
        // The prompt and the system instruction are parts, too. The tokens around a function are as those around a part.
        let parts = self.parts.len()
            + self.turns.iter().map(|it| parts_of(it)).sum::<usize>()
            + self.functions.len()
            + 2;
        (bytes as u64).saturating_add((parts as u64).saturating_mul(TOKENS_PER_PART))
    }
}

/// Whether a turn that is not the user's has media.
fn has_media(turn: &Turn) -> bool {
    match turn {
        Turn::Model(parts) => (parts.iter())
            .any(|part| part.get("inlineData").is_some() || part.get("fileData").is_some()),
        Turn::User(_) | Turn::Responses(_) => false,
    }
}

/// The size of a turn that is not the user's. Thought signatures count: they represent thoughts, which the model reads again.
fn turn_bytes(turn: &Turn) -> usize {
    match turn {
        Turn::User(_) => 0,
        Turn::Model(parts) => parts.iter().map(json_bytes).sum(),
        Turn::Responses(responses) => responses.iter().map(json_bytes).sum(),
    }
}

fn parts_of(turn: &Turn) -> usize {
    match turn {
        Turn::User(parts) => parts.len(),
        Turn::Model(parts) => parts.len(),
        Turn::Responses(responses) => responses.len(),
    }
}

/// The size of a value as compact JSON, without writing it.
fn json_bytes(value: &impl Serialize) -> usize {
    let mut count = Count(0);
    // Counting cannot fail, and what a request has are JSON values.
    let _ = serde_json::to_writer(&mut count, value);
    count.0
}

struct Count(usize);

impl io::Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
