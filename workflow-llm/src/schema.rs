//! The JSON Schema of an answer.

use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::{Map, Value};
use workflow_core::value::ValueSchema;

/// A schema and its validator, which is compiled on first use: a workflow with many nodes is created
/// without compiling the schema of each. References to the network or to files are errors.
///
/// ```
/// use serde_json::json;
/// use workflow_llm::AnswerSchema;
///
/// let schema = AnswerSchema::new(json!({"type": "object", "required": ["kind"]}));
/// assert_eq!(schema.read("```json\n{\"kind\": \"bug\"}\n```").unwrap(), json!({"kind": "bug"}));
/// assert_eq!(schema.read("{}").unwrap_err().to_string(), "the answer does not fit its schema at the top: \"kind\" is a required property");
/// ```
#[derive(Debug, Deserialize)]
#[serde(from = "Map<String, Value>")]
pub struct AnswerSchema {
    json: Value,
    validator: OnceLock<Result<ValueSchema, String>>,
}

/// Why a text is not an answer that fits a schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(clippy::exhaustive_enums, reason = "there is no third way")]
pub enum Misfit {
    /// It is not JSON.
    #[error("the answer is not valid JSON, {detail}")]
    NotJson {
        /// The syntax error with line and column.
        detail: String,
    },
    /// It is JSON that does not match the schema.
    // An empty pointer is the whole document (RFC 6901, section 5), which a reader would take for a missing one.
    #[error("the answer does not fit its schema at {}: {detail}", if pointer.is_empty() { "the top" } else { pointer })]
    DoesNotFit {
        /// The first place that does not match, as a JSON pointer; empty for the whole answer.
        pointer: String,
        /// The mismatch, in words.
        detail: String,
    },
}

impl AnswerSchema {
    /// Takes any JSON value. Whether it is a valid schema is checked before a request is sent:
    /// [`validator`](Self::validator).
    pub fn new(json: Value) -> Self {
        let validator = OnceLock::new();
        Self { json, validator }
    }

    /// The schema as it is sent.
    pub fn json(&self) -> &Value {
        &self.json
    }

    /// The validator.
    ///
    /// # Errors
    /// The fault, in words, if the value is no valid JSON Schema.
    pub fn validator(&self) -> Result<&ValueSchema, &str> {
        // The fault is kept like the validator, so an invalid schema is compiled only once, too.
        let compiled = self.validator.get_or_init(|| {
            let compiled = ValueSchema::compile(&self.json, "");
            compiled.map_err(|fault| fault.detail)
        });
        compiled.as_ref().map_err(String::as_str)
    }

    /// Parses an answer and checks it. JSON may be in a Markdown fence, which models sometimes write despite a schema. An invalid schema
    /// accepts every JSON; a request with one is never sent.
    ///
    /// # Errors
    /// A [`Misfit`]: the syntax error, or the first mismatch in the order of the document.
    pub fn read(&self, text: &str) -> Result<Value, Misfit> {
        let json = read_json(text).map_err(|error| Misfit::NotJson {
            detail: error.to_string(),
        })?;
        let Ok(validator) = self.validator() else {
            return Ok(json);
        };
        let Err(faults) = validator.check(&json, "") else {
            return Ok(json);
        };
        match faults.into_iter().next() {
            Some(fault) => Err(Misfit::DoesNotFit {
                pointer: fault.pointer,
                detail: fault.detail,
            }),
            None => Ok(json),
        }
    }
}

/// Parses JSON, also within a Markdown fence. The error is that of the text without the fence removed.
fn read_json(text: &str) -> Result<Value, serde_json::Error> {
    serde_json::from_str(text).or_else(|error| {
        let fenced = unfenced(text).and_then(|json| serde_json::from_str(json).ok());
        fenced.ok_or(error)
    })
}

/// The content of a Markdown fence, if the text has nothing else.
fn unfenced(text: &str) -> Option<&str> {
    let inner = text.trim().strip_prefix("```")?.strip_suffix("```")?;
    // The first line of a fence names the language, or is empty (CommonMark, section 4.5).
    let (language, json) = inner.split_once('\n')?;
    let is_language = language.trim().chars().all(char::is_alphanumeric);
    is_language.then_some(json)
}

impl From<Map<String, Value>> for AnswerSchema {
    fn from(json: Map<String, Value>) -> Self {
        Self::new(Value::Object(json))
    }
}

// By the document only: whether the validator is compiled makes no difference.
impl PartialEq for AnswerSchema {
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
        let schema = AnswerSchema::new(json!({"type": "object", "required": ["a"], "properties": {
            "a": {"type": "array", "items": {"$ref": "#/$defs/word"}}},
            "$defs": {"word": {"enum": ["x", "y"]}}}));
        let read = |answer: Value| schema.read(&answer.to_string());
        let mismatch = |answer| match read(answer) {
            Err(Misfit::DoesNotFit { pointer, detail }) => (pointer, detail),
            other => panic!("{other:?}"),
        };
        assert_eq!(read(json!({"a": ["x", "y"]})), Ok(json!({"a": ["x", "y"]})));
        let (pointer, detail) = mismatch(json!({"a": ["x", "z", 1]}));
        assert_eq!(pointer, "/a/1");
        assert!(detail.contains("\"z\""), "{detail}");
        assert_eq!(mismatch(json!({})).0, "");
        let (_, long) = mismatch(json!({"a": ["z".repeat(500)]}));
        assert!(long.len() < 200, "{long}");
    }

    #[test]
    fn an_invalid_schema_has_a_fault() {
        for schema in [
            json!({"type": "text"}),
            json!({"$ref": "https://example.com/x.json"}),
        ] {
            assert!(AnswerSchema::new(schema).validator().is_err());
        }
    }
}
