//! Numbers that match `minimum`, `maximum` and `multipleOf`.

use serde_json::Value;

pub(super) fn number(schema: &Value) -> Value {
    within(schema).into()
}

pub(super) fn integer(schema: &Value) -> Value {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the cast saturates at the range of i64"
    )]
    let number = within(schema).ceil() as i64;
    number.into()
}

/// The middle of two bounds, or a distance of 1 from a single one, so that exclusive bounds hold, too.
fn within(schema: &Value) -> f64 {
    let of = |word: &str| schema[word].as_f64();
    let least = of("minimum").or_else(|| of("exclusiveMinimum"));
    let most = of("maximum").or_else(|| of("exclusiveMaximum"));
    let number = match (least, most) {
        (Some(least), Some(most)) => f64::midpoint(least, most),
        (Some(least), None) => least + 1.0,
        (None, Some(most)) => most - 1.0,
        (None, None) => 1.0,
    };
    match of("multipleOf") {
        Some(step) if step > 0.0 => (number / step).ceil() * step,
        _ => number,
    }
}
