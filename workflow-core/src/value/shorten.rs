//! Shortens values that people are shown.

use serde_json::{Value, json};

use super::size;

/// The most bytes of a shortened value, as JSON: 64 KiB.
pub(crate) const MAX_SHOWN_BYTES: usize = 64 * 1024;

/// A request of at most [`MAX_SHOWN_BYTES`], small enough to be shown: long texts in it are shortened, the longest first.
pub(crate) fn shortened(request: Value) -> Value {
    let mut request = request;
    let mut most = 4096;
    while size::bytes(&request) > MAX_SHOWN_BYTES {
        if most < 16 {
            return json!({"omitted": "the request is too large to be shown"});
        }
        shorten_texts(&mut request, most);
        most /= 4;
    }
    request
}

/// The beginning of a text, at most so many bytes, up to the end of a character.
pub(crate) fn beginning_of(text: &str, max_bytes: usize) -> &str {
    let mut end = text.len().min(max_bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn shorten_texts(value: &mut Value, most: usize) {
    match value {
        Value::String(text) if text.len() > most => {
            let bytes = text.len();
            *text = format!("{}… ({bytes} bytes)", beginning_of(text, most));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| shorten_texts(item, most)),
        Value::Object(members) => members
            .values_mut()
            .for_each(|member| shorten_texts(member, most)),
        _ => {}
    }
}
