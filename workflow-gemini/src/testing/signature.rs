//! Thought signatures of the fake. They are computed from the model and the part, so a part that was changed, or a signature that was moved
//! or comes from another model, is found without a list of what was sent.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

use crate::SKIP_SIGNATURE;

/// The member of a part that has the signature.
const MEMBER: &str = "thoughtSignature";

/// An older word for [`SKIP_SIGNATURE`], which the API accepts, too.
const SKIP_OLD: &str = "context_engineering_is_the_way_to_go";

/// Adds the signature of a model to a part.
pub(super) fn sign(model: &str, part: &mut Value) {
    part[MEMBER] = signature(model, part).into();
}

pub(super) fn is_signed(part: &Value) -> bool {
    part.get(MEMBER).is_some()
}

/// Whether a part has no signature, or one that the model accepts for it.
pub(super) fn is_valid(model: &str, part: &Value) -> bool {
    let Some(found) = part.get(MEMBER).and_then(Value::as_str) else {
        return true;
    };
    let skips = [SKIP_SIGNATURE.to_owned(), STANDARD.encode(SKIP_OLD)];
    found == signature(model, part) || skips.iter().any(|skip| skip == found)
}

fn signature(model: &str, part: &Value) -> String {
    let mut part = part.clone();
    if let Some(members) = part.as_object_mut() {
        members.remove(MEMBER);
    }
    // A hash that is the same in every version of Rust: FNV-1a, 64 bits.
    let signed = format!("{model}\n{part}");
    let hash = (signed.bytes()).fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    STANDARD.encode(format!("fake signature {hash:016x}"))
}
