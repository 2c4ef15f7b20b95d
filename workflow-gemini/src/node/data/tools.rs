//! The `tools` of an `LLMNode`.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de::Error};
use serde_json::Value;

use crate::request::{Tool, nearest};

/// A tool by its name, or as the API's own object with settings.
#[derive(Clone, Debug)]
pub(super) struct ToolData(pub(super) Tool);

impl<'de> Deserialize<'de> for ToolData {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(name) => {
                let known = Tool::named(&name);
                known
                    .map(Self)
                    .ok_or_else(|| D::Error::custom(unknown(&name)))
            }
            Value::Object(tool) if tool.len() == 1 => Ok(Self(Tool::api(tool))),
            Value::Object(_) => Err(D::Error::custom(
                "a tool has one name: `{\"file_search\": {…}}`",
            )),
            _ => Err(D::Error::custom(
                "a tool is a name, or an object such as `{\"file_search\": {…}}`",
            )),
        }
    }
}

/// The error for an unknown name. It mentions the API's own form, because a tool with settings has no name
/// here.
fn unknown(name: &str) -> String {
    let names: Vec<&str> = Tool::names().collect();
    let near = nearest(name, names.iter().copied());
    let near = near.map(|near| format!(" (did you mean `{near}`?)"));
    let shown: String = name.chars().take(64).collect();
    format!(
        "`{shown}` is not a tool without settings{}: use one of `{}`, or the API's own object, such as \
         `{{\"file_search\": {{…}}}}`",
        near.unwrap_or_default(),
        names.join("`, `"),
    )
}

impl JsonSchema for ToolData {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Tool".into()
    }

    /// Without an `enum`, because its error would list names only. An unknown name is refused by
    /// `Deserialize`, with a suggestion.
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names: Vec<&str> = Tool::names().collect();
        json_schema!({
            "type": ["string", "object"],
            "description": "`google_search`, `code_execution`, `url_context` or `google_maps`; or a tool as the API writes it, with its settings.",
            "examples": names,
        })
    }
}
