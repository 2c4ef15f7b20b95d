//! `TextOrSecret`: a text with templates, or the name of a secret.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;

use super::Template;

/// A text with templates, or the name of a secret: `{"$secret": "CMS_TOKEN"}`. Use it as the type of a field whose value may
/// be secret.
///
/// A workflow contains only the name. The node gets the value from its host when it needs it, and keeps it out of
/// its output, errors and deltas. In fields of other types, `$secret` is a fault.
///
/// ```
/// use workflow_core::template::TextOrSecret;
///
/// let token: TextOrSecret = serde_json::from_str(r#"{"$secret": "CMS_TOKEN"}"#)?;
/// assert!(matches!(token, TextOrSecret::Secret(name) if name == "CMS_TOKEN"));
/// let text: TextOrSecret = serde_json::from_str(r#""Bearer {{ input.token }}""#)?;
/// assert!(matches!(text, TextOrSecret::Text(_)));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a text or a secret: there is no third"
)]
pub enum TextOrSecret {
    /// A text with templates.
    Text(Template),
    /// The name of a secret.
    Secret(String),
}

/// The key that makes an object the name of a secret.
pub(crate) const SECRET: &str = "$secret";

impl<'de> Deserialize<'de> for TextOrSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(source) => Template::parse(&source)
                .map(Self::Text)
                .map_err(D::Error::custom),
            Value::Object(mut object) if object.len() == 1 => match object.remove(SECRET) {
                Some(Value::String(name)) => Ok(Self::Secret(name)),
                _ => Err(D::Error::custom(SHAPE)),
            },
            _ => Err(D::Error::custom(SHAPE)),
        }
    }
}

const SHAPE: &str = "expected a text, or {\"$secret\": \"NAME\"}";

impl JsonSchema for TextOrSecret {
    fn schema_name() -> Cow<'static, str> {
        "TextOrSecret".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "x-workflow": "secret",
            "anyOf": [
                { "type": "string" },
                {
                    "type": "object",
                    "required": [SECRET],
                    "properties": {
                        SECRET: { "type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]{0,127}$" },
                    },
                    "additionalProperties": false,
                },
            ],
        })
    }
}
