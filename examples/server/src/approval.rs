//! The line with which a person decides on a call of a tool.

use serde_json::{Value, json};

/// Why a line decides nothing.
pub(crate) const FORMS: &str =
    "write `yes`, `no`, `no` and a reason, or other arguments as a JSON object";

/// The answer in the form of the API: `yes`, `no`, `no, it was sent`, `{"number": "A-17"}`, or the form of the API itself.
/// `None` for any other line: nothing is approved by accident.
pub(crate) fn decision(line: &str) -> Option<Value> {
    let line = line.trim();
    if line.starts_with('{') {
        let object = serde_json::from_str::<Value>(line).ok()?;
        return Some(match object.get("action") {
            Some(_) => object,
            None => json!({"action": "approve", "args": object}),
        });
    }
    let end = line.find(|c: char| !c.is_alphanumeric());
    let (word, reason) = line.split_at(end.unwrap_or(line.len()));
    let reason = reason.trim_matches(|c: char| c.is_whitespace() || ",:-".contains(c));
    match word.to_lowercase().as_str() {
        "y" | "yes" | "approve" if reason.is_empty() => Some(json!({"action": "approve"})),
        "n" | "no" | "refuse" if reason.is_empty() => Some(json!({"action": "refuse"})),
        "n" | "no" | "refuse" => Some(json!({"action": "refuse", "reason": reason})),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_approves_refuses_or_decides_nothing() {
        let refuse = |reason: &str| json!({"action": "refuse", "reason": reason});
        for (line, expected) in [
            ("yes", json!({"action": "approve"})),
            (" Y ", json!({"action": "approve"})),
            ("no", json!({"action": "refuse"})),
            ("No, it was sent.", refuse("it was sent.")),
            ("n: twice", refuse("twice")),
            ("refuse not today", refuse("not today")),
            ("{\"n\": 5}", json!({"action": "approve", "args": {"n": 5}})),
            ("{}", json!({"action": "approve", "args": {}})),
            ("{\"action\": \"refuse\"}", json!({"action": "refuse"})),
        ] {
            assert_eq!(decision(line), Some(expected), "{line}");
        }
        for line in [
            "",
            "yes, but not now",
            "yesterday",
            "maybe",
            "{\"n\": ",
            "[1]",
            "5",
        ] {
            assert_eq!(decision(line), None, "{line}");
        }
    }
}
