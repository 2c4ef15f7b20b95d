//! Arguments of a call: they match the schema, and what identifies something is taken from the prompt.

use fastrand::Rng;
use serde_json::{Map, Value};

use super::{
    schema::{self, kind},
    task::Task,
};

/// Words in the name of an argument that a code or a number of the prompt is for.
const CODES: [&str; 8] = ["code", "id", "key", "no", "nr", "number", "order", "ticket"];
/// Words in the name of an argument that the subject of the prompt is for.
const SUBJECTS: [&str; 6] = ["name", "query", "search", "subject", "term", "topic"];

/// The arguments of a function with this schema.
pub(super) fn of(schema: &Value, task: &Task, rng: &mut Rng) -> Value {
    let Value::Object(mut args) = schema::example(schema, task, rng) else {
        return Value::Object(Map::new());
    };
    for (name, value) in &mut args {
        let property = &schema["properties"][name];
        if let Some(found) = mentioned(name, property, task) {
            *value = found;
        }
    }
    Value::Object(args)
}

/// The value of an argument that the prompt has.
fn mentioned(name: &str, property: &Value, task: &Task) -> Option<Value> {
    let name = name.to_lowercase();
    let mut words = name.split(['_', '-', ' ']);
    // Other keywords could refuse what the prompt has.
    let is_allowed = |key: &String| matches!(key.as_str(), "type" | "title" | "description");
    let is_plain = property.as_object()?.keys().all(is_allowed);
    if !is_plain {
        return None;
    }
    if words.clone().any(|word| CODES.contains(&word)) {
        let found = code(task)?;
        return match kind(property) {
            "string" => Some(found.into()),
            "integer" => found
                .parse::<i64>()
                .ok()
                .filter(|it| *it > 0)
                .map(Value::from),
            _ => None,
        };
    }
    let is_subject = words.any(|word| SUBJECTS.contains(&word));
    (is_subject && kind(property) == "string").then(|| task.subject.clone().into())
}

/// The first word of the prompt with a digit.
fn code(task: &Task) -> Option<&str> {
    let words = task.instruction.split_whitespace();
    let words = words.chain(task.material.split_whitespace());
    words
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()))
        .find(|word| word.contains(|c: char| c.is_ascii_digit()))
}
