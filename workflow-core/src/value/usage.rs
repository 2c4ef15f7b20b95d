//! What model calls cost, in tokens.

use std::ops::AddAssign;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Tokens used by one step or summed over a run. What is zero is left out of the JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[non_exhaustive]
pub struct Usage {
    /// Tokens of what was sent.
    pub input_tokens: u64,
    /// Billed tokens of the answer, thoughts included.
    pub output_tokens: u64,
    /// The part of `output_tokens` the model thought with.
    #[serde(skip_serializing_if = "is_zero")]
    pub thought_tokens: u64,
    /// The part of `input_tokens` that came from a cache.
    #[serde(skip_serializing_if = "is_zero")]
    pub cached_tokens: u64,
}

impl Usage {
    /// Tokens in and out.
    pub fn new(input_tokens: u64, output_tokens: u64) -> Self {
        Self {
            input_tokens,
            output_tokens,
            ..Self::default()
        }
    }

    /// Whether nothing was used.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
pub(crate) fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl AddAssign for Usage {
    fn add_assign(&mut self, more: Self) {
        self.input_tokens = self.input_tokens.saturating_add(more.input_tokens);
        self.output_tokens = self.output_tokens.saturating_add(more.output_tokens);
        self.thought_tokens = self.thought_tokens.saturating_add(more.thought_tokens);
        self.cached_tokens = self.cached_tokens.saturating_add(more.cached_tokens);
    }
}
