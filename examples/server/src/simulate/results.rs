//! What a reply says before and after the calls of functions.

use serde_json::Value;

use super::{
    functions::Function,
    prose::{capital, marked},
    task::{Task, in_one_line},
    version::Version,
};

/// The most characters of a result.
const MAX_RESULT: usize = 240;

/// The text before the calls.
pub(super) fn plan(functions: &[Function]) -> String {
    let names: Vec<&str> = functions.iter().map(|it| &*it.name).collect();
    let text = match names.as_slice() {
        [one] => format!("I use {one}."),
        [first @ .., last] => format!("I use {} and {last}.", first.join(", ")),
        [] => String::new(),
    };
    marked(&text, Version::FIRST)
}

/// The answer: the result of each function in a sentence.
pub(super) fn report(task: &Task, results: &[(&str, &Value)]) -> String {
    let sentences = results.iter().map(|(name, response)| {
        let (word, value) = match response.get("error") {
            Some(error) => ("failed with", error),
            None => ("found", response.get("output").unwrap_or(response)),
        };
        format!(" {name} {word} {}.", shown(value))
    });
    let text: String = sentences.collect();
    let text = format!("{}:{text}", capital(&task.topic()));
    marked(&text, task.version())
}

/// A result in one line, without the mark of a simulated text and without the point at its end.
fn shown(value: &Value) -> String {
    let text = match value {
        Value::String(text) => Version::removed_from(text),
        other => other.to_string(),
    };
    let text = in_one_line(&text);
    let text = text.trim_end_matches('.');
    match text.char_indices().nth(MAX_RESULT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
