//! `Expected`: the statuses that count as success.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;

/// The statuses that count as success. Default: `2xx`.
#[derive(Clone, Debug)]
pub(crate) struct Expected(Vec<Statuses>);

/// One status, or a class of statuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Statuses {
    One(u16),
    /// All statuses with this first digit.
    Class(u16),
}

impl Expected {
    pub(crate) fn contains(&self, status: u16) -> bool {
        self.0.iter().any(|statuses| match statuses {
            Statuses::One(one) => *one == status,
            Statuses::Class(class) => *class == status / 100,
        })
    }
}

impl Default for Expected {
    fn default() -> Self {
        Self(vec![Statuses::Class(2)])
    }
}

/// `2xx`, or `200 or 404`.
impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, statuses) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(" or ")?;
            }
            match statuses {
                Statuses::One(one) => write!(f, "{one}")?,
                Statuses::Class(class) => write!(f, "{class}xx")?,
            }
        }
        Ok(())
    }
}

impl Statuses {
    /// Reads a status from 100 to 599, or a class from `1xx` to `5xx`.
    fn read(json: &Value) -> Option<Self> {
        if let Some(text) = json.as_str() {
            let digit = text.strip_suffix("xx")?.parse().ok()?;
            return (1..=5).contains(&digit).then_some(Self::Class(digit));
        }
        let status = u16::try_from(json.as_u64()?).ok()?;
        (100..=599).contains(&status).then_some(Self::One(status))
    }
}

const SHAPE: &str = "expected a status such as 200, a class such as \"2xx\", or a list of them";

impl<'de> Deserialize<'de> for Expected {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = match Value::deserialize(deserializer)? {
            Value::Array(items) if items.is_empty() => None,
            Value::Array(items) => items.iter().map(Statuses::read).collect(),
            one => Statuses::read(&one).map(|one| vec![one]),
        };
        read.map(Self).ok_or_else(|| D::Error::custom(SHAPE))
    }
}

impl JsonSchema for Expected {
    fn schema_name() -> Cow<'static, str> {
        "Expected".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let status = json_schema!({ "type": "integer", "minimum": 100, "maximum": 599 });
        let class = json_schema!({ "type": "string", "pattern": "^[1-5]xx$" });
        json_schema!({
            "anyOf": [
                status,
                class,
                { "type": "array", "minItems": 1, "items": { "anyOf": [status, class] } },
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(json: Value) -> Result<Expected, serde_json::Error> {
        serde_json::from_value(json)
    }

    #[test]
    fn a_status_a_class_and_a_list_are_accepted() {
        let matching = |expected: &Expected| {
            let statuses = [200, 204, 302, 404, 500];
            statuses.map(|status| expected.contains(status))
        };
        let default = [true, true, false, false, false];
        assert_eq!(matching(&Expected::default()), default);
        for (json, expected, shown) in [
            (json!(204), [false, true, false, false, false], "204"),
            (json!("3xx"), [false, false, true, false, false], "3xx"),
            (
                json!([200, "4xx"]),
                [true, false, false, true, false],
                "200 or 4xx",
            ),
        ] {
            let read = read(json).unwrap();
            assert_eq!(
                (matching(&read), read.to_string()),
                (expected, shown.to_owned())
            );
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for json in [
            json!([]),
            json!(99),
            json!(600),
            json!(-1),
            json!(200.5),
            json!("200"),
            json!("6xx"),
            json!("xx"),
            json!([200, "ok"]),
            json!({}),
            json!(true),
        ] {
            assert!(read(json.clone()).is_err(), "{json}");
        }
    }
}
