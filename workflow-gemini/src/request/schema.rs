//! The JSON Schema that an answer has to fit.

use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::{Map, Value};
use workflow_core::value::ValueSchema;

/// A schema, compiled when it is first needed. It reaches neither the network nor files.
#[derive(Debug, Deserialize)]
#[serde(from = "Map<String, Value>")]
pub(crate) struct Schema {
    json: Value,
    validator: OnceLock<Result<ValueSchema, String>>,
}

/// Where and why an answer does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Misfit {
    /// A JSON pointer; empty for the whole.
    pub(crate) place: String,
    pub(crate) detail: String,
}

impl Schema {
    pub(crate) fn new(json: Value) -> Self {
        let validator = OnceLock::new();
        Self { json, validator }
    }

    /// The schema as it was given.
    pub(crate) fn json(&self) -> &Value {
        &self.json
    }

    /// Whether it is a usable JSON Schema, or why it is none.
    pub(crate) fn validator(&self) -> Result<&ValueSchema, &str> {
        let compiled = self.validator.get_or_init(|| {
            let compiled = ValueSchema::compile(&self.json, "");
            compiled.map_err(|fault| fault.detail)
        });
        compiled.as_ref().map_err(String::as_str)
    }

    /// Whether an answer fits. Of several faults the first by its place is told.
    pub(crate) fn check(&self, answer: &Value) -> Result<(), Misfit> {
        let Ok(validator) = self.validator() else {
            return Ok(());
        };
        let Err(faults) = validator.check(answer, "") else {
            return Ok(());
        };
        let first = faults.into_iter().next();
        first.map_or(Ok(()), |fault| {
            Err(Misfit {
                place: fault.pointer,
                detail: fault.detail,
            })
        })
    }
}

impl From<Map<String, Value>> for Schema {
    fn from(json: Map<String, Value>) -> Self {
        Self::new(Value::Object(json))
    }
}

impl PartialEq for Schema {
    fn eq(&self, other: &Self) -> bool {
        self.json == other.json
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_misfit_names_the_place_and_the_value() {
        let schema = Schema::new(json!({"type": "object", "required": ["a"], "properties": {
            "a": {"type": "array", "items": {"$ref": "#/$defs/word"}}},
            "$defs": {"word": {"enum": ["x", "y"]}}}));
        assert_eq!(schema.check(&json!({"a": ["x", "y"]})), Ok(()));
        let misfit = schema.check(&json!({"a": ["x", "z", 1]})).unwrap_err();
        assert_eq!(misfit.place, "/a/1");
        assert!(misfit.detail.contains("\"z\""), "{}", misfit.detail);
        assert_eq!(schema.check(&json!({})).unwrap_err().place, "");
        let long = schema.check(&json!({"a": ["z".repeat(500)]})).unwrap_err();
        assert!(long.detail.len() < 200, "{}", long.detail);
    }

    #[test]
    fn what_is_no_schema_says_why() {
        for schema in [
            json!({"type": "text"}),
            json!({"$ref": "https://example.com/x.json"}),
        ] {
            assert!(Schema::new(schema).validator().is_err());
        }
    }
}
