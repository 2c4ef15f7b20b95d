//! Checks the form of `data` against the JSON Schema of its type, and words the faults.
//!
//! All faults are reported, in a stable order. The wording is ours where the validator's would not help an author: unknown and
//! missing fields, and durations.

use jsonschema::{ValidationError, error::ValidationErrorKind};
use serde_json::Value;

use crate::{
    error::{Fault, FaultCode, Pointer, did_you_mean, escaped, shown},
    node::NodeType,
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
            let of_type = place.is_empty().then_some(node_type);
            unexpected
                .iter()
                .map(|field| unknown(field, &at, of_type))
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
        _ => vec![Fault::new(FaultCode::InvalidValue, at, error_text(error))],
    }
}

fn unknown(field: &str, at: &str, node_type: Option<&NodeType>) -> Fault {
    let here = node_type.map_or("here", NodeType::name);
    let detail = format!("`{}` is not a field of {here}", shown(field));
    let place = format!("{at}/{}", escaped(&shown(field)));
    let mut fault = Fault::new(FaultCode::UnknownField, place, detail);
    fault.hint = node_type.and_then(|node_type| {
        let fields = node_type.schema()["properties"].as_object()?;
        let names: Vec<&str> = fields.keys().map(String::as_str).collect();
        let listed = (!names.is_empty()).then(|| format!("its fields are {}", names.join(", ")));
        did_you_mean(field, names).or(listed)
    });
    fault
}
