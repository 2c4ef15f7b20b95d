//! Values of templates as JSON and as text.

use minijinja::Output;
use minijinja::{Error, ErrorKind, State, Value, value::ValueKind};

/// Converts a value, and refuses what JSON cannot say. An undefined value, at any depth, is an error.
pub(super) fn to_json(value: &Value) -> Result<serde_json::Value, Error> {
    match value.kind() {
        ValueKind::Undefined => Err(ErrorKind::UndefinedError.into()),
        ValueKind::Map => to_object(value),
        ValueKind::Seq | ValueKind::Iterable => {
            let items = value.try_iter()?.map(|item| to_json(&item));
            items
                .collect::<Result<_, _>>()
                .map(serde_json::Value::Array)
        }
        ValueKind::None | ValueKind::Bool | ValueKind::Number | ValueKind::String => scalar(value),
        kind => Err(Error::new(
            ErrorKind::InvalidOperation,
            format!("{kind} is not JSON"),
        )),
    }
}

fn to_object(value: &Value) -> Result<serde_json::Value, Error> {
    let mut object = serde_json::Map::new();
    for key in value.try_iter()? {
        let member = value.get_item(&key)?;
        object.insert(key.to_string(), to_json(&member)?);
    }
    Ok(serde_json::Value::Object(object))
}

fn scalar(value: &Value) -> Result<serde_json::Value, Error> {
    let json = serde_json::to_value(value)
        .map_err(|error| Error::new(ErrorKind::InvalidOperation, error.to_string()))?;
    if json.is_null() && value.kind() == ValueKind::Number {
        return Err(Error::new(
            ErrorKind::InvalidOperation,
            "the number has no JSON form",
        ));
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
        None => write!(out, "{}", to_json(value)?),
    };
    written.map_err(Error::from)
}
