//! What the log keeps of an attempt: the prompt as it was sent, and the answer's raw parts.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{request::GenerateRequest, wire::Question};

/// The most bytes that are kept; the log takes 256 KiB.
const ROOM: usize = 240 * 1024;
/// The most bytes of a request: the rest is for its answer.
const ROOM_OF_REQUEST: usize = 120 * 1024;
/// How much is kept of an image or file.
const ROOM_OF_DATA: usize = 64;
/// How long the texts of a request may be that is too large, tried in turn.
const SHORTER: [usize; 4] = [32 * 1024, 8 * 1024, 1024, 128];

/// A request, as much of it as is kept.
pub(super) struct Kept {
    model: String,
    request: Value,
    room: usize,
}

impl Kept {
    pub(super) fn of(model: &str, request: &GenerateRequest) -> Self {
        let body = serde_json::to_value(Question::new(request, None));
        let (request, bytes) = bounded(body.unwrap_or_default());
        Self {
            model: model.to_owned(),
            room: ROOM.saturating_sub(bytes),
            request,
        }
    }

    /// With the parts of the answer, unchanged: those that are too large are left out whole, since a
    /// part of them is of no use.
    pub(super) fn with_answer(&self, parts: &[Value], response_id: Option<&str>) -> Value {
        let mut kept = Map::new();
        kept.insert("model".into(), self.model.clone().into());
        kept.insert("request".into(), self.request.clone());
        if let Some(id) = response_id {
            kept.insert("response_id".into(), id.into());
        }
        match size(parts) {
            _ if parts.is_empty() => {}
            bytes if bytes > self.room => {
                kept.insert("parts_left_out".into(), json!({ "bytes": bytes }));
            }
            _ => {
                kept.insert("parts".into(), parts.into());
            }
        }
        Value::Object(kept)
    }
}

/// As much of a request as may be kept, and its size.
fn bounded(mut request: Value) -> (Value, usize) {
    shorten_data(&mut request);
    let mut bytes = size(&request);
    for longest in SHORTER {
        if bytes <= ROOM_OF_REQUEST {
            return (request, bytes);
        }
        shorten(&mut request, longest);
        bytes = size(&request);
    }
    if bytes > ROOM_OF_REQUEST {
        request = json!({"left_out": {"bytes": bytes}});
        bytes = size(&request);
    }
    (request, bytes)
}

/// How many bytes something has as JSON.
fn size(value: &(impl Serialize + ?Sized)) -> usize {
    serde_json::to_vec(value).map_or(0, |json| json.len())
}

/// Shortens what is no text: nobody reads it, and the log is not where it belongs.
fn shorten_data(request: &mut Value) {
    let contents = request["contents"].as_array_mut().into_iter().flatten();
    let parts = contents.filter_map(|content| content["parts"].as_array_mut());
    for part in parts.flatten() {
        if let Some(data) = part.pointer_mut("/inlineData/data") {
            shorten(data, ROOM_OF_DATA);
        }
    }
}

/// Shortens every text, and says by how much.
fn shorten(value: &mut Value, longest: usize) {
    match value {
        Value::String(text) if text.len() > longest => *text = shortened(text, longest),
        Value::Array(items) => items.iter_mut().for_each(|item| shorten(item, longest)),
        Value::Object(members) => members.values_mut().for_each(|it| shorten(it, longest)),
        _ => {}
    }
}

fn shortened(text: &str, longest: usize) -> String {
    let ends = text.char_indices().map(|(end, _)| end);
    let end = ends.take_while(|end| *end <= longest).last();
    let begin = &text[..end.unwrap_or(0)];
    format!("{begin}… ({} bytes)", text.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::part::Part;

    fn kept(request: &GenerateRequest, parts: &[Value]) -> Value {
        let kept = Kept::of("gemini-x", request).with_answer(parts, Some("id"));
        assert!(size(&kept) < 250 * 1024, "{}", size(&kept));
        kept
    }

    #[test]
    fn a_prompt_is_kept_as_it_was_sent_and_so_are_the_parts() {
        let parts = [json!({"text": "A", "thoughtSignature": "c2ln"})];
        let expected = json!({
            "model": "gemini-x",
            "request": {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]},
            "response_id": "id",
            "parts": parts,
        });
        assert_eq!(kept(&GenerateRequest::new("Hi"), &parts), expected);
    }

    #[test]
    fn what_is_too_large_is_shortened_and_says_so() {
        let image = GenerateRequest::new("Hi").with_part(Part::inline("image/png", [0; 9_000]));
        let data = kept(&image, &[])["request"]["contents"][0]["parts"][0].to_string();
        assert!(data.contains("… (12000 bytes)"), "{data}");
        let long = GenerateRequest::new("ä".repeat(500_000)).with_system("Be short.");
        let long = kept(&long, &[])["request"].clone();
        let text = long["contents"][0]["parts"][0]["text"].as_str().unwrap();
        assert!(text.starts_with("ää") && text.ends_with("ä… (1000000 bytes)"));
        assert_eq!(long["systemInstruction"]["parts"][0]["text"], "Be short.");
        let schema: Value = (0..20_000).map(|n| n.to_string()).collect();
        let wide = GenerateRequest::new("Hi").with_schema(json!({ "enum": schema }));
        assert!(kept(&wide, &[])["request"]["left_out"].is_object());
    }

    #[test]
    fn parts_are_kept_whole_or_not_at_all() {
        let parts = [json!({"text": "x".repeat(300_000), "thoughtSignature": "c2ln"})];
        let kept = kept(&GenerateRequest::new("Hi"), &parts);
        assert_eq!(kept.get("parts"), None);
        assert!(kept["parts_left_out"]["bytes"].as_u64() > Some(300_000));
    }
}
