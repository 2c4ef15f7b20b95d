//! A value's place in the reply, and its type.

use serde_json::Value;

/// Where in the reply a value stands.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    /// The name of the property, of an item that of its array.
    pub(super) name: &'a str,
    /// The position in the array.
    pub(super) index: usize,
    pub(super) depth: usize,
    /// Whether it is an item of an array.
    pub(super) is_item: bool,
    /// The line of the prompt that the item is extracted from.
    pub(super) line: Option<&'a str>,
}

/// The type; without `type`, the one that other keywords imply.
pub(in crate::simulate) fn kind(schema: &Value) -> &str {
    match &schema["type"] {
        Value::String(kind) => kind,
        Value::Array(kinds) => {
            let mut kinds = kinds.iter().filter_map(Value::as_str);
            kinds.find(|kind| *kind != "null").unwrap_or("null")
        }
        _ if schema.get("properties").is_some() => "object",
        _ if schema.get("items").is_some() => "array",
        _ => "string",
    }
}
