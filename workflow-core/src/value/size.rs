//! Limits on the size and depth of JSON values.

use std::io;

use serde::Serialize;
use serde_json::Value;

use crate::error::NodeError;

/// The most bytes of a node's output as JSON: 1 MiB. A larger output fails the step with `output_too_large`.
pub const MAX_OUTPUT_BYTES: usize = 1024 * 1024;

/// The most bytes of a run's result as JSON: 16 MiB. A larger result fails the run.
pub const MAX_RESULT_BYTES: usize = 16 * 1024 * 1024;

/// The deepest nesting of arrays and objects in an output: 100. Values are walked by recursion, and JSON readers
/// refuse more than 128.
pub const MAX_DEPTH: usize = 100;

/// The deepest nesting of a specification or an input. Text cannot be nested deeper anyway; values that were built
/// in memory can.
pub(crate) const MAX_SPEC_DEPTH: usize = 128;

/// Refuses an output that is too large or too deep. Nothing is allocated: the output is written to a counter.
/// Scalars are let through at once, since this runs for each output.
pub(crate) fn check(output: &Value, max_bytes: usize) -> Result<(), NodeError> {
    if matches!(output, Value::Null | Value::Bool(_) | Value::Number(_)) {
        return Ok(());
    }
    // Before the size: serializing recurses.
    if is_deeper_than(MAX_DEPTH, output) {
        return Err(too_deep());
    }
    let mut budget = ByteBudget(max_bytes);
    if serde_json::to_writer(&mut budget, output).is_err() {
        return Err(too_large(max_bytes));
    }
    Ok(())
}

/// The length of something as JSON, in bytes; `None` if it is more than `max_bytes`. It is written to a counter, which stops there.
pub(crate) fn bytes_within(value: &impl Serialize, max_bytes: usize) -> Option<usize> {
    let mut budget = ByteBudget(max_bytes);
    let written = serde_json::to_writer(&mut budget, value);
    written.ok().map(|()| max_bytes - budget.0)
}

/// Whether something has at most so many bytes as JSON.
pub(crate) fn is_within(value: &impl Serialize, max_bytes: usize) -> bool {
    bytes_within(value, max_bytes).is_some()
}

/// The length of a value as compact JSON, in bytes. It is written to a counter, so no text is built.
///
/// A value that cannot be written as JSON counts up to its fault.
pub fn bytes(value: &(impl Serialize + ?Sized)) -> usize {
    let mut budget = ByteBudget(usize::MAX);
    let _ = serde_json::to_writer(&mut budget, value);
    usize::MAX - budget.0
}

/// The error for an output of more than `max_bytes` bytes.
pub(crate) fn too_large(max_bytes: usize) -> NodeError {
    let detail = format!("the output has more than {max_bytes} bytes");
    NodeError::new("output_too_large", detail)
}

/// The error for an output that is nested too deep.
pub(crate) fn too_deep() -> NodeError {
    let detail = format!("the output is nested more than {MAX_DEPTH} deep");
    NodeError::new("output_too_deep", detail)
}

/// Whether a value is nested deeper than `most`. It does not recurse: the value may be deep enough to overflow
/// the stack.
pub(crate) fn is_deeper_than(most: usize, value: &Value) -> bool {
    let mut open = vec![(value, 1)];
    while let Some((value, depth)) = open.pop() {
        let inner = |value| (value, depth + 1);
        match value {
            Value::Array(_) | Value::Object(_) if depth > most => return true,
            Value::Array(items) => open.extend(items.iter().map(inner)),
            Value::Object(members) => open.extend(members.values().map(inner)),
            _ => {}
        }
    }
    false
}

/// The beginning of a value as JSON text, at most so many bytes. The rest is not written.
pub(crate) fn beginning(value: &Value, max_bytes: usize) -> String {
    let mut beginning = Beginning {
        text: Vec::new(),
        max_bytes,
    };
    // An error says that the text is longer.
    _ = serde_json::to_writer(&mut beginning, value);
    let text = beginning.text;
    let valid = match std::str::from_utf8(&text) {
        Ok(text) => text,
        Err(cut) => std::str::from_utf8(&text[..cut.valid_up_to()]).unwrap_or_default(),
    };
    valid.to_owned()
}

/// A writer that takes so many bytes, and then fails.
struct Beginning {
    text: Vec<u8>,
    max_bytes: usize,
}

impl io::Write for Beginning {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let left = self.max_bytes - self.text.len();
        if left == 0 {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let taken = &bytes[..bytes.len().min(left)];
        self.text.extend_from_slice(taken);
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A writer that counts bytes down and fails when none are left.
struct ByteBudget(usize);

impl io::Write for ByteBudget {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self
            .0
            .checked_sub(bytes.len())
            .ok_or(io::ErrorKind::FileTooLarge)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_counted_in_brackets() {
        let nested = |depth| (0..depth).fold(Value::Null, |inner, _| Value::Array(vec![inner]));
        assert!(check(&nested(MAX_DEPTH), 1_000).is_ok());
        let error = check(&nested(MAX_DEPTH + 1), 1_000).unwrap_err();
        assert_eq!(error.code(), "output_too_deep");
    }

    #[test]
    fn bytes_are_those_of_the_json() {
        assert!(check(&"x".repeat(8).into(), 10).is_ok());
        let error = check(&"x".repeat(9).into(), 10).unwrap_err();
        assert_eq!(error.code(), "output_too_large");
    }
}
