//! Repair of surrogate pairs that a stream has cut in two.
//!
//! JSON escapes a character beyond U+FFFF as two UTF-16 units (RFC 8259, section 7). A server that cuts
//! its text by such units can send the first in one event and the second in the next. Neither event is
//! JSON that `serde_json` accepts.
//!
//! Used only for a document that does not parse, so it may copy it. It works on bytes: what it looks for is ASCII.

/// The first half of a pair whose second half is still to come.
///
/// One per response, because the halves of a pair are in different documents.
#[derive(Debug, Default)]
pub struct Surrogates {
    high: Option<u16>,
}

/// One half of a surrogate pair.
#[derive(Clone, Copy)]
enum Half {
    High(u16),
    Low(u16),
}

impl Surrogates {
    /// Returns the document without lone halves, or `None` if it has none.
    ///
    /// A first half at the end of a string is kept for the next document, and put before a second half
    /// at the start of a string there. Any other lone half becomes U+FFFD.
    pub fn repair(&mut self, document: &[u8]) -> Option<Vec<u8>> {
        // A joined pair is six bytes longer than the half that it replaces.
        let mut repaired = Vec::with_capacity(document.len() + 6);
        let mut changed = false;
        let (mut at, mut begins) = (0, false);
        while let Some(&byte) = document.get(at) {
            let first = std::mem::replace(&mut begins, byte == b'"');
            if byte != b'\\' {
                repaired.push(byte);
                at += 1;
                continue;
            }
            // An escape of a unit has six bytes: `\uXXXX`.
            let rest = document.get(at + 6..).unwrap_or_default();
            let next = half(rest);
            match half(document.get(at..).unwrap_or_default()) {
                None => {
                    // An escape has two bytes at least, and an escaped quote begins no string.
                    repaired.extend(document.iter().skip(at).take(2));
                    at += 2;
                    continue;
                }
                Some(Half::High(_)) if matches!(next, Some(Half::Low(_))) => {
                    repaired.extend_from_slice(document.get(at..at + 12).unwrap_or_default());
                    at += 12;
                    continue;
                }
                // The string ends here, so the second half can only be in the next document.
                Some(Half::High(high)) if rest.first() == Some(&b'"') => self.high = Some(high),
                Some(Half::Low(low)) if first && self.high.is_some() => {
                    let high = self.high.take().unwrap_or_default();
                    repaired.extend_from_slice(format!("\\u{high:04x}\\u{low:04x}").as_bytes());
                }
                Some(_) => repaired.extend_from_slice("\u{fffd}".as_bytes()),
            }
            changed = true;
            at += 6;
        }
        changed.then_some(repaired)
    }
}

/// The half of a pair that these bytes begin with, as a `\u` escape.
fn half(bytes: &[u8]) -> Option<Half> {
    let digits = bytes.strip_prefix(b"\\u")?.get(..4)?;
    let digits = std::str::from_utf8(digits).ok()?;
    match u16::from_str_radix(digits, 16).ok()? {
        high @ 0xD800..=0xDBFF => Some(Half::High(high)),
        low @ 0xDC00..=0xDFFF => Some(Half::Low(low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repaired(documents: &[&str]) -> Vec<String> {
        let mut surrogates = Surrogates::default();
        let repair = |document: &&str| {
            let repaired = surrogates.repair(document.as_bytes());
            let bytes = repaired.unwrap_or_else(|| document.as_bytes().to_vec());
            let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
            value["text"].as_str().unwrap().to_owned()
        };
        documents.iter().map(repair).collect()
    }

    #[test]
    fn halves_in_two_documents_are_joined_and_lone_ones_are_replaced() {
        for (documents, expected) in [
            (
                &[r#"{"text":"a\ud83d"}"#, r#"{"text":"\ude00b"}"#][..],
                &["a", "😀b"][..],
            ),
            (&[r#"{"text":"a\uD83D\uDE00b"}"#], &["a😀b"]),
            (
                &[r#"{"text":"\ud83d\ude00\ud83d"}"#, r#"{"text":"\ude00"}"#],
                &["😀", "😀"],
            ),
            (&[r#"{"text":"a\ud83db"}"#], &["a\u{fffd}b"]),
            (&[r#"{"text":"\ude00b"}"#], &["\u{fffd}b"]),
            (
                &[r#"{"text":"a\ud83d"}"#, r#"{"text":"b\ude00"}"#],
                &["a", "b\u{fffd}"],
            ),
            (&[r#"{"text":"\\ud83d \"\\ude00"}"#], &["\\ud83d \"\\ude00"]),
            (&[r#"{"text":"\u00e4\n"}"#], &["ä\n"]),
        ] {
            assert_eq!(repaired(documents), expected, "{documents:?}");
        }
    }

    #[test]
    fn a_document_without_them_is_left_alone() {
        for document in ["", "{}", r#"{"a":"\"#, r#"{"a":"\u12"#, r#"{"text":"\\"}"#] {
            assert_eq!(Surrogates::default().repair(document.as_bytes()), None);
        }
    }
}
