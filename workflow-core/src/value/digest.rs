//! What is shown of a value that is in the log only.

use std::{fmt::Write as _, io};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The SHA-256 of the JSON text of a value, in hexadecimal, and its length: `{"sha256": …, "bytes": …}`. The text is not built.
pub(crate) fn digest(value: &Value) -> Value {
    let mut feed = Feed {
        hash: Sha256::new(),
        bytes: 0,
    };
    // A value is always JSON, and a hash takes all of it.
    _ = serde_json::to_writer(&mut feed, value);
    let mut hex = String::with_capacity(64);
    for byte in feed.hash.finalize() {
        _ = write!(hex, "{byte:02x}");
    }
    json!({"sha256": hex, "bytes": feed.bytes})
}

struct Feed {
    hash: Sha256,
    bytes: u64,
}

impl io::Write for Feed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
