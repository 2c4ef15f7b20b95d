//! The `history` of an `LLMNode`.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de::Error};
use serde_json::Value;
use workflow_core::{Json, NodeError, PlanContext};

use crate::message::Message;

/// A conversation: a list whose texts are templates, or a template for a list.
#[derive(Debug)]
pub(super) struct History(Json);

/// A message of the list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    role: Role,
    text: String,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Role {
    User,
    Assistant,
}

impl History {
    /// Renders the messages.
    ///
    /// # Errors
    /// `template_error` if a template cannot be rendered, or gives something else.
    pub(super) fn render(&self, cx: &PlanContext<'_>) -> Result<Vec<Message>, NodeError> {
        let value = cx.render_json(&self.0)?;
        let entries = read(value).map_err(|fault| {
            NodeError::new("template_error", format!("`history` gives {fault}"))
        })?;
        let messages = entries.into_iter().map(|entry| match entry.role {
            Role::User => Message::user(entry.text),
            Role::Assistant => Message::assistant(entry.text),
        });
        Ok(messages.collect())
    }
}

/// Reads a list of messages. The fault completes the sentence "`history` gives …".
fn read(value: Value) -> Result<Vec<Entry>, String> {
    let Value::Array(items) = value else {
        return Err(NO_LIST.to_owned());
    };
    let entries = items.into_iter().enumerate().map(|(index, item)| {
        let entry = serde_json::from_value(item);
        entry.map_err(|error| format!("a message {index} that cannot be read: {error}"))
    });
    entries.collect()
}

const NO_LIST: &str = "no list: it has to be a list of `{\"role\": \"user\", \"text\": \"…\"}`";

impl<'de> Deserialize<'de> for History {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        // What a template gives is known when it is rendered.
        let is_template = value.as_str().is_some_and(|it| it.contains("{{"));
        if !is_template {
            read(value.clone())
                .map_err(|fault| D::Error::custom(format!("`history` gives {fault}")))?;
        }
        Json::deserialize(value).map(Self).map_err(D::Error::custom)
    }
}

impl JsonSchema for History {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "History".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["array", "string"],
            "items": {
                "type": "object",
                "properties": {
                    "role": {"enum": ["user", "assistant"]},
                    "text": {"type": "string"},
                },
                "required": ["role", "text"],
                "additionalProperties": false,
            },
            "x-workflow": "json",
        })
    }
}
