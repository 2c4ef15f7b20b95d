//! Checks the shape of `data` against the schema of its type: every fault, in the words of this crate.

use jsonschema::{ValidationError, error::ValidationErrorKind};
use serde_json::Value;

use crate::{
    error::{Fault, FaultCode, Pointer, did_you_mean, escaped, shown},
    node::NodeType,
    value::{InvalidDuration, WrittenDuration, meant, ordered, told},
};

pub(in crate::workflow) fn check(
    data: &Value,
    at: &Pointer,
    node_type: &NodeType,
) -> Result<(), Vec<Fault>> {
    let errors = node_type
        .schema_errors(data)
        .take(crate::error::InvalidWorkflow::MAX);
    ordered(
        errors
            .flat_map(|error| faults_of(&error, at, node_type))
            .collect(),
    )
}

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
        ValidationErrorKind::Pattern { pattern } if pattern == WrittenDuration::PATTERN => {
            let text = error.instance().as_str().unwrap_or_default();
            let detail = format!("{:?} is not a duration", shown(text));
            let hint = meant(text).unwrap_or_else(|| InvalidDuration.to_string());
            vec![Fault::new(FaultCode::InvalidValue, at, detail).with_hint(hint)]
        }
        _ => vec![Fault::new(FaultCode::InvalidValue, at, told(error))],
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
