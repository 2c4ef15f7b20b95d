//! The `tools` of an `LLMNode`: tools that the provider runs.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de::Error};
use serde_json::Value;

/// A tool by its name, or as the API's own object with settings. Which ones exist is known to the provider.
#[derive(Clone, Debug)]
pub(super) struct ToolData(pub(super) Value);

impl<'de> Deserialize<'de> for ToolData {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            name @ Value::String(_) => Ok(Self(name)),
            Value::Object(tool) if tool.len() == 1 => Ok(Self(Value::Object(tool))),
            Value::Object(_) => Err(D::Error::custom(
                "a tool has one name: `{\"file_search\": {…}}`",
            )),
            _ => Err(D::Error::custom(
                "a tool is a name, or an object such as `{\"file_search\": {…}}`",
            )),
        }
    }
}

/// Examples of names, for editors.
const EXAMPLES: [&str; 4] = [
    "google_search",
    "code_execution",
    "url_context",
    "google_maps",
];

impl JsonSchema for ToolData {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Tool".into()
    }

    /// Without an `enum`: the names are those of a provider, which refuses an unknown one with a suggestion.
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["string", "object"],
            "description": "`google_search`, `code_execution`, `url_context` or `google_maps`; or a tool as the API writes it, with its settings.",
            "examples": EXAMPLES,
        })
    }
}
