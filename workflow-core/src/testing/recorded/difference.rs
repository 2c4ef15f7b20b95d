//! The difference between a recorded and a rendered request, for people.

use serde_json::Value;

use crate::value::{PatchOperation, patch};

/// The most lines of a difference.
const MAX_LINES: usize = 20;
/// The most characters of a value in a line.
const MAX_CHARS: usize = 200;
/// The most bytes of the patch that the lines are made from.
const MAX_BYTES: usize = 1024 * 1024;

/// One line for each place in which a rendered request differs from the recorded one.
pub(super) fn of_requests(recorded: Option<&Value>, rendered: Option<&Value>) -> Vec<String> {
    let (recorded, rendered) = match (recorded, rendered) {
        (Some(recorded), Some(rendered)) => (recorded, rendered),
        (None, _) => return vec!["the recording does not have the request".to_owned()],
        (_, None) => return vec!["the node does not show its request".to_owned()],
    };
    let lines = of_values(recorded, rendered);
    if lines.is_empty() {
        let same =
            "the requests are the same: the model, the address or the version of the node differs";
        return vec![same.to_owned()];
    }
    lines
}

/// One line for each place in which two values differ.
pub(super) fn of_values(before: &Value, after: &Value) -> Vec<String> {
    let Some(patch) = patch(before, after, MAX_BYTES) else {
        return vec!["they differ in too many places to list them".to_owned()];
    };
    let more = patch.len().saturating_sub(MAX_LINES);
    let mut lines: Vec<String> = (patch.iter().take(MAX_LINES))
        .map(|operation| line(before, operation))
        .collect();
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    lines
}

fn line(recorded: &Value, operation: &PatchOperation) -> String {
    let before = |path: &str| recorded.pointer(path).unwrap_or(&Value::Null);
    match operation {
        PatchOperation::Add { path, value } => format!("{path}: added {}", short(value, 0)),
        PatchOperation::Remove { path } => format!("{path}: removed {}", short(before(path), 0)),
        PatchOperation::Replace { path, value } => {
            let before = before(path);
            let same = common_start(before, value);
            let place = if path.is_empty() { "the whole" } else { path };
            format!(
                "{place}: {} became {}",
                short(before, same),
                short(value, same)
            )
        }
    }
}

/// How many characters at the beginning of two texts are the same.
fn common_start(a: &Value, b: &Value) -> usize {
    let (Some(a), Some(b)) = (a.as_str(), b.as_str()) else {
        return 0;
    };
    let same = a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count();
    // Some of it stays, so that the place can be recognised.
    same.saturating_sub(MAX_CHARS / 4)
}

/// A value on one line. Of a text, the first characters can be left out.
fn short(value: &Value, skip: usize) -> String {
    let text = match value.as_str() {
        Some(text) if skip > 0 => {
            let rest: String = text.chars().skip(skip).collect();
            format!("…{}", Value::from(rest))
        }
        _ => value.to_string(),
    };
    match text.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
