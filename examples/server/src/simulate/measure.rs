//! Numbers that depend on bytes only.

/// The number of tokens of a text: about one for four bytes, as the API's documentation estimates.
pub(super) fn tokens(text: &str) -> usize {
    text.len().div_ceil(4)
}

/// The FNV-1a hash: unlike the standard library's, it is the same in all versions.
pub(super) fn hash(body: &[u8]) -> u64 {
    body.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
