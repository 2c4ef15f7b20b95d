//! The schema of a run's input.

use jsonschema::Validator;
use serde_json::Value;

use super::shape::told;
use crate::{
    fault::{Fault, FaultCode, InvalidWorkflow},
    pointer::Pointer,
};

/// A JSON Schema, compiled. It reaches neither the network nor files.
pub(super) struct InputSchema(Validator);

impl InputSchema {
    pub(super) fn new(schema: &Value, faults: &mut Vec<Fault>) -> Option<Self> {
        match jsonschema::validator_for(schema) {
            Ok(validator) => Some(Self(validator)),
            Err(error) => {
                let at = Pointer::root().field("input");
                let detail = format!("not a JSON Schema: {}", told(&error));
                let place = format!("{at}{}", error.instance_path());
                faults.push(Fault::new(FaultCode::InvalidValue, place, detail));
                None
            }
        }
    }

    pub(super) fn check(&self, input: &Value) -> Result<(), Vec<Fault>> {
        let at = Pointer::root().field("input");
        let errors = self.0.iter_errors(input).map(|error| {
            let place = format!("{at}{}", error.instance_path());
            Fault::new(FaultCode::InvalidValue, place, told(&error))
        });
        let faults: Vec<Fault> = errors.take(InvalidWorkflow::MAX).collect();
        if faults.is_empty() {
            Ok(())
        } else {
            Err(faults)
        }
    }
}
