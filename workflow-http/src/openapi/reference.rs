//! References between schemas.

use serde_json::{Value, json};

/// The prefix of references to `components/schemas`.
pub(super) const PLACE: &str = "#/components/schemas/";

/// A reference to the schema of this name.
pub(super) fn reference(name: &str) -> Value {
    json!({"$ref": format!("{PLACE}{name}")})
}

/// The name of the schema that a reference points to; `None` if it is no reference.
pub(super) fn referred(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.strip_prefix(PLACE)
}
