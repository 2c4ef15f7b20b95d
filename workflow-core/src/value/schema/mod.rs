//! JSON Schemas that users write: for the input of a run, the answer of a person, the reply of a model.
//!
//! They come from untrusted documents. So a schema cannot load anything, its patterns and its size are bounded, and
//! so is the work for each value.

mod cost;

use std::fmt;

use jsonschema::{FancyRegex, PatternOptions, ValidationError, Validator};
use serde_json::{Value, json};

use crate::error::{Fault, FaultCode, InvalidWorkflow, escaped, shown};

/// The most bytes of a compiled `pattern`. A larger one also takes long to compile.
const MAX_PATTERN_BYTES: usize = 256 * 1024;

/// The most backtracking steps of a `pattern` for one text.
const MAX_BACKTRACKS: usize = 100_000;

/// A compiled JSON Schema of a user (draft 2020-12 unless `$schema` names another). It reads neither the network nor files,
/// and the cost of a check is bounded.
///
/// ```
/// use serde_json::json;
/// use workflow_core::value::ValueSchema;
///
/// let schema = ValueSchema::compile(&json!({"type": "object", "required": ["city"]}), "#/input").unwrap();
/// assert!(schema.check(&json!({"city": "Oslo"}), "#/input").is_ok());
/// let faults = schema.check(&json!({}), "#/input").unwrap_err();
/// assert_eq!(faults[0].pointer, "#/input");
/// ```
pub struct ValueSchema {
    schema: Value,
    validator: Validator,
}

impl ValueSchema {
    /// Compiles a schema. `at` is its place, such as `#/input`; faults point below it.
    ///
    /// # Errors
    /// One fault if it is not a JSON Schema, refers to anything but its own parts, or costs too much.
    pub fn compile(schema: &Value, at: &str) -> Result<Self, Fault> {
        if let Some(refusal) = cost::refusal(schema) {
            let detail = format!("not a usable JSON Schema: {refusal}");
            return Err(Fault::new(FaultCode::InvalidValue, at, detail));
        }
        check_patterns(schema, at)?;
        let options = jsonschema::options().with_pattern_options(pattern_options());
        let compiled = options.build(schema).map(|validator| Self {
            schema: schema.clone(),
            validator,
        });
        compiled.map_err(|error| {
            let detail = format!("not a JSON Schema: {}", error_text(&error));
            let place = format!("{at}{}", error.instance_path());
            Fault::new(FaultCode::InvalidValue, place, detail)
        })
    }

    /// The schema as it was written.
    pub(crate) fn schema(&self) -> &Value {
        &self.schema
    }

    /// Checks a value. `at` is its place; faults point below it.
    ///
    /// # Errors
    /// The faults, at most [`InvalidWorkflow::MAX`], in the order of their places. A single fault if the check would take too many steps.
    pub fn check(&self, value: &Value, at: &str) -> Result<(), Vec<Fault>> {
        if cost::is_too_much(&self.schema, value) {
            let detail = "checking it against its JSON Schema takes too many steps";
            return Err(vec![Fault::new(FaultCode::InvalidValue, at, detail)]);
        }
        let errors = self.validator.iter_errors(value).map(|error| {
            let place = format!("{at}{}", error.instance_path());
            Fault::new(FaultCode::InvalidValue, place, error_text(&error))
        });
        sorted_faults(errors.take(InvalidWorkflow::MAX).collect())
    }
}

/// Patterns may have look-around (`fancy_regex`), as JSON Schema permits; such patterns backtrack, so the steps are
/// limited.
fn pattern_options() -> PatternOptions<FancyRegex> {
    PatternOptions::fancy_regex()
        .size_limit(MAX_PATTERN_BYTES)
        .backtrack_limit(MAX_BACKTRACKS)
}

/// Refuses patterns that do not compile, also those that the validator would compile only for certain values, or
/// never: a stored schema must be usable for every value.
fn check_patterns(schema: &Value, at: &str) -> Result<(), Fault> {
    let mut open = vec![(schema, at.to_owned())];
    while let Some((part, at)) = open.pop() {
        let Some(members) = part.as_object() else {
            continue;
        };
        for (keyword, value) in members {
            let at = format!("{at}/{}", escaped(keyword));
            match (keyword.as_str(), value) {
                ("pattern", Value::String(pattern)) => check_pattern(pattern, &at)?,
                (
                    "properties" | "patternProperties" | "$defs" | "definitions"
                    | "dependentSchemas",
                    Value::Object(parts),
                ) => {
                    for (name, part) in parts {
                        let at = format!("{at}/{}", escaped(name));
                        if keyword == "patternProperties" {
                            check_pattern(name, &at)?;
                        }
                        open.push((part, at));
                    }
                }
                ("allOf" | "anyOf" | "oneOf" | "prefixItems" | "items", Value::Array(parts)) => {
                    let parts = parts.iter().enumerate();
                    open.extend(parts.map(|(index, part)| (part, format!("{at}/{index}"))));
                }
                (
                    "items"
                    | "additionalItems"
                    | "unevaluatedItems"
                    | "contains"
                    | "additionalProperties"
                    | "unevaluatedProperties"
                    | "propertyNames"
                    | "not"
                    | "if"
                    | "then"
                    | "else"
                    | "contentSchema",
                    part,
                ) => open.push((part, at)),
                // Annotations and values, in which a `pattern` is a field like any other.
                _ => {}
            }
        }
    }
    Ok(())
}

/// Each pattern is compiled with the options that the validator uses, so both agree.
fn check_pattern(pattern: &str, at: &str) -> Result<(), Fault> {
    let options = jsonschema::options().with_pattern_options(pattern_options());
    let compiled = options.build(&json!({ "pattern": pattern }));
    compiled.map(|_| ()).map_err(|_| {
        let detail = format!(
            "the pattern `{}` cannot be compiled, or takes more than {} KiB",
            shown(pattern),
            MAX_PATTERN_BYTES / 1024
        );
        Fault::new(FaultCode::InvalidValue, at, detail)
    })
}

/// `Ok` without faults, otherwise the faults in a stable order. The order of the validator may differ from one
/// process to the next.
pub(crate) fn sorted_faults(mut faults: Vec<Fault>) -> Result<(), Vec<Fault>> {
    if faults.is_empty() {
        return Ok(());
    }
    faults.sort_by(|one, other| (&one.pointer, &one.detail).cmp(&(&other.pointer, &other.detail)));
    Err(faults)
}

/// The longest message that repeats the value, in bytes.
const MAX_SHOWN: usize = 200;

/// The validator's message; without the value if that makes it too long.
pub(crate) fn error_text(error: &ValidationError) -> String {
    let whole = error.to_string();
    if whole.len() > MAX_SHOWN {
        error.masked().to_string()
    } else {
        whole
    }
}

impl fmt::Debug for ValueSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ValueSchema").field(&self.schema).finish()
    }
}
