//! The content hash of a specification. Values that differ only in the order of their keys have the same hash.

use std::fmt::Write as _;

use serde_json::Value;
use sha2::{Digest, Sha256};

/// SHA-256 of the JSON text with sorted keys, in hexadecimal. Stored runs and workflows contain it, so the algorithm
/// must not change.
///
/// Numbers are hashed as `serde_json` writes them: `1` and `1.0` are different specifications.
pub(crate) fn content_hash(value: &Value) -> String {
    let mut sorted = value.clone();
    sorted.sort_all_objects();
    let digest = Sha256::digest(sorted.to_string());
    digest
        .iter()
        .fold(String::with_capacity(64), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}
