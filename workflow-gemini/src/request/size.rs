//! How many tokens a request has at most.

use std::io;

use serde::Serialize;

use super::{GenerateRequest, Part};

/// Tokens around a part, such as those that mark its role.
const TOKENS_PER_PART: u64 = 64;

impl GenerateRequest {
    /// Whether it has media: inline data or files. Their tokens do not follow from their size.
    pub(crate) fn has_media(&self) -> bool {
        let mut parts = self.parts.iter();
        parts.any(|part| !matches!(part, Part::Text(_)))
    }

    /// The most tokens of the texts, the schema and the tools: one per byte, since no token is shorter, and some for each part. Half
    /// of it would be no bound: some tokenizers make a token of each digit.
    pub(crate) fn most_text_tokens(&self) -> u64 {
        let texts = self.parts.iter().filter_map(|part| match part {
            Part::Text(text) => Some(text.len()),
            _ => None,
        });
        let tools = self.tools.iter().map(|tool| json_bytes(&tool.to_json()));
        let bytes = self.prompt.len()
            + self.system.as_ref().map_or(0, String::len)
            + texts.sum::<usize>()
            + self.schema.as_ref().map_or(0, |it| json_bytes(it.json()))
            + tools.sum::<usize>()
            + self.tool_config.as_ref().map_or(0, json_bytes);
        // The prompt and the system instruction are parts, too.
        let parts = self.parts.len() as u64 + 2;
        (bytes as u64).saturating_add(parts.saturating_mul(TOKENS_PER_PART))
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
