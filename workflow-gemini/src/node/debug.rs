//! The debug record of an attempt: the request as sent, and the raw parts of the answer.
//!
//! It is written to the log only and not shown in events. It is recorded before the request is sent, so
//! the log has the prompt of an attempt that crashes or fails.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::request::{GenerateRequest, RequestBody};

/// The most bytes of a record. The engine's log accepts 256 KiB. A larger record would be dropped as a whole, so
/// the margin is for the members around request and parts.
const MAX_BYTES: usize = 240 * 1024;
/// The most bytes of the request. The rest is for the answer. Half of the record, so a long prompt cannot displace
/// the answer.
const MAX_REQUEST_BYTES: usize = 120 * 1024;
/// The most bytes of inline data. A record needs to identify it, not to contain it.
const MAX_DATA_BYTES: usize = 64;
/// The longest text in a request that is too large. The first of these limits that makes it fit is
/// used, so that long prompts lose as little as possible.
const TEXT_BYTES: [usize; 4] = [32 * 1024, 8 * 1024, 1024, 128];

/// A record of one request, before its answer is known.
pub(super) struct DebugRecord {
    model: String,
    /// The body of the request, shortened.
    request: Value,
    /// The bytes that are left for the parts of the answer.
    bytes_left: usize,
}

impl DebugRecord {
    /// A record of a request to a model, which is not part of the body. Never has the credential, which is only in
    /// a header.
    pub(super) fn of(model: &str, request: &GenerateRequest) -> Self {
        let body = serde_json::to_value(RequestBody::new(request, None));
        let (request, bytes) = bounded(body.unwrap_or_default());
        Self {
            model: model.to_owned(),
            bytes_left: MAX_BYTES.saturating_sub(bytes),
            request,
        }
    }

    /// The record with the parts of the answer, unchanged. Parts that are too large are omitted as a
    /// whole, because a fragment cannot be sent back to the API.
    pub(super) fn with_answer(&self, parts: &[Value], response_id: Option<&str>) -> Value {
        let mut record = Map::new();
        record.insert("model".into(), self.model.clone().into());
        record.insert("request".into(), self.request.clone());
        if let Some(id) = response_id {
            record.insert("response_id".into(), id.into());
        }
        match size(parts) {
            _ if parts.is_empty() => {}
            bytes if bytes > self.bytes_left => {
                record.insert("parts_omitted".into(), json!({ "bytes": bytes }));
            }
            _ => {
                record.insert("parts".into(), parts.into());
            }
        }
        Value::Object(record)
    }
}

/// The request, shortened to [`MAX_REQUEST_BYTES`], and its size.
fn bounded(mut request: Value) -> (Value, usize) {
    shorten_data(&mut request);
    let mut bytes = size(&request);
    for longest in TEXT_BYTES {
        if bytes <= MAX_REQUEST_BYTES {
            return (request, bytes);
        }
        shorten(&mut request, longest);
        bytes = size(&request);
    }
    // Many short strings or members: there is nothing left to shorten.
    if bytes > MAX_REQUEST_BYTES {
        request = json!({"omitted": {"bytes": bytes}});
        bytes = size(&request);
    }
    (request, bytes)
}

/// The size of a value as compact JSON, in bytes.
fn size(value: &(impl Serialize + ?Sized)) -> usize {
    serde_json::to_vec(value).map_or(0, |json| json.len())
}

/// Shortens inline data: it is not readable, and would fill the log.
fn shorten_data(request: &mut Value) {
    let contents = request["contents"].as_array_mut().into_iter().flatten();
    let parts = contents.filter_map(|content| content["parts"].as_array_mut());
    for part in parts.flatten() {
        if let Some(data) = part.pointer_mut("/inlineData/data") {
            shorten(data, MAX_DATA_BYTES);
        }
    }
}

/// Shortens every string, and appends its original size. Also strings of schemas and tools, since they can be as
/// long as the prompt. Numbers and names of members are left, so the last resort is to omit the request.
fn shorten(value: &mut Value, longest: usize) {
    match value {
        Value::String(text) if text.len() > longest => *text = shortened(text, longest),
        Value::Array(items) => items.iter_mut().for_each(|item| shorten(item, longest)),
        Value::Object(members) => members.values_mut().for_each(|it| shorten(it, longest)),
        _ => {}
    }
}

/// The first bytes of a text up to a character boundary, and its size.
fn shortened(text: &str, longest: usize) -> String {
    let ends = text.char_indices().map(|(end, _)| end);
    let end = ends.take_while(|end| *end <= longest).last();
    let begin = &text[..end.unwrap_or(0)];
    format!("{begin}… ({} bytes)", text.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::Part;

    fn record(request: &GenerateRequest, parts: &[Value]) -> Value {
        let record = DebugRecord::of("gemini-x", request).with_answer(parts, Some("id"));
        assert!(size(&record) < 250 * 1024, "{}", size(&record));
        record
    }

    #[test]
    fn a_record_has_the_prompt_as_sent_and_the_parts_as_received() {
        let parts = [json!({"text": "A", "thoughtSignature": "c2ln"})];
        let expected = json!({
            "model": "gemini-x",
            "request": {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]},
            "response_id": "id",
            "parts": parts,
        });
        assert_eq!(record(&GenerateRequest::new("Hi"), &parts), expected);
    }

    #[test]
    fn long_texts_are_shortened_and_their_size_is_shown() {
        let image = GenerateRequest::new("Hi").with_part(Part::inline("image/png", [0; 9_000]));
        let data = record(&image, &[])["request"]["contents"][0]["parts"][0].to_string();
        assert!(data.contains("… (12000 bytes)"), "{data}");
        let long = GenerateRequest::new("ä".repeat(500_000)).with_system("Be short.");
        let long = record(&long, &[])["request"].clone();
        let text = long["contents"][0]["parts"][0]["text"].as_str().unwrap();
        assert!(text.starts_with("ää") && text.ends_with("ä… (1000000 bytes)"));
        assert_eq!(long["systemInstruction"]["parts"][0]["text"], "Be short.");
        let schema: Value = (0..20_000).map(|n| n.to_string()).collect();
        let wide = GenerateRequest::new("Hi").with_schema(json!({ "enum": schema }));
        assert!(record(&wide, &[])["request"]["omitted"].is_object());
    }

    #[test]
    fn parts_are_recorded_whole_or_not_at_all() {
        let parts = [json!({"text": "x".repeat(300_000), "thoughtSignature": "c2ln"})];
        let record = record(&GenerateRequest::new("Hi"), &parts);
        assert_eq!(record.get("parts"), None);
        assert!(record["parts_omitted"]["bytes"].as_u64() > Some(300_000));
    }
}
