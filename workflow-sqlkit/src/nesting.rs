//! How deep JSON is, found without recursion and before it is parsed.

/// How deep what is stored may be. A specification and an input have at most 128 levels, an output fewer;
/// records and events wrap them in a few more. Parsing this much fits into the stack of any thread.
pub(crate) const MOST: usize = 160;

/// Whether arrays and objects are nested deeper than that. Exact for JSON, never too low for anything else.
pub(crate) fn is_too_deep(text: &[u8]) -> bool {
    let opening = text.iter().filter(|byte| matches!(byte, b'[' | b'{'));
    // With so few there is nothing to follow: most texts end here.
    opening.count() > MOST && depth(text) > MOST
}

fn depth(text: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            b'"' => skip_string(&mut bytes),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// Brackets within a string are text.
fn skip_string(bytes: &mut std::slice::Iter<'_, u8>) {
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => return,
            b'\\' => _ = bytes.next(),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_count_outside_strings_only() {
        for (text, expected) in [
            ("", 0),
            ("7", 0),
            ("[]", 1),
            ("[[],[[]]]", 3),
            (r#"{"a":[{"b":"]}["}]}"#, 3),
            (r#"["\"[[[", [1]]"#, 2),
            (r#"["\\", [[1]]]"#, 3),
        ] {
            assert_eq!(depth(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn what_is_too_deep_is_found() {
        let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
        assert!(!is_too_deep(nested(MOST).as_bytes()));
        assert!(is_too_deep(nested(MOST + 1).as_bytes()));
        assert!(is_too_deep("{\"a\":".repeat(1_000_000).as_bytes()));
        assert!(!is_too_deep("[],".repeat(1_000).as_bytes()));
    }
}
