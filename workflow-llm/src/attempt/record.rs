//! What the log keeps of an attempt: the request as sent, and the raw parts of the answer.
//!
//! Both are in the log only and not shown in events. The request is recorded before it is sent, so the log has the prompt of an
//! attempt that crashes or fails.

use serde_json::{Map, Value, json};
use workflow_core::value::json_bytes;

/// The most bytes of a record. The engine's log accepts 256 KiB. A larger record would be dropped as a whole, so
/// the margin is for the members around it.
const MAX_BYTES: usize = 240 * 1024;
/// The longest text in a request that is too large. The first of these limits that makes it fit is
/// used, so that long prompts lose as little as possible.
const TEXT_BYTES: [usize; 4] = [64 * 1024, 16 * 1024, 1024, 128];

/// The request as people and tests see it: `{"model", "fallback", "body"}`. The body, whose inline data is shortened before, is shortened to
/// [`MAX_BYTES`]. Never has the credential, which is not in the body.
pub(super) fn sent<'a>(models: impl IntoIterator<Item = &'a str>, body: Value) -> Value {
    let mut models = models.into_iter().map(str::to_owned);
    let mut record = Map::new();
    record.insert("model".into(), models.next().into());
    let fallback: Vec<String> = models.collect();
    if !fallback.is_empty() {
        record.insert("fallback".into(), fallback.into());
    }
    record.insert("body".into(), bounded(body));
    Value::Object(record)
}

/// The debug record of an answer: the model that was asked, and the parts, unchanged. Parts that are too large are omitted as a whole,
/// because a fragment cannot be sent back to the API.
pub(super) fn answer(model: &str, parts: &[Value], response_id: Option<&str>) -> Value {
    let mut record = Map::new();
    record.insert("model".into(), model.into());
    if let Some(id) = response_id {
        record.insert("response_id".into(), id.into());
    }
    match json_bytes(parts) {
        _ if parts.is_empty() => {}
        bytes if bytes > MAX_BYTES => {
            record.insert("parts_omitted".into(), json!({ "bytes": bytes }));
        }
        _ => {
            record.insert("parts".into(), parts.into());
        }
    }
    Value::Object(record)
}

/// The request, shortened to [`MAX_BYTES`].
fn bounded(mut request: Value) -> Value {
    for longest in TEXT_BYTES {
        if json_bytes(&request) <= MAX_BYTES {
            return request;
        }
        shorten(&mut request, longest);
    }
    match json_bytes(&request) {
        bytes if bytes <= MAX_BYTES => request,
        // Many short strings or members: there is nothing left to shorten.
        bytes => json!({"omitted": {"bytes": bytes}}),
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
pub(super) fn shortened(text: &str, longest: usize) -> String {
    let ends = text.char_indices().map(|(end, _)| end);
    let end = ends.take_while(|end| *end <= longest).last();
    let begin = &text[..end.unwrap_or(0)];
    format!("{begin}… ({} bytes)", text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_has_the_parts_as_received() {
        let parts = [json!({"text": "A", "signature": "c2ln"})];
        let expected = json!({"model": "m1", "response_id": "id", "parts": parts});
        assert_eq!(answer("m1", &parts, Some("id")), expected);
    }

    #[test]
    fn long_texts_are_shortened_and_their_size_is_shown() {
        let record = |body| {
            let record = sent(["m1"], body);
            assert!(json_bytes(&record) < 250 * 1024, "{}", json_bytes(&record));
            record["body"].clone()
        };
        let long = record(json!({"prompt": "ä".repeat(500_000), "system": "Be short."}));
        let text = long["prompt"].as_str().unwrap_or_default();
        assert!(text.starts_with("ää") && text.ends_with("ä… (1000000 bytes)"));
        assert_eq!(long["system"], "Be short.");
        let words: Value = (0..40_000).map(|n| n.to_string()).collect();
        assert!(record(json!({ "enum": words }))["omitted"].is_object());
    }

    #[test]
    fn parts_are_recorded_whole_or_not_at_all() {
        let parts = [json!({"text": "x".repeat(300_000), "thoughtSignature": "c2ln"})];
        let record = answer("m1", &parts, None);
        assert_eq!(record.get("parts"), None);
        assert!(record["parts_omitted"]["bytes"].as_u64() > Some(300_000));
    }
}
