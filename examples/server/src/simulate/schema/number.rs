//! Numbers that match `minimum`, `maximum` and `multipleOf`.

use fastrand::Rng;
use serde_json::Value;

use crate::simulate::task::Task;

pub(super) fn number(schema: &Value, name: &str, task: &Task, rng: &mut Rng) -> Value {
    let number = within(schema, name, task, rng);
    // Two decimals, unless the schema asks for something smaller.
    let rounded = (number * 100.0).round() / 100.0;
    if is_allowed(schema, rounded) {
        rounded
    } else {
        number
    }
    .into()
}

pub(super) fn integer(schema: &Value, name: &str, task: &Task, rng: &mut Rng) -> Value {
    let number = within(schema, name, task, rng);
    let whole = [number.round(), number.floor(), number.ceil()];
    let allowed = whole.into_iter().find(|whole| is_allowed(schema, *whole));
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the cast saturates at the range of i64"
    )]
    let number = allowed.unwrap_or_else(|| number.ceil()) as i64;
    number.into()
}

/// A number between the bounds; exclusive bounds hold, too. A score depends on the version of what the prompt shows.
fn within(schema: &Value, name: &str, task: &Task, rng: &mut Rng) -> f64 {
    let share = match task.reviewed() {
        Some(version) if is_score(name) => version.quality(),
        _ => 0.1 + 0.8 * rng.f64(),
    };
    let (least, most) = bounds(schema, name, task);
    let number = least + share * (most - least);
    match schema["multipleOf"].as_f64() {
        Some(step) if step > 0.0 => (number / step).ceil() * step,
        _ => number,
    }
}

/// The bounds of the schema. A missing one is that of a scale in the prompt, or else what the name suggests.
fn bounds(schema: &Value, name: &str, task: &Task) -> (f64, f64) {
    let of = |word: &str| schema[word].as_f64();
    let least = of("minimum").or_else(|| of("exclusiveMinimum"));
    let most = of("maximum").or_else(|| of("exclusiveMaximum"));
    match (least, most) {
        (Some(least), Some(most)) => (least, most),
        (Some(least), None) => (least, least + 10.0),
        (None, Some(most)) => (most - 10.0, most),
        (None, None) if is_score(name) => scale(&task.instruction).unwrap_or((0.0, 1.0)),
        (None, None) if is_amount(name) => (10.0, 400.0),
        (None, None) => (1.0, 12.0),
    }
}

fn is_score(name: &str) -> bool {
    ["score", "rating", "quality", "grade", "confidence", "stars"]
        .iter()
        .any(|word| name.contains(word))
}

fn is_amount(name: &str) -> bool {
    ["amount", "price", "total", "cost", "sum"]
        .iter()
        .any(|word| name.contains(word))
}

/// `1 to 10`, `1-10` or `0–100`.
fn scale(text: &str) -> Option<(f64, f64)> {
    let text = text.replace(" to ", "-").replace('–', "-");
    text.split_whitespace().find_map(|word| {
        let (least, most) = word.split_once('-')?;
        let most = most.trim_end_matches(|c: char| !c.is_ascii_digit());
        Some((least.parse().ok()?, most.parse().ok()?))
    })
}

fn is_allowed(schema: &Value, number: f64) -> bool {
    let of = |word: &str| schema[word].as_f64();
    of("minimum").is_none_or(|least| number >= least)
        && of("exclusiveMinimum").is_none_or(|least| number > least)
        && of("maximum").is_none_or(|most| number <= most)
        && of("exclusiveMaximum").is_none_or(|most| number < most)
        && schema.get("multipleOf").is_none()
}
