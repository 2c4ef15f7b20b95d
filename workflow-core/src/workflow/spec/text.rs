//! Names and descriptions: what lists and pages show of a workflow and its nodes.
//!
//! The patterns are part of the schema, for editors. The faults are worded here, since a message with such a
//! pattern would not help an author.

use serde_json::Value;

use crate::error::{Fault, FaultCode, Pointer};

/// The most characters of a name.
pub(super) const MAX_NAME: usize = 200;

/// The most characters of a description.
pub(super) const MAX_DESCRIPTION: usize = 2_000;

/// A name is on one line: no control characters, and not only spaces.
pub(super) const NAME_PATTERN: &str = r"^[^\u0000-\u001f\u007f-\u009f]*[^\s\u0000-\u001f\u007f-\u009f][^\u0000-\u001f\u007f-\u009f]*$";

/// A description may have several lines: no control characters besides tabs and line ends.
pub(super) const DESCRIPTION_PATTERN: &str =
    r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$";

/// What is wrong with a text that does not fit a schema with one of the patterns here. `None` for another schema.
pub(super) fn faults(schema: &Value, field: &str, at: &Pointer, text: &str) -> Option<Vec<Fault>> {
    let length = text.chars().count();
    let (too_long_or_empty, allowed): (_, fn(char) -> bool) = match schema["pattern"].as_str()? {
        NAME_PATTERN => (wrong_name(field, text, length), |_| false),
        DESCRIPTION_PATTERN => {
            let detail = format!("`{field}` has {length} characters");
            let hint = format!("at most {MAX_DESCRIPTION} are allowed");
            let is_too_long = length > MAX_DESCRIPTION;
            (is_too_long.then_some((detail, hint)), |c| {
                matches!(c, '\n' | '\r' | '\t')
            })
        }
        _ => return None,
    };
    let fault = |detail| Fault::new(FaultCode::InvalidValue, at, detail);
    let mut faults: Vec<Fault> = too_long_or_empty
        .into_iter()
        .map(|(detail, hint)| fault(detail).with_hint(hint))
        .collect();
    // Terminals obey control characters, and pages cannot show them.
    let control = text.chars().find(|c| c.is_control() && !allowed(*c));
    faults.extend(control.map(|c| {
        fault(format!(
            "`{field}` has the control character U+{:04X}",
            u32::from(c)
        ))
    }));
    Some(faults)
}

fn wrong_name(field: &str, name: &str, length: usize) -> Option<(String, String)> {
    let detail = match length {
        0 => format!("`{field}` is empty"),
        _ if length > MAX_NAME => format!("`{field}` has {length} characters"),
        _ if name.trim().is_empty() => format!("`{field}` is blank"),
        _ => return None,
    };
    Some((detail, format!("a name has 1 to {MAX_NAME} characters")))
}
