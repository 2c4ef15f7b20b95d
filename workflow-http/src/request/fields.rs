//! The fields of a body, read one by one, so that one fault does not hide another.

use serde_json::{Map, Value};
use workflow_core::{Fault, error::FaultCode};

use crate::problem::{Kind, Problem};

/// What is left to read of a body, and what was found wrong.
pub(crate) struct Fields {
    left: Map<String, Value>,
    faults: Vec<Fault>,
    shape: &'static str,
}

impl Fields {
    /// The fields of a body, which should be like `shape`.
    pub(crate) fn of(body: Value, shape: &'static str) -> Self {
        let mut fields = Self {
            left: Map::new(),
            faults: Vec::new(),
            shape,
        };
        match body {
            Value::Object(left) => fields.left = left,
            _ => fields.refuse(FaultCode::InvalidValue, "#", "the body is not an object"),
        }
        fields
    }

    pub(crate) fn refuse(&mut self, code: FaultCode, pointer: &str, detail: impl Into<String>) {
        let shape = format!("the body is like {}", self.shape);
        self.faults
            .push(Fault::new(code, pointer, detail).with_hint(shape));
    }

    /// A field that may be missing. `null` is a value.
    pub(crate) fn take(&mut self, name: &str) -> Option<Value> {
        self.left.remove(name)
    }

    /// A field that has to be there. `null` is a value.
    pub(crate) fn require(&mut self, name: &str) -> Value {
        let value = self.left.remove(name);
        if value.is_none() && self.faults.is_empty() {
            let (pointer, detail) = (format!("#/{name}"), format!("`{name}` is missing"));
            self.refuse(FaultCode::MissingField, &pointer, detail);
        }
        value.unwrap_or_default()
    }

    /// The number of a version. `null` says nothing.
    pub(crate) fn version(&mut self) -> Option<u32> {
        let value = self.left.remove("version").filter(|it| !it.is_null())?;
        let number = integer(&value).and_then(|number| u32::try_from(number).ok());
        if number.is_none() {
            let detail = format!("{value} is not the number of a version");
            self.refuse(FaultCode::InvalidValue, "#/version", detail);
        }
        number
    }

    /// Says what was wrong, if anything was; what is left is unknown.
    ///
    /// # Errors
    /// With every fault.
    pub(crate) fn finish(mut self) -> Result<(), Problem> {
        for field in std::mem::take(&mut self.left).keys() {
            let pointer = format!("#/{}", field.replace('~', "~0").replace('/', "~1"));
            let detail = format!("`{field}` is not a field here");
            self.refuse(FaultCode::UnknownField, &pointer, detail);
        }
        if self.faults.is_empty() {
            return Ok(());
        }
        Err(Problem::of_faults(Kind::InvalidBody, "body", self.faults))
    }
}

/// The integer that a value is: to JSON, `3.0` is one like `3`.
fn integer(value: &Value) -> Option<u64> {
    let fraction = value.as_f64().filter(|number| number.fract() == 0.0);
    let written = fraction.map(|number| format!("{number:.0}"));
    value.as_u64().or_else(|| written?.parse().ok())
}
