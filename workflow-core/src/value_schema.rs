//! JSON Schemas that users give: of a run's input, of a person's answer, of a model's reply.

use jsonschema::{ValidationError, Validator};
use serde_json::Value;

use crate::{
    fault::{Fault, FaultCode, InvalidWorkflow},
    schema_cost,
};

/// A JSON Schema, compiled. It reaches neither the network nor files.
pub(crate) struct ValueSchema(Validator);

impl ValueSchema {
    /// Compiles a schema that stands at a place. The fault says why it is none.
    pub(crate) fn new(schema: &Value, at: &str) -> Result<Self, Fault> {
        if let Some(refusal) = schema_cost::refusal(schema) {
            let detail = format!("not a usable JSON Schema: {refusal}");
            return Err(Fault::new(FaultCode::InvalidValue, at, detail));
        }
        jsonschema::validator_for(schema)
            .map(Self)
            .map_err(|error| {
                let detail = format!("not a JSON Schema: {}", told(&error));
                let place = format!("{at}{}", error.instance_path());
                Fault::new(FaultCode::InvalidValue, place, detail)
            })
    }

    /// Every fault of a value that stands at a place.
    pub(crate) fn check(&self, value: &Value, at: &str) -> Result<(), Vec<Fault>> {
        let errors = self.0.iter_errors(value).map(|error| {
            let place = format!("{at}{}", error.instance_path());
            Fault::new(FaultCode::InvalidValue, place, told(&error))
        });
        ordered(errors.take(InvalidWorkflow::MAX).collect())
    }
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
