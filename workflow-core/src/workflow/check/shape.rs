//! Checks the form of `data` against the JSON Schema of its type, and words the faults.
//!
//! All faults are reported, in a stable order. The wording is ours where the validator's would not help an author: unknown and
//! missing fields, and durations.

use jsonschema::{ValidationError, error::ValidationErrorKind};
use serde_json::Value;

use crate::{
    error::{Fault, FaultCode, Pointer, did_you_mean, escaped, shown},
    node::{NodeType, TOOL_NAME},
    template::or_template,
    value::{InvalidDuration, WrittenDuration, duration_hint, error_text, sorted_faults},
};

/// The faults of `data` for this node type.
///
/// # Errors
/// The faults, at least one, sorted by place: the order of the validator may differ from one process to the next.
pub(in crate::workflow) fn check(
    data: &Value,
    at: &Pointer,
    node_type: &NodeType,
) -> Result<(), Vec<Fault>> {
    let errors = node_type
        .schema_errors(data)
        .take(crate::error::InvalidWorkflow::MAX);
    sorted_faults(
        errors
            .flat_map(|error| faults_of(&error, at, node_type))
            .collect(),
    )
}

/// The faults of one error of the validator. An error may name several unknown fields.
fn faults_of(error: &ValidationError, data: &Pointer, node_type: &NodeType) -> Vec<Fault> {
    let place = error.instance_path().as_str();
    let at = format!("{data}{place}");
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            let of_type = place.is_empty().then(|| node_type.name());
            let path = error.schema_path().as_str();
            let object = path.rsplit_once('/').map_or("", |(object, _)| object);
            let object = node_type.schema().pointer(object);
            unexpected
                .iter()
                .map(|field| unknown(field, &at, of_type, object))
                .collect()
        }
        ValidationErrorKind::Required { property } => {
            let missing = property.as_str().unwrap_or_default();
            let detail = format!("`{missing}` is missing");
            vec![Fault::new(FaultCode::MissingField, at, detail)]
        }
        ValidationErrorKind::Pattern { pattern }
            if pattern == WrittenDuration::PATTERN
                || *pattern == or_template(WrittenDuration::PATTERN) =>
        {
            let text = error.instance().as_str().unwrap_or_default();
            let detail = format!("{:?} is not a duration", shown(text));
            let hint = duration_hint(text).unwrap_or_else(|| InvalidDuration.to_string());
            vec![Fault::new(FaultCode::InvalidValue, at, detail).with_hint(hint)]
        }
        ValidationErrorKind::AnyOf { .. } | ValidationErrorKind::OneOfNotValid { .. } => {
            let mut fault = Fault::new(FaultCode::InvalidValue, at, error_text(error));
            let choices = node_type.schema().pointer(error.schema_path().as_str());
            fault.hint = choices.and_then(alternatives);
            vec![fault]
        }
        ValidationErrorKind::Pattern { pattern } if pattern == TOOL_NAME => {
            let text = error.instance().as_str().unwrap_or_default();
            let detail = format!("{:?} is not the name of a tool", shown(text));
            let hint = "a letter or `_`, then letters, digits, `_` and `-`; at most 60 characters";
            vec![Fault::new(FaultCode::InvalidId, at, detail).with_hint(hint)]
        }
        _ => vec![Fault::new(FaultCode::InvalidValue, at, error_text(error))],
    }
}

/// Lists what a choice allows, if it is of words and of objects with certain fields: "one of `auto`, `none`, {`tool`}".
fn alternatives(choices: &Value) -> Option<String> {
    let mut found = Vec::new();
    list(choices, &mut found)?;
    (!found.is_empty()).then(|| format!("it is one of {}", found.join(", ")))
}

/// `None` if the choice has something that cannot be listed.
fn list(choices: &Value, found: &mut Vec<String>) -> Option<()> {
    for choice in choices.as_array()? {
        let words = choice["enum"].as_array().into_iter().flatten();
        let words = words.chain(choice.get("const")).filter_map(Value::as_str);
        let known = found.len();
        found.extend(words.map(|word| format!("`{word}`")));
        if let Some(fields) = choice["required"].as_array() {
            let fields = fields.iter().filter_map(Value::as_str);
            let fields: Vec<String> = fields.map(|field| format!("\"{field}\": …")).collect();
            found.push(format!("{{{}}}", fields.join(", ")));
        }
        let inner = choice.get("oneOf").or_else(|| choice.get("anyOf"));
        match inner {
            Some(inner) => list(inner, found)?,
            // What may be left out is no alternative.
            None if choice["type"] == "null" => {}
            None if found.len() == known => return None,
            None => {}
        }
    }
    Some(())
}

/// The fault of an unknown field of an object with this schema: the `data` of a type, or a part of it.
fn unknown(field: &str, at: &str, of_type: Option<&str>, object: Option<&Value>) -> Fault {
    let field_shown = shown(field);
    let detail = match of_type {
        Some(name) => format!("`{field_shown}` is not a field of {name}"),
        None => format!("`{field_shown}` is not a field here"),
    };
    let place = format!("{at}/{}", escaped(&field_shown));
    let mut fault = Fault::new(FaultCode::UnknownField, place, detail);
    fault.hint = object.and_then(|object| {
        let fields = object["properties"].as_object()?;
        let names: Vec<&str> = fields.keys().map(String::as_str).collect();
        let listed = (!names.is_empty()).then(|| {
            let whose = of_type.map_or("the fields", |_| "its fields");
            format!("{whose} are {}", names.join(", "))
        });
        did_you_mean(field, names).or(listed)
    });
    fault
}
