//! JSON Schemas that users give: of a run's input, of a person's answer, of a model's reply.

mod cost;

use std::fmt;

use jsonschema::{FancyRegex, PatternOptions, ValidationError, Validator};
use serde_json::{Value, json};

use crate::error::{Fault, FaultCode, InvalidWorkflow, escaped, shown};

/// The most bytes that a compiled `pattern` may take: what takes more also takes long to compile.
const MAX_PATTERN_BYTES: usize = 256 * 1024;

/// How often a `pattern` may try another way through a text.
const MAX_BACKTRACKS: usize = 100_000;

/// A JSON Schema that a user gave, compiled. It reaches neither the network nor files, and what checking a
/// value may cost is bounded.
pub struct ValueSchema {
    schema: Value,
    validator: Validator,
}

impl ValueSchema {
    /// Compiles a schema that stands at a place, such as `#/input`.
    ///
    /// # Errors
    /// When it is no JSON Schema, refers to anything but its own parts, or costs too much.
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
            let detail = format!("not a JSON Schema: {}", told(&error));
            let place = format!("{at}{}", error.instance_path());
            Fault::new(FaultCode::InvalidValue, place, detail)
        })
    }

    /// Checks a value that stands at a place.
    ///
    /// # Errors
    /// With every fault, in the order of their places; or with one, when checking takes too many steps.
    pub fn check(&self, value: &Value, at: &str) -> Result<(), Vec<Fault>> {
        if cost::is_too_much(&self.schema, value) {
            let detail = "checking it against its JSON Schema takes too many steps";
            return Err(vec![Fault::new(FaultCode::InvalidValue, at, detail)]);
        }
        let errors = self.validator.iter_errors(value).map(|error| {
            let place = format!("{at}{}", error.instance_path());
            Fault::new(FaultCode::InvalidValue, place, told(&error))
        });
        ordered(errors.take(InvalidWorkflow::MAX).collect())
    }
}

fn pattern_options() -> PatternOptions<FancyRegex> {
    PatternOptions::fancy_regex()
        .size_limit(MAX_PATTERN_BYTES)
        .backtrack_limit(MAX_BACKTRACKS)
}

/// Refuses patterns that cannot be compiled, also where the validator would meet them only with a value,
/// or never: a schema that is stored holds for every value.
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

/// Faults in an order that does not change from one process to the next, as the validator's may; or
/// that there are none.
pub(crate) fn ordered(mut faults: Vec<Fault>) -> Result<(), Vec<Fault>> {
    if faults.is_empty() {
        return Ok(());
    }
    faults.sort_by(|one, other| (&one.pointer, &one.detail).cmp(&(&other.pointer, &other.detail)));
    Err(faults)
}

/// The longest value that is shown in a fault.
const MAX_SHOWN: usize = 200;

/// The validator's words; without the value where that is long.
pub(crate) fn told(error: &ValidationError) -> String {
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
