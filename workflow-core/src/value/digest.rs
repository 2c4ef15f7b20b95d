//! What is shown of a value that is in the log only.

use std::fmt::Write as _;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::key::Feed;

/// The SHA-256 of the JSON text of a value, in hexadecimal, and its length: `{"sha256": …, "bytes": …}`. The text is not built.
pub(crate) fn digest(value: &Value) -> Value {
    let mut hash = Sha256::new();
    let mut feed = Feed::new(&mut hash);
    // A value is always JSON, and a hash takes all of it.
    _ = serde_json::to_writer(&mut feed, value);
    let bytes = feed.bytes;
    let mut hex = String::with_capacity(64);
    for byte in hash.finalize() {
        _ = write!(hex, "{byte:02x}");
    }
    json!({"sha256": hex, "bytes": bytes})
}
