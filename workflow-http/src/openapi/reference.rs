//! References between schemas.

use serde_json::{Value, json};

/// Where a document has its schemas.
pub(super) const PLACE: &str = "#/components/schemas/";

/// A reference to the schema of this name.
pub(super) fn reference(name: &str) -> Value {
    json!({"$ref": format!("{PLACE}{name}")})
}

/// The name that a reference has.
pub(super) fn referred(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.strip_prefix(PLACE)
}
