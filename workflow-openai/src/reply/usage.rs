//! Token counts, read leniently: an unexpected value must not cost an answer that is already paid for.

use serde_json::Value;
use workflow_core::value::Usage;

/// The tokens of a `usage` object; `None` if it has no counts.
///
/// `completion_tokens` has the thoughts in it. Some providers leave them out there, but not in `total_tokens`, so the larger
/// of both counts.
pub(super) fn read(usage: &Value) -> Option<Usage> {
    let input = count(&usage["prompt_tokens"]);
    let output = count(&usage["completion_tokens"]);
    let total = count(&usage["total_tokens"]);
    input.or(output).or(total)?;
    let input = input.unwrap_or_default();
    let beyond = total.unwrap_or_default().saturating_sub(input);
    let mut read = Usage::new(input, output.unwrap_or_default().max(beyond));
    let thoughts = count(&usage["completion_tokens_details"]["reasoning_tokens"]);
    read.thought_tokens = thoughts.unwrap_or_default();
    // DeepSeek has its own name.
    let cached = count(&usage["prompt_tokens_details"]["cached_tokens"])
        .or_else(|| count(&usage["prompt_cache_hit_tokens"]));
    read.cached_tokens = cached.unwrap_or_default();
    Some(read)
}

/// A count: a number, or a number as text. Negative ones are 0.
fn count(value: &Value) -> Option<u64> {
    let number = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    if !number.is_finite() {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it saturates, and is not negative; counts of tokens are far below 2^53"
    )]
    Some(number.max(0.0).round() as u64)
}
