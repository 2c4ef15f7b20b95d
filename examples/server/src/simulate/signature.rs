//! Thought signatures. They are computed from the call, so the simulation keeps nothing between requests and still notices
//! when a signature was moved to another call.

use serde_json::Value;

use super::measure::hash;

/// What the API accepts as the signature of a call that no model made, as base64 and as text.
const ACCEPTED: [&str; 2] = [
    "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I=",
    "skip_thought_signature_validator",
];

/// The signature of a call.
pub(super) fn of(name: &str, args: &Value) -> String {
    // 16 hexadecimal digits are base64, too.
    format!("{:016x}", hash(format!("{name} {args}").as_bytes()))
}

/// Whether a signature belongs to a call.
pub(super) fn fits(signature: &str, name: &str, args: &Value) -> bool {
    ACCEPTED.contains(&signature) || signature == of(name, args)
}
