//! The raw parts of an answer.
//!
//! A later turn has to send them back unchanged: the API refuses a conversation whose thought signatures
//! are missing (`MISSING_THOUGHT_SIGNATURE`).

use serde_json::Value;

/// The text of a part, and whether it is a thought. `None` if the part has no text.
///
/// An empty text counts as none: the API sends it to carry a thought signature, or with the finish reason.
pub(crate) fn text_of(part: &Value) -> Option<(&str, bool)> {
    let text = part.get("text")?.as_str().filter(|text| !text.is_empty())?;
    let is_thought = part.get("thought").and_then(Value::as_bool);
    Some((text, is_thought.unwrap_or_default()))
}

/// Appends a part. Plain pieces of one text are joined, because a stream cuts text anywhere. A part with a
/// signature, or with an unknown member, is kept as it is. Joining keeps the number of parts small; a stream of
/// 10,000 events would otherwise be 10,000 parts in the log.
pub(crate) fn add(parts: &mut Vec<Value>, part: Value) {
    let Some(thought) = is_plain(&part) else {
        return parts.push(part);
    };
    let more = part["text"].as_str().unwrap_or_default();
    if more.is_empty() {
        return;
    }
    let last = parts
        .last_mut()
        .filter(|last| is_plain(last) == Some(thought));
    match last.map(|last| &mut last["text"]) {
        Some(Value::String(text)) => text.push_str(more),
        _ => parts.push(part),
    }
}

/// Whether a part is text and nothing else. If so, the value is whether it is a thought.
fn is_plain(part: &Value) -> Option<bool> {
    let members = part.as_object()?;
    members.get("text")?.as_str()?;
    let thought = members.get("thought");
    // Any other member, such as `thoughtSignature`, belongs to exactly this piece of text.
    let known = 1 + usize::from(thought.is_some());
    let thought = thought.map_or(Some(false), Value::as_bool)?;
    (members.len() == known).then_some(thought)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_plain_pieces_of_one_text_are_joined() {
        let came = [
            json!({"text": "hm", "thought": true}),
            json!({"text": ".", "thought": true}),
            json!({"text": "A"}),
            json!({"text": ""}),
            json!({"text": "B"}),
            json!({"text": "", "thoughtSignature": "c2ln"}),
            json!({"text": "C", "thoughtSignature": "c2lnMg=="}),
            json!({"text": "D"}),
            json!({"functionCall": {"name": "f", "args": {}}, "thoughtSignature": "cw=="}),
            json!({"brandNew": {"text": "E"}}),
            json!("odd"),
        ];
        let mut parts = Vec::new();
        came.iter().cloned().for_each(|part| add(&mut parts, part));
        let expected = [
            json!({"text": "hm.", "thought": true}),
            json!({"text": "AB"}),
            json!({"text": "", "thoughtSignature": "c2ln"}),
            json!({"text": "C", "thoughtSignature": "c2lnMg=="}),
            json!({"text": "D"}),
            json!({"functionCall": {"name": "f", "args": {}}, "thoughtSignature": "cw=="}),
            json!({"brandNew": {"text": "E"}}),
            json!("odd"),
        ];
        assert_eq!(parts, expected);
    }
}
