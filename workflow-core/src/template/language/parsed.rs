//! `fromjson`: text that is JSON, such as the reply of a model, as a value.

use minijinja::{Environment, State, Value, value::Serde};

use super::{
    fuel::{ensure_items, pay_bytes, pay_items},
    json::{defined_in, refused},
    order::name_of,
    text::FilterResult,
};
use crate::value::{JsonError, MAX_DEPTH, MAX_OUTPUT_BYTES, read_json, size};

pub(super) fn add_to(environment: &mut Environment) {
    environment.add_filter("fromjson", from_json);
}

/// The value that a text states as JSON. It is read as strictly as all other JSON.
fn from_json(state: &State, value: &Value) -> FilterResult {
    defined_in(state, value)?;
    let Some(text) = value.as_str() else {
        let detail = format!("`fromjson` needs a text, not {}", name_of(value));
        return Err(refused(format!("{detail}, which is a value already")));
    };
    if text.len() > MAX_OUTPUT_BYTES {
        let detail = format!("`fromjson` takes at most {MAX_OUTPUT_BYTES} bytes of text");
        return Err(refused(format!("{detail}, not {}", text.len())));
    }
    // Before the text is parsed: each value but the first follows one of these characters.
    let begins = |byte: &u8| matches!(byte, b',' | b'[' | b'{' | b':');
    let values = text.bytes().filter(|byte| begins(byte)).count();
    ensure_items(state, values)?;
    pay_bytes(state, text.len())?;
    pay_items(state, values)?;
    let json = read_json(text.as_bytes()).map_err(|error| refused(not_json(&error, text)))?;
    if size::is_deeper_than(MAX_DEPTH, &json) {
        let detail = format!("`fromjson`: the JSON is nested more than {MAX_DEPTH} deep");
        return Err(refused(detail));
    }
    Ok(Value::from(Serde(&json)))
}

/// Names the line and the column, or the place in the JSON.
fn not_json(error: &JsonError, text: &str) -> String {
    let detail = format!("`fromjson`: {error}");
    if !matches!(error, JsonError::Syntax(_)) {
        return detail;
    }
    let instead = match text.trim_start() {
        "" => "the text is empty",
        fenced if fenced.starts_with("```") => {
            "the text begins with a fence: give the LLMNode a `schema`, and its output is JSON"
        }
        prose if !prose.starts_with(['{', '[', '"']) => {
            "the text does not begin as JSON: give the LLMNode a `schema`, and its output is JSON"
        }
        _ => return detail,
    };
    format!("{detail}; {instead}")
}
