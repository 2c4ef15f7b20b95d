//! Conversion of template values to JSON values and JSON text.
//!
//! There are two conversions, because of what they produce: [`to_json`] makes a JSON value (for outputs),
//! [`json_text`] makes text (for `{{ value }}` and filters). Both refuse the same values.

use std::{cell::Cell, io};

use minijinja::{
    Error, ErrorKind, State, Value,
    value::{StringInput, ValueKind},
};
use serde::{
    Serialize, Serializer,
    ser::{SerializeMap, SerializeSeq},
};

use crate::value::{MAX_DEPTH, MAX_OUTPUT_BYTES};

/// Converts a value. Values that JSON cannot express, and undefined values at any depth, are errors.
///
/// A small value can expand to a huge one, since its parts are shared. So the result is limited in depth and by
/// `budget`.
pub(in crate::template) fn to_json(
    value: &Value,
    budget: &mut Budget,
) -> Result<serde_json::Value, Error> {
    budget.convert(value, MAX_DEPTH)
}

/// About how many bytes of JSON a rendering may still make.
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
        let depth = depth.checked_sub(1).ok_or_else(too_deep)?;
        // Paid before anything is allocated, at least two bytes for each value.
        self.pay(value.as_str().map_or(1, str::len) + 1)?;
        match value.kind() {
            ValueKind::Undefined => Err(ErrorKind::UndefinedError.into()),
            ValueKind::Map => self.object(value, depth),
            ValueKind::Seq | ValueKind::Iterable => self.array(value, depth),
            ValueKind::None | ValueKind::Bool | ValueKind::Number | ValueKind::String => {
                scalar(value)
            }
            kind => Err(not_json(kind)),
        }
    }

    fn array(&mut self, value: &Value, depth: usize) -> Result<serde_json::Value, Error> {
        // Each item costs at least two bytes, so the budget bounds the reserved capacity.
        let length = value.len().unwrap_or_default().min(self.left / 2);
        let mut items = Vec::with_capacity(length);
        for item in value.try_iter()? {
            items.push(self.convert(&item, depth)?);
        }
        Ok(serde_json::Value::Array(items))
    }

    fn object(&mut self, value: &Value, depth: usize) -> Result<serde_json::Value, Error> {
        let mut object = serde_json::Map::new();
        for key in value.try_iter()? {
            let member = value.get_item(&key)?;
            let key = key_text(&key)?;
            self.pay(key.len())?;
            object.insert(key, self.convert(&member, depth)?);
        }
        Ok(serde_json::Value::Object(object))
    }

    fn pay(&mut self, bytes: usize) -> Result<(), Error> {
        let left = self.left.checked_sub(bytes);
        self.left = left.ok_or_else(|| too_large(self.most))?;
        Ok(())
    }
}

pub(super) fn refused(detail: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, detail.into())
}

fn too_deep() -> Error {
    refused("the value is nested too deeply")
}

fn too_large(most: usize) -> Error {
    refused(format!("the value has more than {most} bytes"))
}

fn not_json(kind: ValueKind) -> Error {
    refused(format!("{kind} is not JSON"))
}

/// JSON has no NaN and no infinity, which `serde_json` turns into `null`: that would change a value silently.
fn scalar(value: &Value) -> Result<serde_json::Value, Error> {
    let json = serde_json::to_value(value).map_err(|error| refused(error.to_string()))?;
    if json.is_null() && value.kind() == ValueKind::Number {
        return Err(refused("the number has no JSON form"));
    }
    Ok(json)
}

/// The key of a member. Containers cannot be keys. Names of members are strings in JSON (RFC 8259, section 4), so a
/// number becomes its text.
fn key_text(key: &Value) -> Result<String, Error> {
    match key.kind() {
        ValueKind::String | ValueKind::Number | ValueKind::Bool | ValueKind::None => {
            text_of(key, MAX_OUTPUT_BYTES)
        }
        kind => Err(refused(format!("{kind} cannot be the name of a member"))),
    }
}

/// Refuses an undefined value while the engine still knows its name.
///
/// The engine knows the name of an undefined value only while it evaluates it; later the error could only say that
/// something is missing. `StringInput::new` fails with that name.
pub(super) fn defined_in(state: &State, value: &Value) -> Result<(), Error> {
    if value.is_undefined() {
        StringInput::new(state, value)?;
    }
    Ok(())
}

/// The value of a condition. Text is refused, since `"no"` and `"false"` would be true.
pub(in crate::template) fn condition_value(value: Value) -> Result<Value, Error> {
    if value.kind() != ValueKind::String {
        return Ok(value);
    }
    Err(refused(
        "a condition cannot be text, which is true whatever it says: compare it, as in `value == 'yes'`",
    ))
}

/// A value as text: text unchanged, anything else as compact JSON.
pub(super) fn text_of(value: &Value, most: usize) -> Result<String, Error> {
    match value.as_str() {
        Some(text) => Ok(text.to_owned()),
        None => json_text(value, Style::Compact, most.min(MAX_OUTPUT_BYTES)),
    }
}

#[derive(Clone, Copy)]
pub(super) enum Style {
    Compact,
    /// Indented by two spaces per level.
    Pretty,
}

/// The JSON text of a value, at most `most` bytes long.
pub(super) fn json_text(value: &Value, style: Style, most: usize) -> Result<String, Error> {
    let mut out = Bounded {
        bytes: Vec::new(),
        most,
    };
    let problem = Cell::new(None);
    let json = Json {
        value,
        depth: MAX_DEPTH,
        problem: &problem,
    };
    let written = match style {
        Style::Compact => json.serialize(&mut serde_json::Serializer::new(&mut out)),
        Style::Pretty => json.serialize(&mut serde_json::Serializer::pretty(&mut out)),
    };
    if let Some(problem) = problem.take() {
        return Err(problem);
    }
    written.map_err(|_| too_large(most))?;
    String::from_utf8(out.bytes).map_err(|error| refused(error.to_string()))
}

/// A writer that fails when the text would be too long. It never allocates more than the limit.
struct Bounded {
    bytes: Vec<u8>,
    most: usize,
}

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.len() > self.most - self.bytes.len() {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Serializes a value directly, without an intermediate JSON value.
///
/// Its size is limited by the writer, and its depth here, since `serde` recurses.
struct Json<'a> {
    value: &'a Value,
    depth: usize,
    /// Why the value cannot be serialized, unless it is too long. `serde` errors would lose the kind of the error.
    problem: &'a Cell<Option<Error>>,
}

impl Json<'_> {
    fn stop<E: serde::ser::Error>(&self, error: Error) -> E {
        self.problem.set(Some(error));
        E::custom("not JSON")
    }

    fn inner<'a>(&'a self, value: &'a Value, depth: usize) -> Json<'a> {
        Json {
            value,
            depth,
            problem: self.problem,
        }
    }
}

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(depth) = self.depth.checked_sub(1) else {
            return Err(self.stop(too_deep()));
        };
        let items = || self.value.try_iter().map_err(|error| self.stop(error));
        match self.value.kind() {
            ValueKind::Undefined => Err(self.stop(ErrorKind::UndefinedError.into())),
            ValueKind::Map => {
                let mut map = serializer.serialize_map(None)?;
                for key in items()? {
                    let member = self.value.get_item(&key);
                    let member = member.map_err(|error| self.stop(error))?;
                    let key = key_text(&key).map_err(|error| self.stop(error))?;
                    map.serialize_entry(&key, &self.inner(&member, depth))?;
                }
                map.end()
            }
            ValueKind::Seq | ValueKind::Iterable => {
                let mut list = serializer.serialize_seq(None)?;
                for item in items()? {
                    list.serialize_element(&self.inner(&item, depth))?;
                }
                list.end()
            }
            // Integers directly: they are the usual case, and need no intermediate value.
            ValueKind::Number => match self.value.as_i64().filter(|_| self.value.is_integer()) {
                Some(number) => serializer.serialize_i64(number),
                None => match scalar(self.value) {
                    Ok(number) => number.serialize(serializer),
                    Err(error) => Err(self.stop(error)),
                },
            },
            ValueKind::None | ValueKind::Bool | ValueKind::String => {
                self.value.serialize(serializer)
            }
            kind => Err(self.stop(not_json(kind))),
        }
    }
}

/// How `{{ value }}` writes a value.
pub(super) fn format(
    out: &mut minijinja::Output,
    state: &mut State,
    value: &Value,
) -> Result<(), Error> {
    defined_in(state, value)?;
    let written = match value.as_str() {
        // Without a copy, and without quotes.
        Some(text) => out.write_str(text),
        None => out.write_str(&json_text(value, Style::Compact, MAX_OUTPUT_BYTES)?),
    };
    written.map_err(Error::from)
}
