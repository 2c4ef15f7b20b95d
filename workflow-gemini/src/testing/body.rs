//! Access to the members of a request body.

use serde_json::Value;

/// Whether a model is older than Gemini 3: it needs no signatures, and takes no functions beside tools or a schema.
pub(super) fn is_before_3(model: &str) -> bool {
    ["gemini-1", "gemini-2"]
        .iter()
        .any(|old| model.starts_with(old))
}

/// The items of a list; none if there is no list.
pub(super) fn items<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    value
        .get(name)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

/// A text; empty if there is none.
pub(super) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}
