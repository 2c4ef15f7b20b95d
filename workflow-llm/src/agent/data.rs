//! The `data` of an `AgentNode`, without what the engine reads of it.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;

use crate::data::{LlmData, NOT_OF_AGENTS};

/// The checked `data` of an `AgentNode`: the fields of [`LlmData`], without `history` and without tools that the provider runs. The
/// engine reads `tools` and the limits of agents itself.
///
/// ```
/// use workflow_llm::AgentData;
///
/// let read = |json| serde_json::from_str::<AgentData>(json);
/// assert!(read(r#"{ "prompt": "{{ input.question }}", "model": "local/qwen3:8b" }"#).is_ok());
/// assert!(read(r#"{ "history": [] }"#).is_err());
/// ```
#[derive(Debug, Deserialize)]
#[serde(try_from = "LlmData")]
pub struct AgentData(pub(super) LlmData);

impl TryFrom<LlmData> for AgentData {
    type Error = String;

    fn try_from(data: LlmData) -> Result<Self, Self::Error> {
        match data.not_of_agents() {
            Some(field) => Err(format!("an agent cannot send `{field}` to the provider")),
            None => Ok(Self(data)),
        }
    }
}

impl JsonSchema for AgentData {
    fn schema_name() -> Cow<'static, str> {
        "AgentData".into()
    }

    /// The schema of [`LlmData`], without the fields that are not there.
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = LlmData::json_schema(generator);
        let properties = schema.get_mut("properties");
        if let Some(properties) = properties.and_then(|it| it.as_object_mut()) {
            properties.retain(|name, _| !NOT_OF_AGENTS.contains(&name.as_str()));
        }
        let description = "Lets a model call tools, turn by turn, until it answers. A field that is not set is not sent.";
        schema.insert("description".to_owned(), description.into());
        schema
    }
}
