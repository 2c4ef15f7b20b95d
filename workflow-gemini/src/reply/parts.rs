//! The raw parts of an answer.
//!
//! A later turn has to send them back unchanged: the API refuses a conversation whose thought signatures
//! are missing (`MISSING_THOUGHT_SIGNATURE`).

use std::{fmt, mem};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor, value::SeqAccessDeserializer},
};
use serde_json::{Map, Value, json};

/// A part of a candidate. Most are one word of text and nothing else, and are read without a map.
#[derive(Debug, PartialEq)]
pub(crate) enum Part {
    /// `{"text": "…"}`.
    Text(String),
    /// Any other value.
    Other(Value),
}

/// The text of a part, and whether it is a thought. `None` if the part has no text.
///
/// An empty text counts as none: the API sends it to carry a thought signature, or with the finish reason.
pub(crate) fn text_of(part: &Value) -> Option<(&str, bool)> {
    let text = part.get("text")?.as_str().filter(|text| !text.is_empty())?;
    let is_thought = part.get("thought").and_then(Value::as_bool);
    Some((text, is_thought.unwrap_or_default()))
}

/// The parts of an answer. Plain pieces of one text are joined, because a stream cuts text anywhere. A part with a signature, or with an
/// unknown member, is kept as it is. Joining keeps the number of parts small; a stream of 10,000 events would otherwise be 10,000 parts
/// in the log.
#[derive(Debug, Default)]
pub(crate) struct Parts(Vec<Kept>);

#[derive(Debug)]
enum Kept {
    /// Text and nothing else. It grows while pieces of its kind follow.
    Text {
        text: String,
        is_thought: bool,
    },
    Other(Value),
}

impl Parts {
    /// Appends a part.
    pub(crate) fn add(&mut self, mut part: Value) {
        match take_plain(&mut part) {
            Some((text, is_thought)) => self.add_text(&text, is_thought),
            None => self.0.push(Kept::Other(part)),
        }
    }

    /// Appends a part that is text only.
    pub(crate) fn add_text(&mut self, more: &str, is_thought: bool) {
        if more.is_empty() {
            return;
        }
        match self.0.last_mut() {
            Some(Kept::Text {
                text,
                is_thought: of_thought,
            }) if *of_thought == is_thought => text.push_str(more),
            _ => self.0.push(Kept::Text {
                text: more.to_owned(),
                is_thought,
            }),
        }
    }

    /// The parts as the API has them.
    pub(crate) fn into_values(self) -> Vec<Value> {
        let values = self.0.into_iter().map(|kept| match kept {
            Kept::Text { text, is_thought } if is_thought => json!({"text": text, "thought": true}),
            Kept::Text { text, .. } => json!({ "text": text }),
            Kept::Other(part) => part,
        });
        values.collect()
    }
}

/// The text of a part that is text and nothing else, and whether it is a thought. It is taken out of the part.
fn take_plain(part: &mut Value) -> Option<(String, bool)> {
    let members = part.as_object_mut()?;
    let thought = members.get("thought");
    // Any other member, such as `thoughtSignature`, belongs to exactly this piece of text.
    let known = 1 + usize::from(thought.is_some());
    let is_thought = thought.map_or(Some(false), Value::as_bool)?;
    if members.len() != known {
        return None;
    }
    match members.get_mut("text")? {
        Value::String(text) => Some((mem::take(text), is_thought)),
        _ => None,
    }
}

impl<'de> Deserialize<'de> for Part {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PartVisitor)
    }
}

struct PartVisitor;

impl<'de> Visitor<'de> for PartVisitor {
    type Value = Part;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Part, A::Error> {
        let mut map = Map::new();
        if let Some((name, value)) = members.next_entry::<String, Value>()? {
            let second = members.next_entry()?;
            let value = match (value, &second) {
                (Value::String(text), None) if name == "text" => return Ok(Part::Text(text)),
                (value, _) => value,
            };
            map.insert(name, value);
            let mut next = second;
            while let Some((name, value)) = next {
                map.insert(name, value);
                next = members.next_entry()?;
            }
        }
        Ok(Part::Other(map.into()))
    }

    // No part of the API is anything but an object.
    fn visit_str<E>(self, text: &str) -> Result<Part, E> {
        Ok(Part::Other(text.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Part, E> {
        Ok(Part::Other(number.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Part, E> {
        Ok(Part::Other(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Part, E> {
        Ok(Part::Other(number.into()))
    }

    fn visit_bool<E>(self, is_true: bool) -> Result<Part, E> {
        Ok(Part::Other(is_true.into()))
    }

    fn visit_unit<E>(self) -> Result<Part, E> {
        Ok(Part::Other(Value::Null))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Part, A::Error> {
        Value::deserialize(SeqAccessDeserializer::new(items)).map(Part::Other)
    }
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
            json!([1, {"text": "F"}]),
            json!({}),
            json!(null),
        ];
        let mut parts = Parts::default();
        for part in came {
            // As a stream has it.
            match serde_json::from_str(&part.to_string()).unwrap() {
                Part::Text(text) => parts.add_text(&text, false),
                Part::Other(part) => parts.add(part),
            }
        }
        let expected = [
            json!({"text": "hm.", "thought": true}),
            json!({"text": "AB"}),
            json!({"text": "", "thoughtSignature": "c2ln"}),
            json!({"text": "C", "thoughtSignature": "c2lnMg=="}),
            json!({"text": "D"}),
            json!({"functionCall": {"name": "f", "args": {}}, "thoughtSignature": "cw=="}),
            json!({"brandNew": {"text": "E"}}),
            json!("odd"),
            json!([1, {"text": "F"}]),
            json!({}),
            json!(null),
        ];
        assert_eq!(parts.into_values(), expected);
    }
}
