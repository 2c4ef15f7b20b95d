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

fn shorten_texts(value: &mut Value, most: usize) {
    match value {
        Value::String(text) if text.len() > most => {
            let bytes = text.len();
            let mut end = most;
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            text.truncate(end);
            *text = format!("{text}… ({bytes} bytes)");
        }
        Value::Array(items) => items.iter_mut().for_each(|item| shorten_texts(item, most)),
        Value::Object(members) => members
            .values_mut()
            .for_each(|member| shorten_texts(member, most)),
        _ => {}
    }
}
