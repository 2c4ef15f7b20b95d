//! The JSON Schema of an answer.

use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::{Map, Value};
use workflow_core::value::ValueSchema;

/// A schema and its validator, which is compiled on first use: a workflow with many nodes is created
/// without compiling the schema of each. References to the network or to files are errors.
#[derive(Debug, Deserialize)]
#[serde(from = "Map<String, Value>")]
pub(crate) struct Schema {
    json: Value,
    validator: OnceLock<Result<ValueSchema, String>>,
}

/// The first place where an answer does not match the schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mismatch {
    /// A JSON pointer; empty for the whole answer.
    pub(crate) pointer: String,
    pub(crate) detail: String,
}

impl Schema {
    /// Takes any JSON value. Whether it is a valid schema is checked before a request is sent.
    pub(crate) fn new(json: Value) -> Self {
        let validator = OnceLock::new();
        Self { json, validator }
    }

    /// The schema as it is sent.
    pub(crate) fn json(&self) -> &Value {
        &self.json
    }

    /// The validator, or the fault if the value is no valid JSON Schema.
    pub(crate) fn validator(&self) -> Result<&ValueSchema, &str> {
        // The fault is kept like the validator, so an invalid schema is compiled only once, too.
        let compiled = self.validator.get_or_init(|| {
            let compiled = ValueSchema::compile(&self.json, "");
            compiled.map_err(|fault| fault.detail)
        });
        compiled.as_ref().map_err(String::as_str)
    }

    /// Checks an answer. Reports the first mismatch in the order of the document. An invalid schema
    /// accepts everything; a request with one is never sent.
    pub(crate) fn check(&self, answer: &Value) -> Result<(), Mismatch> {
        let Ok(validator) = self.validator() else {
            return Ok(());
        };
        let Err(faults) = validator.check(answer, "") else {
            return Ok(());
        };
        let first = faults.into_iter().next();
        first.map_or(Ok(()), |fault| {
            Err(Mismatch {
                pointer: fault.pointer,
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

// By the document only: whether the validator is compiled makes no difference.
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
    fn a_mismatch_names_the_pointer_and_the_value() {
        let schema = Schema::new(json!({"type": "object", "required": ["a"], "properties": {
            "a": {"type": "array", "items": {"$ref": "#/$defs/word"}}},
            "$defs": {"word": {"enum": ["x", "y"]}}}));
        assert_eq!(schema.check(&json!({"a": ["x", "y"]})), Ok(()));
        let mismatch = schema.check(&json!({"a": ["x", "z", 1]})).unwrap_err();
        assert_eq!(mismatch.pointer, "/a/1");
        assert!(mismatch.detail.contains("\"z\""), "{}", mismatch.detail);
        assert_eq!(schema.check(&json!({})).unwrap_err().pointer, "");
        let long = schema.check(&json!({"a": ["z".repeat(500)]})).unwrap_err();
        assert!(long.detail.len() < 200, "{}", long.detail);
    }

    #[test]
    fn an_invalid_schema_has_a_fault() {
        for schema in [
            json!({"type": "text"}),
            json!({"$ref": "https://example.com/x.json"}),
        ] {
            assert!(Schema::new(schema).validator().is_err());
        }
    }
}
