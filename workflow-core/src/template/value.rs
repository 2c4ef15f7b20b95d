//! Values of templates as JSON and as text.

use minijinja::{Error, ErrorKind, Output, State, Value, value::ValueKind};

use crate::size::{MAX_DEPTH, MAX_OUTPUT_BYTES};

/// Converts a value, and refuses what JSON cannot say. An undefined value, at any depth, is an
/// error. A small value can stand for a huge one, since its parts are shared: what is made of it is
/// bounded, in depth and by `budget`.
pub(super) fn to_json(value: &Value, budget: &mut Budget) -> Result<serde_json::Value, Error> {
    budget.convert(value, MAX_DEPTH)
}

/// How many bytes of JSON may come of a rendering, about.
pub(crate) struct Budget {
    most: usize,
    left: usize,
}

impl Budget {
    pub(crate) fn of(most: usize) -> Self {
        Self { most, left: most }
    }

    pub(crate) fn spent(&self) -> usize {
        self.most - self.left
    }

    fn convert(&mut self, value: &Value, depth: usize) -> Result<serde_json::Value, Error> {
        let depth = depth
            .checked_sub(1)
            .ok_or_else(|| refused("the value is nested too deeply"))?;
        self.pay(value.as_str().map_or(1, str::len) + 1)?;
        match value.kind() {
            ValueKind::Undefined => Err(ErrorKind::UndefinedError.into()),
            ValueKind::Map => self.object(value, depth),
            ValueKind::Seq | ValueKind::Iterable => {
                let items = value.try_iter()?.map(|item| self.convert(&item, depth));
                items
                    .collect::<Result<_, _>>()
                    .map(serde_json::Value::Array)
            }
            ValueKind::None | ValueKind::Bool | ValueKind::Number | ValueKind::String => {
                scalar(value)
            }
            kind => Err(refused(format!("{kind} is not JSON"))),
        }
    }

    fn object(&mut self, value: &Value, depth: usize) -> Result<serde_json::Value, Error> {
        let mut object = serde_json::Map::new();
        for key in value.try_iter()? {
            let member = value.get_item(&key)?;
            let key = key.to_string();
            self.pay(key.len())?;
            object.insert(key, self.convert(&member, depth)?);
        }
        Ok(serde_json::Value::Object(object))
    }

    fn pay(&mut self, bytes: usize) -> Result<(), Error> {
        let left = self.left.checked_sub(bytes);
        self.left =
            left.ok_or_else(|| refused(format!("the value has more than {} bytes", self.most)))?;
        Ok(())
    }
}

fn refused(detail: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, detail.into())
}

fn scalar(value: &Value) -> Result<serde_json::Value, Error> {
    let json = serde_json::to_value(value).map_err(|error| refused(error.to_string()))?;
    if json.is_null() && value.kind() == ValueKind::Number {
        return Err(refused("the number has no JSON form"));
    }
    Ok(json)
}

/// Refuses an undefined value.
pub(super) fn defined(value: Value) -> Result<Value, Error> {
    if value.is_undefined() {
        return Err(ErrorKind::UndefinedError.into());
    }
    Ok(value)
}

/// How a value stands in text: strings raw, all else as compact JSON.
pub(super) fn format(out: &mut Output, _: &mut State, value: &Value) -> Result<(), Error> {
    let written = match value.as_str() {
        Some(text) => out.write_str(text),
        None => write!(
            out,
            "{}",
            to_json(value, &mut Budget::of(MAX_OUTPUT_BYTES))?
        ),
    };
    written.map_err(Error::from)
}
