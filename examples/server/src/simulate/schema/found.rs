//! Values that the prompt states: `Total: 12.50` gives the property `total`, and lines with dashes give the items of a list.

use serde_json::{Number, Value};

use super::place::{Place, kind};
use crate::simulate::task::{Kind, Task, words};

/// The most characters of a value.
const MAX_CHARS: usize = 200;

/// The lines with dashes, if the prompt asks to extract something.
pub(super) fn lines(task: &Task) -> Vec<&str> {
    if task.kind != Kind::Extract {
        return Vec::new();
    }
    let lines = task.material.lines();
    lines
        .filter_map(|line| line.trim().strip_prefix("- "))
        .collect()
}

/// The value of this property, if the prompt asks to extract something and states it.
pub(super) fn value(task: &Task, schema: &Value, place: Place<'_>) -> Option<Value> {
    if task.kind != Kind::Extract {
        return None;
    }
    let written = match place.line {
        Some(line) => part_of_line(line, kind(schema)),
        None => labelled(&task.material, place.name)?,
    };
    let written = written.trim();
    if written.is_empty() || written.chars().count() > MAX_CHARS {
        return None;
    }
    if let Some(values) = schema["enum"].as_array() {
        return values.iter().find(|value| *value == written).cloned();
    }
    match kind(schema) {
        "number" => Number::from_f64(amount(written)?).map(Value::Number),
        "integer" => written.parse::<i64>().ok().map(Value::from),
        "string" if fits(schema, written) => Some(written.into()),
        _ => None,
    }
}

/// `Paper 120.00` has an amount at its end, and a text before it.
fn part_of_line<'a>(line: &'a str, kind: &str) -> &'a str {
    let Some((text, last)) = line.trim().rsplit_once(' ') else {
        return line;
    };
    match (amount(last), kind) {
        (Some(_), "number" | "integer") => last,
        (Some(_), _) => text.trim_end_matches([' ', ':', ',', '-']),
        (None, _) => line,
    }
}

/// What follows the name and a colon at the beginning of a line.
fn labelled<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let name = name.replace(['_', '-'], " ").to_lowercase();
    text.lines().find_map(|line| {
        // The first line may follow a label of its own: `Invoice: Seller: Tidal Ltd`.
        let (label, value) = line.rsplit_once(": ")?;
        let label = label
            .trim_start_matches(['-', '*', ' '])
            .trim()
            .to_lowercase();
        let is_named = label == name || label.rsplit(' ').next() == Some(&name);
        is_named.then_some(value)
    })
}

/// A number, with or without a currency and commas.
fn amount(text: &str) -> Option<f64> {
    let digits = |word: &str| {
        word.trim_matches(|c: char| !c.is_ascii_digit() && c != '-')
            .replace(',', "")
    };
    let mut numbers = text.split_whitespace().map(digits);
    numbers.find_map(|word| word.parse().ok())
}

fn fits(schema: &Value, text: &str) -> bool {
    let length = text.chars().count() as u64;
    let is_date = || text.len() == 10 && text.split('-').all(|part| part.parse::<u32>().is_ok());
    schema["minLength"]
        .as_u64()
        .is_none_or(|least| length >= least)
        && schema["maxLength"]
            .as_u64()
            .is_none_or(|most| length <= most)
        && match schema["format"].as_str() {
            None => true,
            Some("date") => is_date(),
            Some(_) => false,
        }
}

/// Whether the first paragraph of the material, a question, and the last one, a text, have a longer word in common, or its
/// beginning.
pub(super) fn has_common_words(task: &Task) -> bool {
    let longer =
        |text: &str| -> Vec<String> { words(text).filter(|word| word.len() > 3).collect() };
    let Some((question, rest)) = task.material.split_once("\n\n") else {
        return true;
    };
    let texts = longer(rest);
    let is_in_text = |word: &String| texts.iter().any(|other| other.starts_with(&**word));
    longer(question).iter().any(is_in_text)
}
