//! Token counts of model calls.

use std::ops::AddAssign;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Tokens that one step used, or the sum over a run. JSON leaves out `thought_tokens` and `cached_tokens` if they
/// are zero. Sums saturate.
///
/// ```
/// use workflow_core::value::Usage;
///
/// let mut total = Usage::new(100, 20);
/// total += Usage::new(50, 5);
/// assert_eq!((total.input_tokens, total.output_tokens), (150, 25));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[non_exhaustive]
pub struct Usage {
    /// Tokens of the request, cached ones included.
    pub input_tokens: u64,
    /// Billed tokens of the response, thoughts included.
    pub output_tokens: u64,
    /// The part of `output_tokens` that the model used for thinking.
    #[serde(skip_serializing_if = "is_zero")]
    pub thought_tokens: u64,
    /// The part of `input_tokens` that the provider read from a cache.
    #[serde(skip_serializing_if = "is_zero")]
    pub cached_tokens: u64,
}

impl Usage {
    /// Usage with these tokens of request and response, without thoughts and cache.
    pub fn new(input_tokens: u64, output_tokens: u64) -> Self {
        Self {
            input_tokens,
            output_tokens,
            ..Self::default()
        }
    }

    /// Whether all counts are zero.
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
